use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;

use super::{Entry, Feed, Full, Settings};
use crate::sse::log::Next;
use crate::sse::{Counts, Farewell, Reason, Seat};

/// A number, in as many bytes as it is told to have.
struct Number {
    number: u64,
    size: usize,
    encoded: Arc<AtomicUsize>,
}

impl Entry for Number {
    fn size(&self) -> usize {
        self.size
    }

    fn mark(&self) -> u64 {
        self.number
    }

    fn write(&self, into: &mut Vec<u8>) {
        self.encoded.fetch_add(1, Ordering::Relaxed);
        into.extend_from_slice(format!("{:1$}", self.number, self.size).as_bytes());
    }
}

#[derive(Default)]
struct Rig {
    counts: Arc<Counts>,
    encoded: Arc<AtomicUsize>,
}

impl Rig {
    fn feed(&self, bytes: usize) -> Feed<Number> {
        let keep_alive = Duration::from_secs(15);
        Feed::start(Settings { bytes, keep_alive, counts: self.counts.clone() }, 0, Arc::default())
    }

    fn number(&self, number: u64, size: usize) -> Number {
        Number { number, size, encoded: self.encoded.clone() }
    }
}

async fn next(seat: &Seat) -> Next {
    poll_fn(|cx| seat.poll_next(cx)).await.0
}

