//! H01 and what every worker language must agree on: bodies, headers, targets, both ways.

use std::io::Read;
use std::thread;

use slotway_tests::http::{Connection, Request};
use slotway_tests::{Flavor, Hub, Pattern, Rng, Worker, flavors};

/// 5,000 echoes, 32 at a time, through two workers.
pub(crate) fn every_body_comes_back(flavor: Flavor) {
    const CLIENTS: u64 = 32;
    const REQUESTS: u64 = 5_000;
    let hub = Hub::start();
    let _worker = Worker::start(flavor, &hub);
    let _other = Worker::start(flavor, &hub);
    let pattern = &Pattern::new(1);
    let client = |number: u64| {
        let mut rng = Rng::new(number);
        let mut connection = Connection::open(hub.address).expect("a hub that listens");
        for turn in (number..REQUESTS).step_by(CLIENTS as usize) {
            // Mostly small, now and then more than a ring holds.
            let length = if rng.below(50) == 0 { 90_000 } else { rng.below(3_000) };
            // Different bytes for each, at every place.
            let mut body = turn.to_le_bytes().to_vec();
            while (body.len() as u64) < length {
                let at = turn * 7_919 + body.len() as u64;
                body.extend_from_slice(pattern.slice(at, length - body.len() as u64));
            }
            let request = Request::post("/echo", body.clone()).header("x-id", turn.to_string());
            let response = connection.exchange(&request).expect("an answer").expect(200);
            if flavor != Flavor::EventLoop {
                assert_eq!(response.head.one("x-id"), Some(&*turn.to_string()));
            }
            assert!(response.body == body, "request {turn} got another's body");
        }
    };
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            scope.spawn(move || client(number));
        }
    });
    hub.wait_all_free();
}

