//! Section 3.2: `host`, in every request of HTTP/1.1 exactly once.

use super::*;

/// The framing of these is sound, so the connection goes on.
const fn no_host<'a>(rule: &'a str, sent: &'a [u8]) -> Case<'a> {
    Case { rule, sent, back: BAD, then: Kept, seen: &[] }
}

#[test]
fn h21_rfc9112_3_2_host() {
    all(
        "h21_rfc9112_3_2_host",
        &[
            no_host("3.2: missing", b"GET /a HTTP/1.1\r\n\r\n"),
            no_host("3.2: repeated", b"GET /a HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n"),
            no_host("3.2: repeated, the same", b"GET /a HTTP/1.1\r\nhost: a\r\nHost: a\r\n\r\n"),
            no_host("3.2: invalid", b"GET /a HTTP/1.1\r\nhost: a/b\r\n\r\n"),
            no_host("3.2: invalid", b"GET /a HTTP/1.1\r\nhost: user@a\r\n\r\n"),
            no_host("3.2: invalid", b"GET /a HTTP/1.1\r\nhost: a b\r\n\r\n"),
            no_host("3.2: invalid", b"GET /a HTTP/1.1\r\nhost: caf\xe9\r\n\r\n"),
            served("3.2: with a port", b"GET /a HTTP/1.1\r\nhost: a:8080\r\n\r\n", &["GET /a"]),
            served("3.2: an address", b"GET /a HTTP/1.1\r\nhost: [::1]:80\r\n\r\n", &["GET /a"]),
            served("3.2: empty is valid", b"GET /a HTTP/1.1\r\nhost:\r\n\r\n", &["GET /a"]),
            Case {
                rule: "3.2: HTTP/1.0 knows none",
                sent: b"GET /a HTTP/1.0\r\n\r\n",
                back: OK,
                then: Closed,
                seen: &["GET /a"],
            },
        ],
    );
}

/// Goal: 3.2.2, of an absolute target and a `host` that says otherwise the target counts.
#[test]
fn h21_rfc9112_3_2_2_the_target_counts_and_not_host() {
    case("the_target_counts", Weight::Light, Duration::from_secs(30), || {
        let hub = Hub::start();
        let recorder = Recorder::start(&hub);
        let mut client = hub.connect();
        client.send(b"GET http://right/a HTTP/1.1\r\nhost: wrong\r\n\r\n").expect("sent");
        client.read_response().expect("an answer").expect(200);
        let seen = recorder.take();
        assert_eq!(seen[0].header("host").collect::<Vec<_>>(), [b"right"]);
    });
}