/// The numbers of the next frame.
async fn numbers(seat: &Seat) -> Vec<u64> {
    match next(seat).await {
        Next::Frame(bytes) => {
            let text = std::str::from_utf8(&bytes).unwrap();
            text.split_whitespace().map(|number| number.parse().unwrap()).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn is_quiet(seat: &Seat) -> bool {
    poll_fn(|cx| seat.poll_next(cx)).now_or_never().is_none()
}

/// Lets the feed's task do what there is to do.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// Goal: each client gets everything from its place on, in order, and it is encoded once.
#[tokio::test]
async fn everybody_gets_everything_from_its_place_on() {
    let rig = Rig::default();
    let feed = rig.feed(1 << 20);
    let early: Vec<_> = (0..200).map(|_| feed.join()).collect();
    for number in 1..=1000 {
        feed.append(rig.number(number, 8)).unwrap();
    }
    settle().await;
    let late = feed.join();
    assert_eq!((early[0].mark(), late.mark()), (0, 1000));
    for number in 1001..=1500 {
        feed.append(rig.number(number, 8)).unwrap();
    }
    for seat in &early {
        let mut all = Vec::new();
        while all.len() < 1500 {
            all.extend(numbers(seat).await);
        }
        assert_eq!(all, (1..=1500).collect::<Vec<_>>());
        assert!(is_quiet(seat));
    }
    assert_eq!(numbers(&late).await, (1001..=1500).collect::<Vec<_>>());
    assert_eq!(rig.encoded.load(Ordering::Relaxed), 1500);
    assert_eq!(feed.clients(), 201);
}

/// Goal: what is sent to one client comes between what it was sent between, and to nobody
/// else.
#[tokio::test]
async fn what_one_client_gets_alone_keeps_its_place() {
    let rig = Rig::default();
    let feed = rig.feed(1 << 20);
    let (one, other) = (feed.join(), feed.join());
    feed.append(rig.number(1, 2)).unwrap();
    feed.send(one.ticket(), Bytes::from_static(b"91 ")).unwrap();
    feed.append(rig.number(2, 2)).unwrap();
    feed.send(one.ticket(), Bytes::from_static(b"92 ")).unwrap();
    feed.end(one.ticket(), Farewell::new(Reason::Revoked));
    feed.append(rig.number(3, 2)).unwrap();
    for expected in [1, 91, 2, 92] {
        assert_eq!(numbers(&one).await, [expected]);
    }
    assert_eq!(next(&one).await, Next::End(Farewell::new(Reason::Revoked)));
    for expected in 1..=3 {
        assert_eq!(numbers(&other).await, [expected]);
    }
    assert!(is_quiet(&other));

    // Whoever sits there next is another client.
    let gone = one.ticket();
    drop(one);
    let heir = feed.join();
    assert_eq!(feed.send(gone, Bytes::from_static(b"99 ")), Err(Full::Closed));
    feed.end(gone, Farewell::new(Reason::Revoked));
    settle().await;
    assert!(is_quiet(&heir));
}

/// Goal: a client alone can have as much waiting for it as a feed holds, and no more.
#[tokio::test]
async fn what_one_client_gets_alone_is_bounded() {
    let rig = Rig::default();
    let feed = rig.feed(1000);
    let seat = feed.join();
    let frame = || Bytes::from(vec![b'0'; 400]);
    feed.send(seat.ticket(), frame()).unwrap();
    feed.send(seat.ticket(), frame()).unwrap();
    assert_eq!(feed.send(seat.ticket(), frame()), Err(Full::Full));
    assert!(matches!(next(&seat).await, Next::Frame(_)));
    feed.send(seat.ticket(), frame()).unwrap();
    // Something too large for anything still goes when nothing else is there.
    let other = feed.join();
    feed.send(other.ticket(), vec![b'0'; 5000].into()).unwrap();
}

/// Goal: a feed that is appended to faster than its task runs stays within its bound, and
/// says what is lost where it was lost.
#[tokio::test]
async fn a_flood_is_refused_or_becomes_a_gap() {
    let rig = Rig::default();
    let feed = rig.feed(1000);
    let seat = feed.join();
    for number in 1..=10 {
        feed.append(rig.number(number, 100)).unwrap();
    }
    assert_eq!(feed.append(rig.number(11, 100)), Err(Full::Full));
    for number in 12..=14 {
        feed.append_or_lose(rig.number(number, 100));
    }
    assert_eq!(numbers(&seat).await, (1..=10).collect::<Vec<_>>());
    feed.append_or_lose(rig.number(15, 100));
    assert_eq!(next(&seat).await, Next::Lag(3));
    assert_eq!(numbers(&seat).await, [15]);
    // An event that is larger than a feed may be comes through, alone.
    feed.append(rig.number(16, 5000)).unwrap();
    assert_eq!(feed.append(rig.number(17, 1)), Err(Full::Full));
    assert_eq!(numbers(&seat).await, [16]);
}

/// Goal: a client that does not keep up loses the oldest, is told how many they were, and
/// holds no memory; the others lose nothing.
#[tokio::test]
async fn a_slow_client_is_told_how_many_it_missed() {
    let rig = Rig::default();
    let feed = rig.feed(10_000);
    let (slow, quick) = (feed.join(), feed.join());
    for number in 1..=100 {
        feed.append(rig.number(number, 1000)).unwrap();
        assert_eq!(numbers(&quick).await, [number]);
    }
    let Next::Lag(missed) = next(&slow).await else { panic!("a gap comes first") };
    assert!((85..100).contains(&missed), "{missed}");
    for number in missed + 1..=100 {
        assert_eq!(numbers(&slow).await, [number]);
    }
    assert!(is_quiet(&slow) && is_quiet(&quick));
}

/// Goal: a comment comes when nothing else does, for all at once, and misses nobody.
#[tokio::test(start_paused = true)]
async fn a_comment_keeps_quiet_streams_alive() {
    let rig = Rig::default();
    let feed = rig.feed(1000);
    let seat = feed.join();
    let start = tokio::time::Instant::now();
    assert_eq!(next(&seat).await, Next::Frame(Bytes::from_static(b":\n\n")));
    assert_eq!(start.elapsed().as_secs(), 15);
    tokio::time::sleep(Duration::from_secs(10)).await;
    feed.append(rig.number(1, 8)).unwrap();
    assert_eq!(numbers(&seat).await, [1]);
    let start = tokio::time::Instant::now();
    assert_eq!(next(&seat).await, Next::Frame(Bytes::from_static(b":\n\n")));
    assert_eq!(start.elapsed().as_secs(), 15);
    // More of them than there is room for are no gap.
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_secs(15)).await;
    }
    feed.append(rig.number(2, 8)).unwrap();
    loop {
        match next(&seat).await {
            Next::Frame(bytes) if bytes == ":\n\n" => {}
            Next::Frame(bytes) => break assert_eq!(bytes, "       2"),
            other => panic!("{other:?}"),
        }
    }
}

/// Goal: what was appended before the end still comes, then everybody is told.
#[tokio::test]
async fn a_closed_feed_gives_what_it_has_and_ends() {
    let rig = Rig::default();
    let feed = rig.feed(1 << 20);
    let seats: Vec<_> = (0..300).map(|_| feed.join()).collect();
    // They wait before it happens.
    let waiting: Vec<_> = seats
        .into_iter()
        .map(|seat| {
            tokio::spawn(async move {
                assert_eq!(numbers(&seat).await, [1]);
                next(&seat).await
            })
        })
        .collect();
    settle().await;
    feed.append(rig.number(1, 8)).unwrap();
    feed.close(Farewell::new(Reason::Shutdown));
    feed.close(Farewell::new(Reason::Closed));
    assert_eq!(feed.append(rig.number(2, 8)), Err(Full::Closed));
    for client in waiting {
        assert_eq!(client.await.unwrap(), Next::End(Farewell::new(Reason::Shutdown)));
    }
    // Who comes too late is told at once, and so is who has a feed that nobody holds.
    assert_eq!(next(&feed.join()).await, Next::End(Farewell::new(Reason::Shutdown)));
    let (feed, seat) = {
        let feed = rig.feed(1000);
        let seat = feed.join();
        (feed, seat)
    };
    drop(feed);
    assert_eq!(next(&seat).await, Next::End(Farewell::new(Reason::Closed)));
}

/// Goal: with clients on several threads that come and go, everybody gets a row without a
/// hole.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_come_and_go_while_events_flow() {
    let rig = Rig::default();
    let feed = Arc::new(rig.feed(1 << 20));
    let clients: Vec<_> = (0..50)
        .map(|client| {
            let feed = feed.clone();
            tokio::spawn(async move {
                for turn in 0..20 {
                    let seat = feed.join();
                    let mut last = seat.mark();
                    while last < 40 * (turn + 1) {
                        for number in numbers(&seat).await {
                            assert_eq!(number, last + 1, "client {client}");
                            last = number;
                        }
                    }
                }
            })
        })
        .collect();
    for number in 1..=2000 {
        while feed.append(rig.number(number, 8)).is_err() {
            tokio::task::yield_now().await;
        }
        if number % 7 == 0 {
            tokio::task::yield_now().await;
        }
    }
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(feed.clients(), 0);
}
