use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::{Lag, Opening, Replay, Stream};
use crate::sse::encode::reader::{Read, read};
use crate::sse::{Counts, Entry, Farewell, Feed, Message, Reason, Seat, Settings, Spread};

struct Tick(u64, usize);

impl Entry for Tick {
    fn size(&self) -> usize {
        self.1
    }

    fn mark(&self) -> u64 {
        self.0
    }

    fn write(&self, into: &mut Vec<u8>) {
        let (id, data) = (self.0.to_string(), "x".repeat(self.1));
        Message { id: Some(&id), event: "tick", retry: None, data: data.as_bytes() }.write(into);
    }
}

fn feed(counts: &Arc<Counts>) -> Feed<Tick> {
    let keep_alive = Duration::from_secs(15);
    Feed::start(Settings { bytes: 4000, keep_alive, counts: counts.clone() }, 0, Arc::default())
}

fn stream(seat: Seat, lag: Lag) -> Stream {
    let opening = Opening {
        id: Some("7".to_owned()),
        retry: Duration::from_secs(2),
        ready: "{}".into(),
        lag,
        client: None,
        what: "test".into(),
    };
    Stream::new(seat, opening)
}

/// Everything up to the end of a stream.
async fn rest(stream: &mut Stream) -> Vec<Read> {
    let mut bytes = Vec::new();
    while let Some(more) = poll_fn(|cx| stream.poll_bytes(cx)).await {
        bytes.extend_from_slice(&more);
    }
    read(&bytes)
}

async fn some(stream: &mut Stream) -> Vec<Read> {
    read(&poll_fn(|cx| stream.poll_bytes(cx)).await.expect("it goes on"))
}

fn event(event: &str, data: &str) -> Read {
    Read { event: event.into(), data: data.into(), id: String::new(), retry: None }
}

struct Before(u64);

impl Replay for Before {
    fn next(&mut self) -> Option<(Vec<u8>, u64)> {
        self.0 = self.0.checked_sub(1)?;
        let mut bytes = Vec::new();
        Tick(10 - self.0, 1).write(&mut bytes);
        Some((bytes, 1))
    }
}

/// Goal: S01, `ready` with `retry` and an id comes first, then what was before, then what is.
#[tokio::test]
async fn s01_ready_then_replay_then_live() {
    let counts = Arc::default();
    let feed = feed(&counts);
    let mut stream = stream(feed.join(), Lag::Drop).replay(Box::new(Before(3)));
    feed.append(Tick(11, 1)).unwrap();
    let ready = Read { id: "7".into(), retry: Some(2000), ..event("ready", "{}") };
    assert_eq!(some(&mut stream).await, [ready]);
    for id in 8..=11 {
        let tick = Read { id: id.to_string(), ..event("tick", "x") };
        assert_eq!(some(&mut stream).await, [tick]);
    }
    assert_eq!((counts.open(), counts.events()), (1, 4));
    drop(stream);
    assert_eq!((counts.open(), counts.opened()), (0, 1));
    assert!(counts.ended().any(|ended| ended == (Reason::Left, 1)));
}

/// Goal: by policy, who is too slow is ended or told.
#[tokio::test]
async fn s04_a_slow_client_is_dropped_or_told() {
    let counts = Arc::default();
    let feed = feed(&counts);
    let (seat, other) = (feed.join(), feed.join());
    let (mut dropped, mut told) = (stream(seat, Lag::Drop), stream(other, Lag::Gap));
    assert_eq!(some(&mut dropped).await.len() + some(&mut told).await.len(), 2);
    let mut quick = stream(feed.join(), Lag::Drop);
    some(&mut quick).await;
    for number in 1..=10 {
        feed.append(Tick(number, 1000)).unwrap();
        assert_eq!(some(&mut quick).await.len(), 1);
    }
    let ended = Arc::new(Mutex::new(None));
    let note = ended.clone();
    dropped = dropped.on_end(move |reason| *note.lock().unwrap() = Some(reason));
    assert_eq!(rest(&mut dropped).await, [event("end", r#"{"reason":"lagged"}"#)]);
    drop(dropped);
    assert_eq!(*ended.lock().unwrap(), Some(Reason::Lagged));
    let gap = some(&mut told).await;
    let missed = counts.missed_events() / 2;
    assert_eq!(gap, [event("gap", &format!(r#"{{"missed":{missed},"reason":"lag"}}"#))]);
    for number in missed + 1..=10 {
        assert_eq!(some(&mut told).await[0].id, number.to_string());
    }
}

/// Goal: S03, a stream whose time is up ends with a word, whatever else there is for it.
#[tokio::test(start_paused = true)]
async fn s03_a_stream_ends_when_its_time_is_up() {
    let counts = Arc::default();
    let feed = feed(&counts);
    let end = Instant::now() + Duration::from_secs(5);
    let farewell = Farewell::new(Reason::Expired);
    let mut stream = stream(feed.join(), Lag::Drop).until(end, farewell);
    some(&mut stream).await;
    feed.append(Tick(1, 1)).unwrap();
    assert_eq!(some(&mut stream).await[0].event, "tick");
    let last = rest(&mut stream).await;
    assert_eq!(last, [event("end", r#"{"reason":"expired"}"#)]);
    assert_eq!(Instant::now(), end);
}

/// Goal: S08, those who are sent away are told times that differ.
#[tokio::test]
async fn s08_farewells_are_spread_over_a_window() {
    let counts = Arc::default();
    let feed = feed(&counts);
    let mut streams: Vec<_> = (0..100).map(|_| stream(feed.join(), Lag::Drop)).collect();
    let retry = Spread { from: Duration::from_secs(1), window: Duration::from_secs(10) };
    feed.close(Farewell { reason: Reason::Shutdown, retry: Some(retry) });
    let mut times = Vec::new();
    for stream in &mut streams {
        let all = rest(stream).await;
        assert_eq!(all[1].data, r#"{"reason":"shutdown"}"#);
        times.push(all[1].retry.unwrap());
    }
    assert!(times.iter().all(|time| (1000..=11_000).contains(time)), "{times:?}");
    let (least, most) = (times.iter().min().unwrap(), times.iter().max().unwrap());
    assert!(most - least > 5000, "{times:?}");
    drop(streams);
    assert!(counts.ended().any(|ended| ended == (Reason::Shutdown, 100)));
}
