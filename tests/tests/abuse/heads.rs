//! Heads without measure.

use std::io::{Read, Write};
use std::thread;

use super::{MIB, Siege, heavy};

/// Goal: H15, a head that never ends is refused while it is still coming, and who sends it
/// can read why.
#[test]
fn h15_a_head_of_100_mb() {
    heavy("h15_a_head_of_100_mb", 60, || {
        let siege = Siege::new(&[]);
        for line in [&b"x-header: and its value, again and again\r\n"[..], b"x", b"x: y\r\n"] {
            let mut client = siege.hub.connect();
            client.send(b"GET /a HTTP/1.1\r\nhost: a\r\n").expect("sent");
            let piece = line.repeat((64 << 10) / line.len());
            let mut sent = 0;
            // The hub may hang up at any time.
            while sent < 100_000_000 && client.wire().write_all(&piece).is_ok() {
                sent += piece.len();
            }
            let response = client.read_response().expect("an answer in spite of it all");
            assert_eq!((response.status(), &*response.problem()), (431, "head_too_large"));
        }
        let mut client = siege.hub.connect();
        let piece = vec![b'a'; 64 << 10];
        client.send(b"GET /").expect("sent");
        let mut sent = 0;
        while sent < 100_000_000 && client.wire().write_all(&piece).is_ok() {
            sent += piece.len();
        }
        let response = client.read_response().expect("an answer in spite of it all");
        assert_eq!((response.status(), &*response.problem()), (414, "target_too_long"));
        assert!(siege.recorder.take().is_empty());
        siege.finish("heads of 100 MB", 8 * MIB);
    });
}

/// Goal: 10,000 header lines, again and again, from many at a time.
#[test]
fn h15_10_000_header_lines() {
    heavy("h15_10_000_header_lines", 60, || {
        let siege = Siege::new(&[]);
        let lines: String = (0..10_000).map(|number| format!("x-{number}: y\r\n")).collect();
        let flood = format!("GET /a HTTP/1.1\r\nhost: a\r\n{lines}\r\n").into_bytes();
        thread::scope(|scope| {
            for _ in 0..8 {
                let (siege, flood) = (&siege, &flood);
                scope.spawn(move || {
                    for _ in 0..20 {
                        let mut client = siege.hub.connect();
                        let _ = client.wire().write_all(flood);
                        let response = client.read_response().expect("an answer");
                        assert_eq!(response.problem(), "head_too_large");
                    }
                });
            }
            siege.serves_others();
        });
        siege.finish("10,000 header lines", 16 * MIB);
    });
}

/// Goal: empty lines before a request are ignored, but not without end.
#[test]
fn empty_lines_have_an_end() {
    heavy("empty_lines_have_an_end", 60, || {
        let siege = Siege::new(&[]);
        let mut client = siege.hub.connect();
        let piece = b"\r\n".repeat(32 << 10);
        let mut sent = 0;
        while sent < 20_000_000 && client.wire().write_all(&piece).is_ok() {
            sent += piece.len();
        }
        assert!(client.read_response().expect("an answer").status() >= 400);
        siege.finish("empty lines", 8 * MIB);
    });
}

/// Goal: bytes that are no UTF-8 are refused in a target and reach the worker in a header;
/// what is percent-encoded reaches it in either.
#[test]
fn bytes_that_are_no_utf_8() {
    heavy("bytes_that_are_no_utf_8", 60, || {
        let siege = Siege::new(&[]);
        for bad in [&b"\xff"[..], b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"] {
            for (before, after) in [("/", ""), ("/a/", "/b"), ("/a?b=", "&c")] {
                let mut client = siege.hub.connect();
                let start = format!("GET {before}");
                let end = format!("{after} HTTP/1.1\r\nhost: a\r\n\r\n");
                client.send(&[start.as_bytes(), bad, end.as_bytes()].concat()).expect("sent");
                let response = client.read_response().expect("an answer").expect(400);
                assert_eq!(response.problem(), "bad_request");
            }
            let mut client = siege.hub.connect();
            let head = [b"GET /a HTTP/1.1\r\nhost: a\r\nx: ", bad, b"\r\n\r\n"].concat();
            client.send(&head).expect("sent");
            client.read_response().expect("an answer").expect(200);
            let seen = siege.recorder.take();
            assert_eq!(seen.len(), 1, "only what is sound");
            assert_eq!(seen[0].header("x").collect::<Vec<_>>(), [bad]);
        }
        siege.hub.get("/%ff%c0%af?%00").expect(200);
        assert_eq!(siege.recorder.lines(), ["GET /%ff%c0%af?%00"]);
        siege.finish("no UTF-8", 8 * MIB);
    });
}

/// Goal: bytes chosen at random are answered or hung up on, and never anything else.
#[test]
fn noise() {
    heavy("noise", 60, || {
        let siege = Siege::new(&[]);
        let mut rng = slotway_tests::Rng::new(1);
        let parts: [&[u8]; 14] = [
            b"GET /a HTTP/1.1\r\n",
            b"POST /a HTTP/1.1\r\n",
            b"host: a\r\n",
            b"\r\n",
            b"\n",
            b"\r",
            b"content-length: 5\r\n",
            b"transfer-encoding: chunked\r\n",
            b"5\r\nhello\r\n",
            b"0\r\n\r\n",
            b" ",
            b"\0",
            b"HTTP/1.0",
            b"connection: close\r\n",
        ];
        for _ in 0..1000 {
            let mut bytes = Vec::new();
            for _ in 0..=rng.below(12) {
                bytes.extend_from_slice(parts[rng.below(parts.len() as u64) as usize]);
            }
            let mut client = siege.hub.connect();
            let _ = client.wire().write_all(&bytes);
            client.wire().end_of_sending().expect("a socket");
            let mut back = Vec::new();
            client.read_to_end(&mut back).expect("an end");
            let sound = back.is_empty() || back.starts_with(b"HTTP/1.");
            assert!(sound, "{}: {}", bytes.escape_ascii(), back.escape_ascii());
        }
        siege.finish("noise", 8 * MIB);
    });
}
