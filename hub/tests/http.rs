//! Requests and responses through a real region: a hub in this process, a worker on
//! threads, a client on a socket.

mod common;

use common::{Rig, Worker, wait_until};

fn echo(request: common::Request) {
    let body = request.body();
    request.answer(200, &[("x-echo", b"1")], &body);
}

/// Goal: what a client sends is what a worker sees, and the other way round.
#[test]
fn a_request_and_its_response_pass_through_a_slot() {
    let rig = Rig::new();
    let routes = [("GET", "/hello/{name}"), ("POST", "/echo")];
    let mut worker = Worker::connect(rig.control());
    worker.register("greeter", &routes);

    let mut client = rig.client();
    client.send("GET", "/hello/a%20b?x=1&y", "x-a: 1\r\nX-B: \u{e9}\r\nx-a: 2\r\n", b"");
    let request = worker.next();
    assert_eq!(request.method, "GET");
    assert_eq!(request.path, "/hello/a%20b");
    assert_eq!(request.query.as_deref(), Some("x=1&y"));
    assert_eq!(request.route, "/hello/{name}");
    assert_eq!((request.registration, request.route_index), (0, 0));
    assert_eq!(request.params, [("name".to_owned(), b"a b".to_vec())]);
    assert_eq!(request.content_length, Some(0));
    assert!(request.deadline_ns.is_some());
    let header = |name: &str| {
        let named = request.headers.iter().filter(|(found, _)| found == name);
        named.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    assert_eq!(header("x-a"), [b"1", b"2"]);
    assert_eq!(header("x-b"), ["\u{e9}".as_bytes()]);
    assert_eq!(header("host"), [b"test"]);
    request.answer(201, &[("x-c", b"1"), ("x-c", b"\xff"), ("x-d", b"3")], b"hi");

    let reply = client.reply("GET");
    assert_eq!((reply.status, reply.text()), (201, "hi"));
    assert_eq!(reply.header("content-length"), Some("2"));
    let found: Vec<_> = reply.headers.iter().filter(|(name, _)| name == "x-c").collect();
    assert_eq!(found.len(), 2);
    assert_eq!(found[1].1, b"\xff");

    worker.serve(1, echo);
    let reply = client.request("POST", "/echo", "", b"body");
    assert_eq!((reply.status, reply.text()), (200, "body"));
    rig.wait_all_free();
}

/// Goal: bodies of any size flow both ways, known length or not.
#[test]
fn large_bodies_stream_in_both_directions() {
    let rig = Rig::new();
    let _worker =
        Worker::start(rig.control(), "echo", &[("POST", "/echo")], common::Request::stream_back);
    let body: Vec<u8> = (0..3_000_000_u32).map(|i| (i / 3) as u8).collect();
    let address = rig.hub().address();
    let copy = body.clone();
    let mut client = rig.client();
    let mut chunked = common::Client::connect(address);
    let sender = std::thread::spawn(move || {
        chunked.send("POST", "/echo", "transfer-encoding: chunked\r\n", b"");
        let reply = std::thread::scope(|_| {
            for piece in copy.chunks(50_000).take(1) {
                chunked.write(format!("{:x}\r\n", piece.len()).as_bytes());
                chunked.write(piece);
                chunked.write(b"\r\n");
            }
            chunked.write(b"0\r\n\r\n");
            chunked.reply("POST")
        });
        assert_eq!(reply.body, copy[..50_000]);
        assert!(reply.complete);
    });
    sender.join().unwrap();
    // More than any buffer holds, so the two directions must flow at the same time.
    let (mut reading, writing) = split(&rig, &body);
    let reply = reading.reply("POST");
    writing.join().unwrap();
    assert_eq!(reply.status, 200);
    assert!(reply.complete);
    assert!(reply.body == body, "{} bytes of {}", reply.body.len(), body.len());
    assert_eq!(client.get("/nothing").status, 404);
    rig.wait_all_free();
}

/// A client that writes on one thread and reads on this one.
fn split(rig: &Rig, body: &[u8]) -> (common::Client, std::thread::JoinHandle<()>) {
    use std::io::Write;
    let stream = std::net::TcpStream::connect(rig.hub().address()).unwrap();
    stream.set_read_timeout(Some(common::WATCHDOG)).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let body = body.to_vec();
    let writing = std::thread::spawn(move || {
        let head =
            format!("POST /echo HTTP/1.1\r\nhost: t\r\ncontent-length: {}\r\n\r\n", body.len());
        writer.write_all(head.as_bytes()).unwrap();
        writer.write_all(&body).unwrap();
    });
    (common::Client::of(stream), writing)
}

/// Goal: every answer reaches its own request.
#[test]
fn h01_a_burst_of_echoes_comes_back_each_to_its_own() {
    let rig = Rig::new();
    let _worker = Worker::start(rig.control(), "echo", &[("POST", "/echo/{id}")], echo);
    let address = rig.hub().address();
    let threads: Vec<_> = (0..32)
        .map(|thread| {
            std::thread::spawn(move || {
                let mut client = common::Client::connect(address);
                for number in 0..100 {
                    let id = format!("{thread}-{number}");
                    let reply = client.request("POST", &format!("/echo/{id}"), "", id.as_bytes());
                    assert_eq!((reply.status, reply.text()), (200, &*id));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    rig.wait_all_free();
}

/// Goal: no route, no method, OPTIONS and HEAD are the hub's to answer.
#[test]
fn h13_what_no_worker_has_to_see() {
    let rig = Rig::new();
    let routes = [("GET", "/a"), ("POST", "/a"), ("OPTIONS", "/b")];
    let _worker = Worker::start(rig.control(), "a", &routes, |request| {
        let method = request.method.clone();
        request.answer(200, &[("x-method", method.as_bytes())], b"body");
    });
    let mut client = rig.client();
    let reply = client.get("/x");
    assert_eq!((reply.status, &*reply.code()), (404, "no_route"));
    let reply = client.request("DELETE", "/a", "", b"");
    assert_eq!((reply.status, &*reply.code()), (405, "method_not_allowed"));
    assert_eq!(reply.header("allow"), Some("GET, HEAD, OPTIONS, POST"));
    let reply = client.request("OPTIONS", "/a", "", b"");
    assert_eq!((reply.status, reply.header("allow")), (204, Some("GET, HEAD, OPTIONS, POST")));
    let reply = client.request("OPTIONS", "/b", "", b"");
    assert_eq!((reply.status, reply.header("x-method")), (200, Some("OPTIONS")));
    let reply = client.request("HEAD", "/a", "", b"");
    assert_eq!((reply.status, reply.header("x-method")), (200, Some("HEAD")));
    assert_eq!(reply.header("content-length"), Some("4"));
    assert_eq!(client.get("/a").text(), "body");
    rig.wait_all_free();
}

/// Goal: where the worker neither states a length nor sends a body, HEAD claims none.
#[test]
fn a_head_answer_states_no_length_that_nobody_stated() {
    let rig = Rig::new();
    let _worker = Worker::start(rig.control(), "a", &[("GET", "/a")], |request| {
        request.head(200, None, &[]);
        request.finish();
    });
    let mut client = rig.client();
    let reply = client.request("HEAD", "/a", "", b"");
    assert_eq!((reply.status, reply.header("content-length")), (200, None));
    let reply = client.get("/a");
    assert_eq!((reply.status, reply.header("content-length")), (200, Some("0")));
    rig.wait_all_free();
}

/// Goal: an answer that would break the client's framing is 502 and the slot is free.
#[test]
fn h14_a_worker_cannot_break_the_framing() {
    let rig = Rig::new();
    let _worker =
        Worker::start(rig.control(), "bad", &[("GET", "/{case}")], |request| {
            match request.path.as_str() {
                "/status" => request.answer(99, &[], b""),
                "/informational" => request.answer(103, &[], b""),
                "/encoding" => request.answer(200, &[("transfer-encoding", b"chunked")], b"x"),
                "/length" => request.answer(200, &[("content-length", b"9")], b"x"),
                "/name" => request.answer(200, &[("a b", b"1")], b"x"),
                "/value" => request.answer(200, &[("a", b"1\r\nb: 2")], b"x"),
                "/nothing" => request.finish(),
                "/aborted" => {
                    request.head(200, None, &[]);
                    request.abort();
                }
                "/hop" => {
                    request.answer(200, &[("connection", b"close"), ("upgrade", b"x")], b"ok")
                }
                other => panic!("{other}"),
            }
        });
    let mut client = rig.client();
    let cases =
        ["status", "informational", "encoding", "length", "name", "value", "nothing", "aborted"];
    for case in cases {
        let reply = client.get(&format!("/{case}"));
        assert_eq!((reply.status, &*reply.code()), (502, "bad_answer"), "{case}");
    }
    let reply = client.get("/hop");
    assert_eq!((reply.status, reply.text()), (200, "ok"));
    assert_eq!(reply.header("upgrade"), None);
    rig.wait_all_free();
}

/// Goal: a response that breaks off after its head breaks the connection, and one that is
/// longer or shorter than it said does too.
#[test]
fn a_broken_response_is_no_clean_end() {
    let rig = Rig::new();
    let _worker = Worker::start(rig.control(), "bad", &[("GET", "/{case}")], |request| {
        let length = (request.path != "/chunked").then_some(10);
        request.head(200, length, &[]);
        request.announce();
        // The client has the head, so it is too late for another answer.
        wait_until("the client goes on", || request.path != "/chunked" || GO.is_set());
        match request.path.as_str() {
            "/chunked" => {
                request.write(b"part");
                request.abort();
            }
            "/short" => {
                request.write(b"part");
                request.finish();
            }
            "/long" => {
                request.write(&[b'x'; 100]);
                request.finish();
            }
            other => panic!("{other}"),
        }
    });
    let mut client = rig.client();
    client.send("GET", "/chunked", "", b"");
    assert_eq!(client.head().status, 200);
    GO.set();
    while let Some(chunk) = client.chunk() {
        assert!(!chunk.is_empty(), "a clean end");
    }
    // Whether the hub sees the wrong length before or after the head decides how it
    // answers, but never with a whole response.
    for case in ["/short", "/long"] {
        let reply = rig.get(case);
        assert!(reply.status == 502 || !reply.complete || reply.body == [b'x'; 10], "{reply:?}");
        assert!(reply.status == 502 || case == "/long" || !reply.complete, "{reply:?}");
    }
    rig.wait_all_free();
}

static GO: Flag = Flag(std::sync::atomic::AtomicBool::new(false));

struct Flag(std::sync::atomic::AtomicBool);

impl Flag {
    fn set(&self) {
        self.0.store(true, std::sync::atomic::Ordering::Release);
    }

    fn is_set(&self) -> bool {
        self.0.load(std::sync::atomic::Ordering::Acquire)
    }
}

/// Goal: a head that is too large is 431, and a missing host 400.
#[test]
fn heads_that_are_not_taken() {
    let rig = Rig::new();
    let mut client = rig.client();
    let reply = client.request("GET", "/x", &format!("x: {}\r\n", "a".repeat(70_000)), b"");
    assert_eq!((reply.status, &*reply.code()), (431, "head_too_large"));
    assert_eq!(client.get("/x").status, 404, "the connection goes on");
    client.send("GET", "/x", &format!("x: {}\r\n", "a".repeat(140_000)), b"");
    assert_eq!(client.head().status, 431);
    let mut client = rig.client();
    client.write(b"GET / HTTP/1.1\r\n\r\n");
    let reply = client.reply("GET");
    assert_eq!((reply.status, &*reply.code()), (400, "bad_request"));
}

/// Goal: a head near the limit passes in both directions, one above it is 502.
#[test]
fn h15_heads_up_to_64_kib_pass() {
    let rig = Rig::new();
    let _worker = Worker::start(rig.control(), "big", &[("GET", "/{case}")], |request| {
        let value = request.headers.iter().find(|(name, _)| name == "x").unwrap().1.clone();
        match request.path.as_str() {
            "/back" => request.answer(200, &[("x", &value)], b""),
            _ => request.answer(200, &[("x", &value), ("y", &value)], b""),
        }
    });
    let value = "a".repeat(65_000);
    let mut client = rig.client();
    let reply = client.request("GET", "/back", &format!("x: {value}\r\n"), b"");
    assert_eq!((reply.status, reply.header("x")), (200, Some(&*value)));
    let reply = client.request("GET", "/twice", &format!("x: {}\r\n", &value[..40_000]), b"");
    assert_eq!((reply.status, &*reply.code()), (502, "bad_answer"));
    rig.wait_all_free();
}
