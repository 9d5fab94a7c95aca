//! HTTP/2 without TLS: many requests on one connection, each answered as if it were alone.

mod common;

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use common::h2::{Session, block_on};
use common::{Rig, Worker, wait_until};
use http::{Method, Version};
use http_body::Frame;
use http_body_util::BodyExt;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

fn echo(request: common::Request) {
    let body = request.body();
    request.answer(200, &[("x-echo", b"1")], &body);
}

/// Goal: a worker sees a request of HTTP/2 as it sees any other.
#[test]
fn a_worker_sees_host_version_and_one_cookie_header() {
    let rig = Rig::new();
    let mut worker = Worker::connect(rig.control());
    worker.register("greeter", &[("GET", "/hello/{name}")]);
    let address = rig.hub().address();
    let asking = std::thread::spawn(move || {
        block_on(async {
            let session = Session::connect(address).await;
            let request = session
                .request(Method::GET, "/hello/a%20b?x=1")
                .header("cookie", "a=1")
                .header("x-a", "1")
                .header("cookie", "b=2")
                .header("x-a", "2");
            session.send(request, "").await
        })
    });
    let request = worker.next();
    let header = |name: &str| -> Vec<Vec<u8>> {
        let named = request.headers.iter().filter(|(found, _)| found == name);
        named.map(|(_, value)| value.clone()).collect()
    };
    assert_eq!((&*request.path, request.query.as_deref()), ("/hello/a%20b", Some("x=1")));
    assert_eq!(header("host"), [address.to_string().into_bytes()]);
    assert_eq!(header("cookie"), [b"a=1; b=2"]);
    assert_eq!(header("x-a"), [b"1", b"2"]);
    assert_eq!(request.content_length, Some(0));
    assert_eq!(request.http_version, 20);
    request.answer(
        201,
        &[("x-c", b"1"), ("x-c", b"\xff"), ("connection", b"x-d"), ("x-d", b"3")],
        b"hi",
    );
    let reply = asking.join().unwrap();
    assert_eq!((reply.version, reply.status, reply.text()), (Version::HTTP_2, 201, "hi"));
    assert_eq!(reply.headers.get_all("x-c").iter().count(), 2);
    assert!(!reply.headers.contains_key("x-d") && !reply.headers.contains_key("connection"));
    assert_eq!(reply.headers["content-length"], "2");
    assert!(reply.headers.contains_key("date"));
}

/// Goal: H01, streams of one connection get their own answers, and HTTP/1.1 goes on beside.
#[test]
fn h01_streams_of_one_connection_get_their_own_answers() {
    let rig = Rig::new();
    let _worker = Worker::start(rig.control(), "echo", &[("POST", "/echo")], echo);
    let address = rig.hub().address();
    block_on(async {
        let session = Session::connect(address).await;
        let streams = (0..100_u32).map(|number| {
            let session = session.clone();
            tokio::spawn(async move {
                for turn in 0..20_usize {
                    let length = if turn == 7 { 50_000 } else { turn * 50 };
                    let mut body = format!("{number}/{turn}/").into_bytes();
                    body.resize(body.len() + length, number as u8);
                    let request = session.request(Method::POST, "/echo");
                    let reply = session.send(request, body.clone()).await;
                    assert_eq!(reply.status, 200, "{}", reply.text());
                    assert!(reply.body == body, "{number}/{turn} got another's");
                }
            })
        });
        for stream in streams.collect::<Vec<_>>() {
            stream.await.unwrap();
        }
    });
    assert_eq!(rig.client().request("POST", "/echo", "", b"one").text(), "one");
    rig.wait_all_free();
}

/// Goal: large bodies flow both ways on one stream, through windows of both sides.
#[test]
fn large_bodies_stream_in_both_directions() {
    let rig = Rig::new();
    let _worker =
        Worker::start(rig.control(), "echo", &[("POST", "/echo")], common::Request::stream_back);
    let body: Bytes = (0..5_000_000_u32).map(|i| (i / 3) as u8).collect::<Vec<_>>().into();
    block_on(async {
        let session = Session::connect(rig.hub().address()).await;
        let reply = session.send(session.request(Method::POST, "/echo"), body.clone()).await;
        assert_eq!(reply.status, 200);
        assert!(reply.body == body, "{} of {} bytes", reply.body.len(), body.len());
    });
    rig.wait_all_free();
}

