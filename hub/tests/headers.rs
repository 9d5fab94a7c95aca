//! What goes from one side to the other of a request's and a response's headers, and the
//! hub's limits, over both versions of HTTP.

mod common;

use std::time::Duration;

use common::h2::{Session, block_on};
use common::{Rig, Worker};
use http::Method;
use slotway_hub::config::RouteRule;

/// Goal: H14, what a request says about its connection stays here, whatever `connection`
/// names, and everything else goes on: repeated, in order, bytes that are no text.
#[test]
fn h14_only_what_is_about_the_connection_stays_here() {
    let rig = Rig::new();
    let mut worker = Worker::connect(rig.control());
    worker.register("a", &[("GET", "/x")]);
    let mut client = rig.client();
    client.write(
        b"GET /x HTTP/1.1\r\nhost: a\r\nconnection: keep-alive, X-Private, x-also\r\n\
          connection: te\r\nkeep-alive: timeout=5\r\nte: trailers\r\ntrailer: x-t\r\n\
          proxy-connection: keep-alive\r\nproxy-authorization: Basic eDp5\r\nupgrade: h2c\r\n\
          x-private: 1\r\nX-Also: 2\r\nx-a: 1\r\nx-b: caf\xe9 \xff\xfe\r\nX-A: 2\r\nx-a: 1\r\n\
          authorization: Bearer app\r\ncookie: a=1\r\nx-empty:\r\n\r\n",
    );
    let request = worker.next();
    let names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    for gone in [
        "connection",
        "keep-alive",
        "te",
        "trailer",
        "proxy-connection",
        "proxy-authorization",
        "upgrade",
        "x-private",
        "x-also",
    ] {
        assert!(!names.contains(&gone), "{gone} in {names:?}");
    }
    let values = |name: &str| -> Vec<&[u8]> {
        let named = request.headers.iter().filter(|(found, _)| found == name);
        named.map(|(_, value)| value.as_slice()).collect()
    };
    assert_eq!(values("x-a"), [b"1", b"2", b"1"]);
    assert_eq!(values("x-b"), [b"caf\xe9 \xff\xfe"]);
    assert_eq!(values("x-empty"), [b""]);
    assert_eq!(values("authorization"), [b"Bearer app"]);
    assert_eq!(values("cookie"), [b"a=1"]);
    request.answer(
        200,
        &[
            ("connection", b"x-private"),
            ("x-private", b"1"),
            ("keep-alive", b"timeout=9"),
            ("proxy-authenticate", b"Basic"),
            ("set-cookie", b"a=1"),
            ("x-raw", b"caf\xe9 \xff\xfe"),
            ("set-cookie", b"b=2"),
            ("Set-Cookie", b"a=1"),
        ],
        b"",
    );
    let reply = client.reply("GET");
    let values = |name: &str| -> Vec<&[u8]> {
        let named = reply.headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_slice()).collect()
    };
    assert_eq!(values("set-cookie"), [b"a=1", b"b=2", b"a=1"]);
    assert_eq!(values("x-raw"), [b"caf\xe9 \xff\xfe"]);
    for gone in ["x-private", "keep-alive", "proxy-authenticate"] {
        assert!(values(gone).is_empty(), "{gone}");
    }
    rig.wait_all_free();
}

/// Goal: H18 and the limits on bodies and clients are the same over HTTP/2, where many
/// requests share a connection.
#[test]
fn h18_the_limits_hold_over_http2_too() {
    let rule = |pattern: &str| RouteRule { pattern: pattern.to_owned(), ..RouteRule::default() };
    let ms = Duration::from_millis;
    let rig = Rig::with(|config| {
        config.routes = vec![
            RouteRule { request: Some(ms(60)), ..rule("/late") },
            RouteRule { wait: Some(ms(60)), concurrency: Some(1), ..rule("/one") },
            RouteRule { body_bytes: Some(3), ..rule("/small") },
            RouteRule { request: Some(ms(60)), idle: Some(ms(200)), ..rule("/stream") },
        ];
        config.limits.per_client = Some(4);
    });
    let mut worker = Worker::connect(rig.control());
    let routes =
        [("GET", "/late"), ("GET", "/one"), ("POST", "/small"), ("GET", "/stream"), ("GET", "/x")];
    worker.register("a", &routes);
    let address = rig.hub().address();
    let get = |path: &'static str| {
        std::thread::spawn(move || {
            block_on(async move {
                let session = Session::connect(address).await;
                session.send(session.request(Method::GET, path), "").await
            })
        })
    };

    let late = get("/late");
    let request = worker.next();
    let reply = late.join().unwrap();
    assert_eq!((reply.status, &*reply.code()), (504, "deadline"));
    request.wait_cancelled();
    request.answer(200, &[], b"");

    let first = get("/one");
    let held = worker.next();
    let reply = get("/one").join().unwrap();
    assert_eq!((reply.status, &*reply.code()), (503, "wait_timeout"));
    assert_eq!(reply.headers["retry-after"], "1");
    held.answer(200, &[], b"");
    assert_eq!(first.join().unwrap().status, 200);

    let reply = block_on(async {
        let session = Session::connect(address).await;
        session.send(session.request(Method::POST, "/small"), "four").await
    });
    assert_eq!((reply.status, &*reply.code()), (413, "body_too_large"));

    let stream = std::thread::spawn(move || {
        block_on(async move {
            let session = Session::connect(address).await;
            let request =
                session.request(Method::GET, "/stream").body(common::h2::full("")).unwrap();
            let mut response = session.response(request).await;
            let status = response.status().as_u16();
            (status, common::h2::read_all(response.body_mut()).await)
        })
    });
    let request = worker.next();
    request.head(200, None, &[]);
    request.announce();
    for _ in 0..4 {
        // Longer than the limit on the request, shorter than the one on standing still.
        std::thread::sleep(ms(40));
        assert!(request.write(b"tick"));
    }
    request.wait_cancelled();
    request.abort();
    let (status, body) = stream.join().unwrap();
    assert_eq!(status, 200);
    assert!(body.is_err(), "it stood still for too long: {body:?}");

    // Four at a time, on however many connections.
    let busy: Vec<_> = (0..4).map(|_| get("/x")).collect();
    let held: Vec<_> = (0..4).map(|_| worker.next()).collect();
    let reply = get("/x").join().unwrap();
    assert_eq!((reply.status, &*reply.code()), (429, "too_many_requests"));
    for request in held {
        let id = request.headers.iter().find(|(name, _)| name == "x-request-id").unwrap();
        assert_eq!(id.1.len(), 32);
        let host = request.headers.iter().find(|(name, _)| name == "x-forwarded-host").unwrap();
        assert_eq!(host.1, address.to_string().into_bytes());
        request.answer(200, &[], b"");
    }
    for asking in busy {
        let reply = asking.join().unwrap();
        assert_eq!((reply.status, reply.headers["x-request-id"].len()), (200, 32));
    }
    rig.wait_all_free();
}
