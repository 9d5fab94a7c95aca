//! Section 5: header lines.

use super::*;

#[test]
fn h21_rfc9112_5_field_lines() {
    all(
        "h21_rfc9112_5_field_lines",
        &[
            refused("5.1: white space before the colon", b"GET / HTTP/1.1\r\nhost : a\r\n\r\n"),
            refused("5.1: a tab before it", b"GET / HTTP/1.1\r\nhost: a\r\nx\t: y\r\n\r\n"),
            refused("5.2: a folded line", b"GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n z\r\n\r\n"),
            refused("5.2: folded by a tab", b"GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n\tz\r\n\r\n"),
            refused("5: no colon", b"GET / HTTP/1.1\r\nhost: a\r\nx\r\n\r\n"),
            refused("5: no name", b"GET / HTTP/1.1\r\nhost: a\r\n: y\r\n\r\n"),
            refused("5: a name is a token", b"GET / HTTP/1.1\r\nhost: a\r\nx(y): z\r\n\r\n"),
            refused("5: a name is a token", b"GET / HTTP/1.1\r\nhost: a\r\nx\xe9: z\r\n\r\n"),
            refused("RFC 9110 5.5: NUL", b"GET / HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n"),
            refused("RFC 9110 5.5: CR", b"GET / HTTP/1.1\r\nhost: a\r\nx: a\rb\r\n\r\n"),
            refused("RFC 9110 5.5: DEL", b"GET / HTTP/1.1\r\nhost: a\r\nx: a\x7fb\r\n\r\n"),
            served(
                "5.1: white space around a value, and none",
                b"GET /a HTTP/1.1\r\nhost:a\r\nx: \t y \t \r\nz:\r\n\r\n",
                &["GET /a"],
            ),
            served(
                "5: names are case-insensitive",
                b"POST /a HTTP/1.1\r\nHOST: a\r\ncOnTeNt-LeNgTh: 1\r\n\r\nb",
                &["POST /a b"],
            ),
        ],
    );
}

/// Goal: H14 and RFC 9110, section 5.5: bytes beyond ASCII reach the worker as they are, the
/// white space around a value does not, and repeated lines stay repeated.
#[test]
fn h21_rfc9112_5_values_are_bytes() {
    case("h21_rfc9112_5_values_are_bytes", Weight::Light, Duration::from_secs(30), || {
        let hub = Hub::start();
        let recorder = Recorder::start(&hub);
        let mut client = hub.connect();
        let sent = b"GET /a HTTP/1.1\r\nhost: a\r\nx: \t caf\xe9 \xff\tz \t\r\nx:\r\nX: 2\r\n\r\n";
        client.send(sent).expect("sent");
        client.read_response().expect("an answer").expect(200);
        let seen = recorder.take();
        assert_eq!(seen[0].header("x").collect::<Vec<_>>(), [&b"caf\xe9 \xff\tz"[..], b"", b"2"]);
    });
}

/// Goal: as many header lines as the hub takes, and one more.
#[test]
fn h15_the_number_of_header_lines_is_limited() {
    let lines = |count: usize| {
        let more: String = (1..count).map(|number| format!("x-{number}: y\r\n")).collect();
        format!("GET /a HTTP/1.1\r\nhost: a\r\n{more}\r\n")
    };
    let (most, one_more) = (lines(100), lines(101));
    all(
        "h15_the_number_of_header_lines_is_limited",
        &[
            served("5: a server may limit them", most.as_bytes(), &["GET /a"]),
            Case {
                rule: "RFC 6585, section 5",
                sent: one_more.as_bytes(),
                back: &[Problem(431, "head_too_large")],
                then: Closed,
                seen: &[],
            },
        ],
    );
}
