//! Section 2.3: versions, and what an HTTP/1.0 client must never get.

use super::*;

macro_rules! version {
    ($version:literal, $back:expr) => {
        Case {
            rule: "2.3",
            sent: concat!("GET /a ", $version, "\r\nhost: a\r\n\r\n").as_bytes(),
            back: $back,
            then: Closed,
            seen: &[],
        }
    };
}

const OTHER: &[Answer] = &[Problem(505, "version_not_supported")];

#[test]
fn h21_rfc9112_2_3_versions() {
    all(
        "h21_rfc9112_2_3_versions",
        &[
            served("2.3", b"GET /a HTTP/1.1\r\nhost: a\r\n\r\n", &["GET /a"]),
            version!("HTTP/2.0", OTHER),
            version!("HTTP/3.0", OTHER),
            version!("HTTP/0.9", OTHER),
            version!("HTTP/9.9", OTHER),
            // RFC 9110, section 2.5, would have it taken for 1.1; there is none.
            version!("HTTP/1.2", OTHER),
            version!("http/1.1", BAD),
            version!("HTTP/1.", BAD),
            version!("HTTP/1", BAD),
            version!("HTTP/1.10", BAD),
            version!("HTTP/11.1", BAD),
            version!("HTTP/1.1x", BAD),
            version!("HTTP/x.1", BAD),
            version!("HTTP 1.1", BAD),
            version!("ICY/1.1", BAD),
            refused("2.3, appendix C.1: HTTP/0.9 is gone", b"GET /a\r\n"),
        ],
    );
}

/// Goal: appendix C.2, an HTTP/1.0 client gets neither chunks nor an interim response, and
/// its connection ends unless it asked for another one.
#[test]
fn h21_rfc9112_2_3_what_1_0_gets() {
    case("h21_rfc9112_2_3_what_1_0_gets", Weight::Light, Duration::from_secs(30), || {
        let hub = Hub::start();
        let recorder = Recorder::start(&hub);
        let expects = b"POST /a HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\nabc";
        let mut client = hub.connect();
        client.send(expects).expect("sent");
        let response = client.read_response().expect("an answer").expect(200);
        assert_eq!(response.text(), "/a", "RFC 9110 10.1.1: no 100 for HTTP/1.0");
        assert!(client.is_at_end().expect("an end"));
        assert_eq!(recorder.lines(), ["POST /a abc"]);

        let mut client = hub.connect();
        let kept = b"GET /a HTTP/1.0\r\nconnection: keep-alive\r\n\r\n";
        for _ in 0..2 {
            client.send(kept).expect("sent");
            let response = client.read_response().expect("an answer").expect(200);
            assert_eq!(response.head.one("connection"), Some("keep-alive"), "9.3");
        }
        assert_eq!(recorder.lines(), ["GET /a", "GET /a"]);

        let mut client = hub.connect();
        client.send(b"GET /stream HTTP/1.0\r\n\r\n").expect("sent");
        let response = client.read_response().expect("an answer").expect(200);
        assert_eq!(response.head.one("transfer-encoding"), None, "6.1: no chunks for HTTP/1.0");
        assert_eq!(response.text(), "streamed");
        assert!(client.is_at_end().expect("an end"));
    });
}
