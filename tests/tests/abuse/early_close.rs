//! Clients that are gone after any byte of what they wanted to say.

use slotway_tests::http::Connection;

use super::{MIB, Siege, heavy};

const REQUESTS: [&[u8]; 4] = [
    b"GET /a HTTP/1.1\r\nhost: a\r\n\r\n",
    b"POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n12345",
    b"POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2;x\r\nab\r\n0\r\nt: u\r\n\r\n",
    b"GET /a HTTP/1.1\r\nhost: a\r\n\r\nGET /b HTTP/1.1\r\nhost: a\r\n\r\n",
];

#[test]
fn h05_early_close_at_every_byte() {
    heavy("h05_early_close_at_every_byte", 120, || {
        let siege = Siege::new(&[]);
        for request in REQUESTS {
            for end in 0..=request.len() {
                for reset in [false, true] {
                    let mut client: Connection = siege.hub.connect();
                    client.send(&request[..end]).expect("sent");
                    if reset {
                        client.wire().reset_on_close().expect("a socket");
                    }
                    drop(client);
                }
            }
            siege.serves_others();
        }
        // Whole ones only; a client that closes may have been answered before.
        siege.hub.wait_all_free();
        for seen in siege.recorder.take() {
            let whole =
                matches!(&*seen.line(), "GET /a" | "GET /b" | "POST /a 12345" | "POST /a ab");
            assert!(whole || seen.target == "/others", "{seen:?}");
        }
        siege.finish("early close", 8 * MIB);
    });
}

#[test]
fn requests_byte_by_byte() {
    heavy("requests_byte_by_byte", 120, || {
        let siege = Siege::new(&[]);
        let mut client = siege.hub.connect();
        for request in REQUESTS {
            for byte in request {
                client.send(&[*byte]).expect("sent");
            }
            let answers = request.windows(8).filter(|bytes| bytes == b"HTTP/1.1").count();
            for _ in 0..answers {
                client.read_response().expect("an answer").expect(200);
            }
        }
        let seen = siege.recorder.lines();
        assert_eq!(seen, ["GET /a", "POST /a 12345", "POST /a ab", "GET /a", "GET /b"]);
        siege.finish("byte by byte", 8 * MIB);
    });
}