/// Goal: H05, a client that resets its stream cancels the worker's work, and nobody else's.
#[test]
fn h05_a_reset_stream_cancels_its_exchange_only() {
    let rig = Rig::new();
    let mut worker = Worker::connect(rig.control());
    worker.register("x", &[("GET", "/x/{id}")]);
    block_on(async {
        let session = Session::connect(rig.hub().address()).await;
        let ask = |id: &str| {
            let (session, path) = (session.clone(), format!("/x/{id}"));
            tokio::spawn(async move { session.send(session.request(Method::GET, &path), "").await })
        };
        let left = ask("left");
        let first = worker.next();
        let kept = ask("kept");
        let second = worker.next();
        // Dropping the future resets the stream.
        left.abort();
        tokio::task::spawn_blocking(move || {
            first.wait_cancelled();
            first.answer(200, &[], b"too late");
            assert!(!second.cancelled());
            second.answer(200, &[], b"kept");
        })
        .await
        .unwrap();
        assert_eq!(kept.await.unwrap().text(), "kept");
    });
    rig.wait_all_free();
}

/// Goal: H21, a connection without a request is told to go away in time, however it pings;
/// one with a request is not.
#[test]
fn h21_an_idle_connection_is_told_to_go_away() {
    let rig = Rig::with(|config| config.times.header_read = Duration::from_millis(200));
    let mut worker = Worker::connect(rig.control());
    worker.register("x", &[("GET", "/x")]);
    let address = rig.hub().address();
    block_on(async {
        let session = Session::connect(address).await;
        let asked = session.clone();
        let reply =
            tokio::spawn(async move { asked.send(asked.request(Method::GET, "/x"), "").await });
        let request = worker.next();
        // Longer than a connection may be idle: it is not.
        tokio::time::sleep(Duration::from_millis(700)).await;
        request.answer(200, &[], b"slow");
        assert_eq!(reply.await.unwrap().text(), "slow");
        // A clean end, which a GOAWAY without an error is and a broken connection is not.
        session.ended().await.unwrap();
    });
}

/// Goal: a client that never says anything is cut off as one of HTTP/1.1 is.
#[test]
fn h21_a_preface_that_never_comes_is_not_waited_for() {
    let rig = Rig::with(|config| config.times.header_read = Duration::from_millis(200));
    for start in ["", "P", "PRI * HTTP/2.0\r\n\r\nSM\r\n"] {
        let mut client = rig.client();
        client.write(start.as_bytes());
        assert!(client.is_closed(), "{start:?}");
    }
}

/// Goal: H20, a client that opens no window has its stream ended by the idle limit, and
/// the other streams of its connection go on.
#[test]
fn h20_a_stream_without_a_window_is_ended() {
    let rig = Rig::with(|config| config.times.idle = Duration::from_millis(300));
    let _worker = Worker::start(rig.control(), "x", &[("GET", "/{kind}")], |request| {
        if request.path == "/short" {
            return request.answer(200, &[], b"short");
        }
        request.head(200, None, &[]);
        while request.write(&[b'x'; 10_000]) {}
        request.finish();
    });
    block_on(async {
        let session = Session::connect(rig.hub().address()).await;
        let request = session.request(Method::GET, "/endless").body(common::h2::full("")).unwrap();
        let mut endless = session.response(request).await;
        assert_eq!(endless.status(), 200);
        // hyper opens a window only for what is read; nothing is.
        let short = session.send(session.request(Method::GET, "/short"), "").await;
        assert_eq!(short.text(), "short");
        tokio::task::spawn_blocking(move || rig.wait_all_free()).await.unwrap();
        let error = common::h2::read_all(endless.body_mut()).await.unwrap_err();
        assert!(format!("{error:?}").contains("CANCEL"), "{error:?}");
    });
}

