//! Connections that say little, for long.

use std::io::Write;
use std::thread;
use std::time::Duration;

use slotway_tests::http::{Connection, Request};

use super::{MIB, Siege, heavy};

fn trickle(client: &mut Connection, byte: u8) -> bool {
    client.wire().write_all(&[byte]).is_ok()
}

/// Goal: H21, hundreds of heads that come byte by byte are cut off in time, and nobody else
/// waits for them meanwhile.
#[test]
fn h21_slow_loris() {
    heavy("h21_slow_loris", 120, || {
        let siege = Siege::new(&["--header-read-timeout", "2s"]);
        let mut slow: Vec<Connection> = (0..400).map(|_| siege.hub.connect()).collect();
        for client in &mut slow {
            client.send(b"GET /slow HTTP/1.1\r\nhost: a\r\nx: ").expect("sent");
        }
        // As many bytes as it takes until the hub has hung up on all of them.
        while !slow.is_empty() {
            siege.serves_others();
            slow.retain_mut(|client| trickle(client, b'x'));
            thread::sleep(Duration::from_millis(20));
        }
        assert!(siege.recorder.take().iter().all(|seen| seen.target == "/others"));
        siege.finish("400 slow heads", 16 * MIB);
    });
}

/// Goal: as many connections as there may be are taken, all of them slow. Who comes later
/// waits until they are cut off, and is served then.
#[test]
fn h22_slow_loris_with_the_connection_cap_reached() {
    heavy("h22_slow_loris_with_the_connection_cap_reached", 120, || {
        let siege = Siege::new(&["--connections", "50", "--header-read-timeout", "2s"]);
        // The last of them are not even accepted before others are cut off.
        let mut slow: Vec<Connection> = (0..60).map(|_| siege.hub.connect()).collect();
        for client in &mut slow {
            client.send(b"GET /slow HTTP/1.1\r\nhost: a\r\n").expect("sent");
        }
        for _ in 0..5 {
            siege.serves_others();
        }
        for client in &mut slow {
            assert!(client.is_at_end().expect("an end"), "it was cut off");
        }
        siege.finish("the connection cap", 16 * MIB);
    });
}

/// Goal: what a head may need at most is what each of many needs, and no more.
#[test]
fn many_heads_that_are_nearly_whole() {
    heavy("many_heads_that_are_nearly_whole", 120, || {
        let siege = Siege::new(&[]);
        let head = format!("GET /a HTTP/1.1\r\nhost: a\r\nx: {}", "x".repeat(60_000));
        let slow: Vec<Connection> = (0..200)
            .map(|_| {
                let mut client = siege.hub.connect();
                client.send(head.as_bytes()).expect("sent");
                client
            })
            .collect();
        siege.serves_others();
        // A head, a buffer that has doubled on its way, and hyper's own for each.
        siege.finish("200 heads of 60 KB", 200 * 3 * (64 << 10) + 8 * MIB);
        drop(slow);
    });
}

/// Goal: a body that nobody wants is not taken in, whatever is said of its length.
#[test]
fn bodies_that_nobody_wants() {
    heavy("bodies_that_nobody_wants", 120, || {
        let siege = Siege::new(&["--body-bytes", "1M"]);
        let piece = vec![b'x'; 1 << 20];
        for (framing, target, status) in [
            ("content-length: 9000000000000000000", "/a", 413),
            ("content-length: 9000000000000000000\r\nhost: b", "/a", 400),
            ("transfer-encoding: chunked", "/a", 413),
        ] {
            let mut client = siege.hub.connect();
            let head = format!("POST {target} HTTP/1.1\r\nhost: a\r\n{framing}\r\n\r\n");
            client.send(head.as_bytes()).expect("sent");
            let mut sent = 0;
            while sent < 40 {
                let chunk = if framing.starts_with('t') { &b"100000\r\n"[..] } else { b"" };
                let end = if framing.starts_with('t') { &b"\r\n"[..] } else { b"" };
                if client.wire().write_all(&[chunk, &piece, end].concat()).is_err() {
                    break;
                }
                sent += 1;
            }
            let response = client.read_response().expect("an answer in spite of it all");
            assert_eq!(response.status(), status, "{response:?}");
        }
        assert!(siege.recorder.take().is_empty());
        siege.finish("bodies that nobody wants", 16 * MIB);
    });
}

/// Goal: a body in chunks of one byte is a body.
#[test]
fn chunks_of_one_byte() {
    heavy("chunks_of_one_byte", 120, || {
        let siege = Siege::new(&[]);
        const CHUNKS: usize = 200_000;
        let mut client = siege.hub.connect();
        let request = Request::new("POST", "/a").header("transfer-encoding", "chunked");
        client.send(&request.head_bytes()).expect("sent");
        client.send(&b"1\r\nx\r\n".repeat(CHUNKS)).expect("sent");
        client.send_chunk(b"").expect("sent");
        client.read_response().expect("an answer").expect(200);
        let seen = siege.recorder.take();
        assert!(seen.len() == 1 && seen[0].body == vec![b'x'; CHUNKS]);
        siege.finish("chunks of one byte", 16 * MIB);
    });
}
