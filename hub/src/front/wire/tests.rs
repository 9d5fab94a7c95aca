use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::*;
use crate::metrics::Metrics;

/// Has no socket that could be asked about its other end.
impl Transport for DuplexStream {
    fn socket(&self) -> Option<std::os::fd::BorrowedFd<'_>> {
        None
    }
}

/// And nothing is heard of it.
impl Heard for DuplexStream {
    fn poll_heard(&self, _: &mut Context<'_>) -> Poll<io::Result<bool>> {
        Poll::Pending
    }
}

const LIMIT: Duration = Duration::from_secs(10);

fn wire(near: DuplexStream) -> (Wire<DuplexStream>, Arc<Pace>) {
    let pace = Arc::new(Pace::new(Metrics::new()));
    (Wire::new(near, pace.clone(), LIMIT, LIMIT), pace)
}

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

/// Goal: a write that moves, however slowly, goes on; one that stands still ends.
#[tokio::test(start_paused = true)]
async fn only_a_write_that_stands_still_ends() {
    let (near, mut far) = duplex(8);
    let (mut near, _) = wire(near);
    let slow_reader = tokio::spawn(async move {
        let mut byte = [0; 8];
        for _ in 0..4 {
            seconds(9).await;
            far.read_exact(&mut byte).await.unwrap();
        }
        far
    });
    near.write_all(&[1; 40]).await.unwrap();
    let _far = slow_reader.await.unwrap();
    let error = near.write_all(&[1; 9]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

/// Goal: H21, a head that trickles in is cut off, whatever moves meanwhile.
#[tokio::test(start_paused = true)]
async fn h21_a_head_has_one_limit_for_all_of_it() {
    let (near, mut far) = duplex(64);
    let (mut near, _) = wire(near);
    let trickle = tokio::spawn(async move {
        for _ in 0..100 {
            if far.write_all(b"x").await.is_err() {
                break;
            }
            seconds(1).await;
        }
    });
    let start = Instant::now();
    let mut bytes = Vec::new();
    let error = near.read_to_end(&mut bytes).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(start.elapsed() >= LIMIT && start.elapsed() < LIMIT * 2);
    drop(near);
    trickle.await.unwrap();
}

/// Goal: while a request is under way the limit rests, and it begins anew after it.
#[tokio::test(start_paused = true)]
async fn a_request_under_way_lifts_the_limit() {
    let (near, mut far) = duplex(64);
    let (mut near, pace) = wire(near);
    let busy = pace.begin();
    let late = tokio::spawn(async move {
        seconds(60).await;
        far.write_all(b"x").await.unwrap();
        far
    });
    assert_eq!(near.read_u8().await.unwrap(), b'x');
    let _far = late.await.unwrap();
    drop(busy);
    let start = Instant::now();
    assert_eq!(near.read_u8().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert!(start.elapsed() >= LIMIT);
}

/// Goal: what a client sends reaches hyper only as whole heads that are sound, however the
/// bytes arrive.
#[tokio::test(start_paused = true)]
async fn a_head_passes_when_it_is_whole() {
    let (near, mut far) = duplex(64);
    let (near, _) = wire(near);
    let mut near = near.guarded(1024);
    const HEAD: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    let late = tokio::spawn(async move {
        for &byte in HEAD {
            far.write_all(&[byte]).await.unwrap();
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        far
    });
    let mut first = [0; 256];
    let count = near.read(&mut first).await.unwrap();
    assert_eq!(&first[..count], HEAD, "in one piece");
    let mut far = late.await.unwrap();
    far.write_all(b"GET / HTTP/1.1\r\nhost : a\r\n\r\n").await.unwrap();
    let count = near.read(&mut first).await.unwrap();
    assert!(first[..count].starts_with(b"GET refused:0 "), "{}", first[..count].escape_ascii());
}

/// Over a real socket, whose other end can be asked about.
async fn sockets() -> (Wire<tokio::net::TcpStream>, tokio::net::TcpStream, Arc<Pace>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let far = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (near, _) = listener.accept().await.unwrap();
    let pace = Arc::new(Pace::new(Metrics::new()));
    (Wire::new(near, pace.clone(), LIMIT, LIMIT).guarded(1024), far, pace)
}

/// Goal: H21, the end of a client's sending is nobody's business while an answer is on its
/// way, also when the request is over as far as the handler goes.
#[tokio::test]
async fn h21_an_end_waits_until_the_answer_is_out() {
    let (mut near, mut far, pace) = sockets().await;
    far.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut bytes = [0; 64];
    assert!(near.read(&mut bytes).await.unwrap() > 0);
    let busy = pace.begin();
    pace.say(Said::Some);
    far.shutdown().await.unwrap();
    // More than the socket takes.
    let long = vec![b'x'; 64 << 20];
    let mut left = &long[..];
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    while let Poll::Ready(count) = Pin::new(&mut near).poll_write(&mut cx, left) {
        left = &left[count.unwrap()..];
    }
    drop(busy);
    for _ in 0..100 {
        let read = Pin::new(&mut near).poll_read(&mut cx, &mut ReadBuf::new(&mut bytes));
        assert!(read.is_pending(), "{read:?}");
        tokio::task::yield_now().await;
    }
    let reader = tokio::spawn(async move {
        let mut all = Vec::new();
        far.read_to_end(&mut all).await.unwrap();
        all.len()
    });
    near.write_all(left).await.unwrap();
    near.flush().await.unwrap();
    assert_eq!(near.read(&mut bytes).await.unwrap(), 0, "now it is told");
    near.shutdown().await.unwrap();
    assert_eq!(reader.await.unwrap(), long.len());
}

/// A guarded connection over TCP, between two requests, and its client.
async fn over_tcp() -> (Wire<tokio::net::TcpStream>, Arc<Pace>, tokio::net::TcpStream) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let far = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (near, _) = listener.accept().await.unwrap();
    let pace = Arc::new(Pace::new(Metrics::new()));
    (Wire::new(near, pace.clone(), LIMIT, LIMIT).guarded(1024), pace, far)
}

/// Goal: H21, a client that leaves while its request is under way is noticed by who only
/// writes and flushes, and what it says instead is left where it is.
#[tokio::test]
async fn h21_who_does_not_read_hears_that_the_client_left() {
    let (mut near, pace, mut far) = over_tcp().await;
    let _busy = pace.begin();
    far.write_all(b"GET").await.unwrap();
    while !near.says_more {
        near.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut more = [0; 8];
    assert!(near.guard.is_between(), "nothing was taken");
    assert_eq!(near.inner_mut().read(&mut more).await.unwrap(), 3);
    near.says_more = false;
    drop(far);
    // The first question goes out at once, and the answer to it is an RST.
    let gone = loop {
        if let Err(error) = near.flush().await {
            break error;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(gone.kind(), io::ErrorKind::ConnectionReset);
}

/// Goal: H21, nobody is asked between two chunks once there is no chunk to come.
#[tokio::test]
async fn h21_behind_the_last_chunk_nothing_is_asked() {
    let (mut near, pace, mut far) = over_tcp().await;
    let busy = pace.begin();
    pace.say(Said::Chunks);
    far.shutdown().await.unwrap();
    let mut zero = [0; 8];
    while far.try_read(&mut zero).is_err() {
        near.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    drop(busy);
    // The time for the next question comes.
    seconds(2).await;
    near.flush().await.unwrap();
    drop(near);
    let mut rest = Vec::new();
    far.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"", "behind the response's end");
}