/// Goal: H16, what is in flight finishes and the client is told to take the next request
/// elsewhere.
#[test]
fn h16_a_shutdown_lets_streams_finish() {
    let mut rig = Rig::new();
    let mut worker = Worker::connect(rig.control());
    worker.register("x", &[("GET", "/x")]);
    let address = rig.hub().address();
    block_on(async {
        let idle = Session::connect(address).await;
        assert_eq!(idle.send(idle.request(Method::GET, "/nothing"), "").await.status, 404);
        let session = Session::connect(address).await;
        let asked = session.clone();
        let reply =
            tokio::spawn(async move { asked.send(asked.request(Method::GET, "/x"), "").await });
        let request = worker.next();
        let ending = rig.start_shutdown();
        idle.ended().await.unwrap();
        assert!(!ending.is_finished());
        request.answer(200, &[], b"last");
        assert_eq!(reply.await.unwrap().text(), "last");
        session.ended().await.unwrap();
        tokio::task::spawn_blocking(move || ending.join().unwrap()).await.unwrap();
    });
}

/// Goal: the hub is no proxy to elsewhere, and heads have the limits that they have in
/// HTTP/1.1.
#[test]
fn what_cannot_be_served_is_refused_in_words() {
    let rig = Rig::new();
    let _worker = Worker::start(rig.control(), "echo", &[("GET", "/echo")], echo);
    block_on(async {
        let session = Session::connect(rig.hub().address()).await;
        let connect = session.request(Method::CONNECT, "/");
        let connect = connect.uri("elsewhere:443");
        let reply = session.send(connect, "").await;
        assert_eq!((reply.status, reply.code()), (501, "not_implemented".to_owned()));
        let twice = session.request(Method::GET, "/echo").header("host", "other");
        let reply = session.send(twice, "").await;
        assert_eq!((reply.status, reply.code()), (400, "bad_request".to_owned()));
        let large = session.request(Method::GET, "/echo").header("x-large", "h".repeat(70_000));
        let reply = session.send(large, "").await;
        assert_eq!((reply.status, reply.code()), (431, "head_too_large".to_owned()));
        let larger = session.request(Method::GET, "/echo").header("x-large", "h".repeat(200_000));
        assert_eq!(session.send(larger, "").await.status, 431);
        let fits = session.request(Method::GET, "/echo").header("x-large", "h".repeat(60_000));
        assert_eq!(session.send(fits, "").await.status, 200);
        let head = session.send(session.request(Method::HEAD, "/echo"), "").await;
        assert_eq!((head.status, head.text()), (200, ""));
    });
    wait_until("every slot is free", || rig.slots()["free"] == 16);
}

/// Goal: who is refused before its body was sent may send it all the same, and is not reset.
#[test]
fn a_refused_body_may_still_be_sent() {
    let rig = Rig::new();
    block_on(async {
        let stream = TcpStream::connect(rig.hub().address()).await.unwrap();
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.unwrap();
        tokio::spawn(connection);
        let (chunks, body) = tokio::sync::mpsc::channel::<Frame<Bytes>>(1);
        let request = http::Request::post("http://test/nowhere").body(Later(body)).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), 404);
        let said = response.into_body().collect().await.unwrap().to_bytes();
        assert!(said.starts_with(b"{"), "{said:?}");
        // A stream that was reset would have dropped the other end.
        for _ in 0..100 {
            let chunk = Frame::data(Bytes::from_static(&[7; 8192]));
            chunks.send(chunk).await.expect("the stream is still open");
        }
    });
}

/// A body that comes when it is sent.
struct Later(tokio::sync::mpsc::Receiver<Frame<Bytes>>);

impl http_body::Body for Later {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|frame| frame.map(Ok))
    }
}

/// Goal: a client has as many streams as it may and the others wait for them.
#[test]
fn streams_above_the_limit_wait() {
    let rig = Rig::with(|config| {
        config.limits.http2_streams = 2;
        config.workers.region.slots = 8;
    });
    let mut worker = Worker::connect(rig.control());
    worker.register("x", &[("GET", "/x")]);
    block_on(async {
        let session = Session::connect(rig.hub().address()).await;
        // The client learns of the limit with the first answer.
        assert_eq!(session.send(session.request(Method::GET, "/no"), "").await.status, 404);
        let replies: Vec<_> = (0..6)
            .map(|_| {
                let session = session.clone();
                tokio::spawn(
                    async move { session.send(session.request(Method::GET, "/x"), "").await },
                )
            })
            .collect();
        let (one, two) = (worker.next(), worker.next());
        assert_eq!(rig.slots()["free"], 6, "no more than two came through");
        one.answer(200, &[], b"");
        two.answer(200, &[], b"");
        worker.serve(1, echo);
        for reply in replies {
            assert_eq!(reply.await.unwrap().status, 200);
        }
    });
}
