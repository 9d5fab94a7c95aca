//! Requests by the thousand on one connection, none of which waits.

use std::io::Write;
use std::thread;

use slotway_tests::http::Request;

use super::{MIB, Siege, heavy};

/// Goal: 1,000 requests in one write are answered, in order.
#[test]
fn h21_1000_requests_in_one_write() {
    heavy("h21_1000_requests_in_one_write", 60, || {
        let siege = Siege::new(&[]);
        let mut bytes = Vec::new();
        for number in 0..1000 {
            let target = format!("/{number}");
            let request = match number % 3 {
                0 => Request::get(&target),
                1 => Request::post(&target, b"GET /x HTTP/1.1\r\n\r\n"),
                _ => Request::new("POST", &target).header("transfer-encoding", "chunked"),
            };
            bytes.extend_from_slice(&request.bytes());
            if number % 3 == 2 {
                bytes.extend_from_slice(b"3\r\nabc\r\n0\r\n\r\n");
            }
        }
        let mut client = siege.hub.connect();
        client.send(&bytes).expect("sent");
        for number in 0..1000 {
            let response = client.read_response().expect("an answer").expect(200);
            assert_eq!(response.text(), format!("/{number}"));
        }
        let seen = siege.recorder.take();
        assert!(seen.iter().enumerate().all(|(at, seen)| seen.target == format!("/{at}")));
        assert_eq!(seen.len(), 1000);
        siege.finish("1,000 requests in one write", 8 * MIB);
    });
}

/// Goal: who sends requests without end and reads no answer is not read from without end.
#[test]
fn h20_requests_without_end_and_nobody_reads() {
    heavy("h20_requests_without_end_and_nobody_reads", 120, || {
        let siege = Siege::new(&["--idle-timeout", "2s"]);
        // The answer is as long as the target.
        let flood = Request::get(&format!("/{}", "x".repeat(6000))).bytes().repeat(100);
        thread::scope(|scope| {
            for _ in 0..8 {
                let (siege, flood) = (&siege, &flood);
                scope.spawn(move || {
                    let mut client = siege.hub.connect();
                    client.wire().set_small_buffers().expect("a socket");
                    // Until the hub has had enough of it.
                    while client.wire().write_all(flood).is_ok() {}
                });
            }
            for _ in 0..20 {
                siege.serves_others();
            }
        });
        siege.finish("requests without end", 16 * MIB);
    });
}
