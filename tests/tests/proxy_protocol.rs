//! The PROXY protocol: a listener behind a proxy that passes connections on.

use std::time::Duration;

use slotway_tests::http::{Connection, Request};
use slotway_tests::{Flavor, Hub, Weight, Worker, case};

const LISTENER: &str = "[[listen]]\naddress = \"127.0.0.1:0\"\nproxy-protocol = true\n";
const VERSION_1: &[u8] = b"PROXY TCP4 203.0.113.7 192.0.2.1 40000 443\r\n";
/// The same in version 2: signature, PROXY over TCP4, twelve bytes of addresses.
const VERSION_2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\
                           \xcb\x00\x71\x07\xc0\x00\x02\x01\x9c\x40\x01\xbb";

fn behind_a_proxy(name: &str, body: impl FnOnce(&Hub)) {
    case(name, Weight::Light, Duration::from_secs(60), || {
        let hub = Hub::builder().config(LISTENER).start();
        let _worker = Worker::start(Flavor::Rust, &hub);
        body(&hub);
    });
}

fn client(connection: &mut Connection) -> String {
    let response = connection.exchange(&Request::get("/headers")).expect("an answer").expect(200);
    let text = response.text();
    let found = text.lines().find_map(|line| line.strip_prefix("x-forwarded-for: "));
    found.expect("the client's address").to_owned()
}

#[test]
fn the_client_is_the_proxys_client() {
    behind_a_proxy("the_client_is_the_proxys_client", |hub| {
        for header in [VERSION_1, VERSION_2] {
            let mut connection = hub.connect();
            connection.send(header).expect("a hub that listens");
            assert_eq!(client(&mut connection), "203.0.113.7");
            assert_eq!(client(&mut connection), "203.0.113.7", "for all of the connection");
        }
    });
}

#[test]
fn a_header_that_comes_byte_by_byte_is_read() {
    behind_a_proxy("a_header_that_comes_byte_by_byte_is_read", |hub| {
        let mut connection = hub.connect();
        for byte in VERSION_2 {
            connection.send(&[*byte]).expect("a hub that reads");
        }
        assert_eq!(client(&mut connection), "203.0.113.7");
    });
}

/// Who may leave the header out may also forge it, so nobody may.
#[test]
fn a_connection_without_its_header_ends_unanswered() {
    behind_a_proxy("a_connection_without_its_header_ends_unanswered", |hub| {
        for wrong in [
            &b"GET /headers HTTP/1.1\r\nhost: test\r\n\r\n"[..],
            b"PROXY TCP4 203.0.113.7 192.0.2.1 40000\r\n",
            b"PROXY TCP4 203.0.113.999 192.0.2.1 40000 443\r\n",
            b"\r\n\r\n\0\r\nQUIT\n\x31\x11\x00\x0c",
        ] {
            let mut connection = hub.connect();
            connection.send(wrong).expect("a hub that listens");
            assert!(connection.is_at_end().expect("an end"), "{}", wrong.escape_ascii());
        }
        let mut connection = hub.connect();
        connection.send(VERSION_1).expect("a hub that listens");
        assert_eq!(client(&mut connection), "203.0.113.7", "others are served");
    });
}
