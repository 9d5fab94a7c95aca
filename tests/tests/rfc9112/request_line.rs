//! Section 2.2 (message parsing) as far as it is about lines, and section 3 (request line)
//! with the forms of a target.

use super::*;

#[test]
fn h21_rfc9112_2_2_lines() {
    all(
        "h21_rfc9112_2_2_lines",
        &[
            served("2.2: sound", b"GET /a HTTP/1.1\r\nhost: a\r\n\r\n", &["GET /a"]),
            served(
                "2.2: an empty line before the request is ignored",
                b"\r\nGET /a HTTP/1.1\r\nhost: a\r\n\r\n",
                &["GET /a"],
            ),
            served(
                "2.2: several, too",
                b"\r\n\r\n\r\nGET /a HTTP/1.1\r\nhost: a\r\n\r\n",
                &["GET /a"],
            ),
            refused(
                "2.2: a lone LF MAY be taken as the end of a line; here it is not",
                b"GET /a HTTP/1.1\nhost: a\n\n",
            ),
            refused("2.2: nor in one line of many", b"GET /a HTTP/1.1\r\nhost: a\n\r\n"),
            refused("2.2: nor at the head's end", b"GET /a HTTP/1.1\r\nhost: a\r\n\nGET /b"),
            refused("2.2: nor before it", b"\nGET /a HTTP/1.1\r\nhost: a\r\n\r\n"),
            refused("2.2: a bare CR is invalid", b"GET /a HTTP/1.1\r\nhost: a\rb\r\n\r\n"),
            refused("2.2: a bare CR ends no line", b"GET /a HTTP/1.1\rhost: a\r\r\n\r\n"),
            refused("2.2: CR CR LF ends no line", b"GET /a HTTP/1.1\r\r\nhost: a\r\n\r\n"),
            refused(
                "2.2: white space between the request line and the first header",
                b"GET /a HTTP/1.1\r\n host: a\r\n\r\n",
            ),
            refused("2.2: what is not HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
            refused("2.2: what is not HTTP", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
            refused("2.2: a NUL", b"GET /a\0 HTTP/1.1\r\nhost: a\r\n\r\n"),
        ],
    );
}

#[test]
fn h21_rfc9112_3_request_line() {
    all(
        "h21_rfc9112_3_request_line",
        &[
            refused("3: two spaces", b"GET  /a HTTP/1.1\r\nhost: a\r\n\r\n"),
            refused("3: a tab", b"GET\t/a\tHTTP/1.1\r\nhost: a\r\n\r\n"),
            refused("3: white space before it", b" GET /a HTTP/1.1\r\nhost: a\r\n\r\n"),
            refused("3: white space after it", b"GET /a HTTP/1.1 \r\nhost: a\r\n\r\n"),
            refused("3: no target", b"GET HTTP/1.1\r\nhost: a\r\n\r\n"),
            refused("3: no version", b"GET /a\r\nhost: a\r\n\r\n"),
            refused(
                "3: white space in a target; no attempt to correct it",
                b"GET /a b HTTP/1.1\r\nhost: a\r\n\r\n",
            ),
            refused("3.1: a method is a token", b"G@T /a HTTP/1.1\r\nhost: a\r\n\r\n"),
            refused("3.1: a method is a token", b"G\x80T /a HTTP/1.1\r\nhost: a\r\n\r\n"),
            served(
                "3.1: a method is case-sensitive, and any token is one",
                b"get /a HTTP/1.1\r\nhost: a\r\n\r\n",
                &["get /a"],
            ),
            served(
                "3.1: every character of a token",
                b"!#$%&'*+-.^_`|~09aZ /a HTTP/1.1\r\nhost: a\r\n\r\n",
                &["!#$%&'*+-.^_`|~09aZ /a"],
            ),
        ],
    );
}

#[test]
fn h21_rfc9112_3_2_targets() {
    all(
        "h21_rfc9112_3_2_targets",
        &[
            served("3.2.1", b"GET /a?b=/c?d HTTP/1.1\r\nhost: a\r\n\r\n", &["GET /a?b=/c?d"]),
            served("3.2.1: an empty query", b"GET /a? HTTP/1.1\r\nhost: a\r\n\r\n", &["GET /a?"]),
            served(
                "3.2.1: two slashes stay two",
                b"GET //a//b HTTP/1.1\r\nhost: a\r\n\r\n",
                &["GET //a//b"],
            ),
            served(
                "3.2.1: dots are for the worker to judge",
                b"GET /a/../b HTTP/1.1\r\nhost: a\r\n\r\n",
                &["GET /a/../b"],
            ),
            refused("3.2.1: a fragment is no part of it", b"GET /a#b HTTP/1.1\r\nhost: a\r\n\r\n"),
            refused("3.2.1: a path begins with a slash", b"GET a HTTP/1.1\r\nhost: a\r\n\r\n"),
            refused("3.2.1: a query is no path", b"GET ?a HTTP/1.1\r\nhost: a\r\n\r\n"),
            refused("3.2: a control character", b"GET /\x01 HTTP/1.1\r\nhost: a\r\n\r\n"),
            refused("3.2: a byte that is no UTF-8", b"GET /\xff HTTP/1.1\r\nhost: a\r\n\r\n"),
            refused("3.2: a character that no URI has", b"GET /<a> HTTP/1.1\r\nhost: a\r\n\r\n"),
            served(
                "3.2.2: a server MUST accept the absolute form",
                b"GET http://a.example/x?y HTTP/1.1\r\nhost: a.example\r\n\r\n",
                &["GET /x?y"],
            ),
            served(
                "3.2.2: an empty path is a slash",
                b"GET http://a.example HTTP/1.1\r\nhost: a.example\r\n\r\n",
                &["GET /"],
            ),
            refused(
                "3.2.2, RFC 9110 4.2.4: a user in it",
                b"GET http://user@a.example/ HTTP/1.1\r\nhost: a.example\r\n\r\n",
            ),
            refused("3.2.2: no host", b"GET http:///x HTTP/1.1\r\nhost: a\r\n\r\n"),
            refused("3.2.2: another scheme", b"GET file:///etc HTTP/1.1\r\nhost: a\r\n\r\n"),
            refused("3.2.3: only for CONNECT", b"GET a.example:80 HTTP/1.1\r\nhost: a\r\n\r\n"),
            Case {
                rule: "3.2.3: there are no tunnels here",
                sent: b"CONNECT a.example:80 HTTP/1.1\r\nhost: a.example:80\r\n\r\n",
                back: &[Problem(501, "not_implemented")],
                then: Closed,
                seen: &[],
            },
            refused("3.2.4: only for OPTIONS", b"GET * HTTP/1.1\r\nhost: a\r\n\r\n"),
            Case {
                rule: "3.2.4: OPTIONS * is about the server, which answers itself",
                sent: b"OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
                back: &[Status(204)],
                then: Kept,
                seen: &[],
            },
        ],
    );
}

/// Goal: section 3, the last paragraphs: 8000 octets of a request line pass, and what is too
/// long is 414 where it is the target and 431 where it is the rest of the head.
#[test]
fn h21_rfc9112_3_long_targets() {
    let long = |count| "a".repeat(count);
    let target = |count| format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", long(count));
    let (fits, seen) = (target(8000), format!("GET /{}", long(8000)));
    let (too_long, far_too_long) = (target(66_000), target(400_000));
    let field = format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", long(400_000));
    let uri_too_long = |sent| Case {
        rule: "3",
        sent,
        back: &[Problem(414, "target_too_long")],
        then: Closed,
        seen: &[],
    };
    all(
        "h21_rfc9112_3_long_targets",
        &[
            served("3", fits.as_bytes(), &[&seen]),
            uri_too_long(too_long.as_bytes()),
            uri_too_long(far_too_long.as_bytes()),
            Case {
                rule: "RFC 6585, section 5",
                sent: field.as_bytes(),
                back: &[Problem(431, "head_too_large")],
                then: Closed,
                seen: &[],
            },
        ],
    );
}