flavors! {
    Heavy, 60, fn h01_every_body_comes_back_to_its_own_request(flavor) {
        every_body_comes_back(flavor);
    }

    Light, 30, fn h01_bodies_flow_both_ways_at_once(flavor) {
        let hub = Hub::start();
        let _worker = Worker::start(flavor, &hub);
        let pattern = Pattern::new(3);
        let mut client = hub.connect();
        // A piece goes in and comes back before the next is sent: nothing is held up
        // until the end, and no length is known to anybody.
        let request = Request::new("POST", "/echo").header("transfer-encoding", "chunked");
        client.send(&request.head_bytes()).expect("a hub that reads");
        client.send_chunk(pattern.slice(0, 100)).expect("a hub that reads");
        let head = client.read_head().expect("a head before the body's end");
        assert_eq!(head.status, 200);
        let mut at = 0;
        for length in [100_u64, 1, 40_000, 65_000, 7] {
            if at > 0 {
                client.send_chunk(pattern.slice(at, length)).expect("a hub that reads");
            }
            let mut back = vec![0; length as usize];
            read_chunked(&mut client, &mut back);
            pattern.check(at, &back);
            at += length;
        }
        client.send_chunk(b"").expect("a hub that reads");
        let mut last = [0; 5];
        read_exactly(&mut client, &mut last);
        assert_eq!(&last, b"0\r\n\r\n");
        // The connection goes on.
        let response = client.exchange(&Request::get("/hello/again")).expect("an answer");
        assert_eq!(response.expect(200).text(), "hello, again");
    }

    Light, 30, fn sizes_around_the_ring_are_whole(flavor) {
        let hub = Hub::with(&["--request-ring", "4096", "--response-ring", "4096"]);
        let _worker = Worker::start(flavor, &hub);
        let pattern = Pattern::new(0);
        let mut client = hub.connect();
        for length in [0, 1, 4095, 4096, 4097, 8191, 8192, 8193, 100_000] {
            let body = pattern.take(length);
            let response = client.exchange(&Request::post("/echo", body.clone()));
            assert!(response.expect("an answer").expect(200).body == body, "{length} bytes");
            for route in ["download", "sized"] {
                let request = Request::get(&format!("/{route}/{length}"));
                let response = client.exchange(&request).expect("an answer").expect(200);
                assert!(response.body == body, "{route}: {length} bytes");
            }
            let stated = client.exchange(&Request::get(&format!("/sized/{length}")));
            let stated = stated.expect("an answer");
            assert_eq!(stated.head.one("content-length"), Some(&*length.to_string()));
        }
        for length in [0, 1, 4096] {
            let request = Request::get(&format!("/inplace/{length}"));
            let response = client.exchange(&request).expect("an answer").expect(200);
            assert!(response.body == pattern.take(length), "in place: {length} bytes");
            assert_eq!(response.head.one("content-length"), Some(&*length.to_string()));
        }
        hub.wait_all_free();
    }

    Light, 20, fn h14_headers_keep_order_repeats_and_bytes(flavor) {
        let hub = Hub::start();
        let _worker = Worker::start(flavor, &hub);
        let request = Request::get("/headers")
            .header("x-twice", "one")
            .header("x-raw", b"caf\xe9 \xff\xfe")
            .header("x-twice", "two")
            .header("x-empty", "")
            .header("X-Case", "Kept In The Value")
            .header("connection", "keep-alive, x-hop")
            .header("x-hop", "not for the worker")
            .header("te", "trailers");
        let response = hub.connect().exchange(&request).expect("an answer").expect(200);
        let lines: Vec<&[u8]> = response.body.split(|&byte| byte == b'\n').collect();
        let at = |line: &[u8]| {
            let found = lines.iter().position(|found| *found == line);
            found.unwrap_or_else(|| panic!("{line:?} is not in {}", response.text()))
        };
        assert!(at(b"x-twice: one") < at(b"x-twice: two"), "{}", response.text());
        at(b"x-raw: caf\xe9 \xff\xfe");
        at(b"x-empty: ");
        at(b"x-case: Kept In The Value");
        at(b"host: test");
        for hop in [&b"connection"[..], b"x-hop", b"te:", b"keep-alive"] {
            assert!(!lines.iter().any(|line| line.starts_with(hop)), "{}", response.text());
        }
        let cookies: Vec<&[u8]> = response.head.all("set-cookie").collect();
        assert_eq!(cookies, [b"a=1", b"b=2", b"a=1"]);
        assert_eq!(response.head.all("x-raw").next(), Some(&b"caf\xe9 \xff\xfe"[..]));
        assert_eq!(response.head.all("x-empty").next(), Some(&b""[..]));
    }

    Light, 20, fn h13_targets_reach_the_worker_whole(flavor) {
        let hub = Hub::start();
        let _worker = Worker::start(flavor, &hub);
        let response = hub.get("/target/a%2Fb%20c/d/e%00f?x=%41&y").expect(200);
        let lines = response.text();
        let expected = [
            "GET",
            "/target/a%2Fb%20c/d/e%00f",
            "x=%41&y",
            "/target/{first}/{*rest}",
            "a/b c",
            "d/e\u{0}f",
        ];
        assert_eq!(lines.lines().collect::<Vec<_>>(), expected);
        assert!(hub.get("/target/a/b").expect(200).text().contains("\nnone\n"), "no query");
        assert_eq!(hub.get("/target/a").status(), 404);
        assert_eq!(hub.get("/target//b").status(), 404, "a parameter is never empty");
    }

    Light, 20, fn h13_methods_follow_the_routes(flavor) {
        let hub = Hub::start();
        let _worker = Worker::start(flavor, &hub);
        let mut client = hub.connect();
        client.send(&Request::new("HEAD", "/hello/head").bytes()).expect("a hub that reads");
        let head = client.read_head().expect("an answer");
        assert_eq!((head.status, head.one("content-length")), (200, Some("11")));
        // No body follows: the next bytes are the next response.
        let response = client.exchange(&Request::get("/hello/next")).expect("an answer");
        assert_eq!(response.expect(200).text(), "hello, next");
        let refused = client.exchange(&Request::post("/hello/x", "body")).expect("an answer");
        assert_eq!((refused.status(), refused.problem().as_str()), (405, "method_not_allowed"));
        let allow = refused.head.one("allow").expect("what is allowed");
        assert!(allow.contains("GET") && !allow.contains("POST"), "{allow}");
        for method in ["PURGE", "propfind", "M-SEARCH", "DELETE"] {
            let response = hub.send(Request::new(method, "/echo")).expect(200);
            assert_eq!(response.head.one("x-method"), Some(method));
        }
        assert_eq!(hub.get("/nothing").problem(), "no_route");
    }

    Light, 20, fn h15_heads_up_to_64_kib_pass_in_both_directions(flavor) {
        let hub = Hub::start();
        let _worker = Worker::start(flavor, &hub);
        let large = vec![b'h'; 60_000];
        let response = hub.send(Request::get("/echo").header("x-large", &large)).expect(200);
        assert_eq!(response.head.all("x-large").next(), Some(&large[..]));
        let response = hub.get("/big-head/60000").expect(200);
        assert_eq!(response.head.all("x-big").map(<[u8]>::len).sum::<usize>(), 60_000);
        let refused = hub.send(Request::get("/echo").header("x-large", vec![b'h'; 70_000]));
        assert_eq!((refused.status(), &*refused.problem()), (431, "head_too_large"));
        let refused = hub.get("/big-head/100000");
        assert_eq!((refused.status(), &*refused.problem()), (502, "bad_answer"), "{refused:?}");
        assert_eq!(hub.get("/hello/after").expect(200).text(), "hello, after");
        hub.wait_all_free();
    }
}

/// Reads exactly this much of a chunked body, whatever its chunks.
fn read_chunked(client: &mut Connection, into: &mut [u8]) {
    let mut done = 0;
    while done < into.len() {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            read_exactly(client, &mut byte);
            line.extend_from_slice(&byte);
        }
        let digits = String::from_utf8_lossy(&line).trim().to_owned();
        let length = usize::from_str_radix(&digits, 16).expect("a chunk's length");
        assert!(length > 0, "the body ended early");
        read_exactly(client, &mut into[done..done + length]);
        read_exactly(client, &mut [0; 2]);
        done += length;
    }
}

fn read_exactly(client: &mut Connection, into: &mut [u8]) {
    client.read_exact(into).expect("a hub that sends on");
}
