//! Sections 6 and 7: where a request ends. Every case that is refused has a request behind
//! it, which no worker may see.

use super::*;

/// A head, a body, and a request that a reader of another opinion would see.
macro_rules! post {
    ($lines:literal, $body:literal) => {
        concat!(
            "POST /a HTTP/1.1\r\nhost: a\r\n",
            $lines,
            "\r\n",
            $body,
            "GET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n"
        )
        .as_bytes()
    };
}

macro_rules! refused_body {
    ($rule:literal, $lines:literal, $body:literal) => {
        refused($rule, post!($lines, $body))
    };
}

macro_rules! served_body {
    ($rule:literal, $lines:literal, $body:literal, $seen:literal) => {
        Case {
            rule: $rule,
            sent: post!($lines, $body),
            back: &[Status(200), Status(200)],
            then: Kept,
            seen: &[$seen, "GET /smuggled"],
        }
    };
}

macro_rules! not_implemented {
    ($rule:literal, $lines:literal) => {
        Case {
            rule: $rule,
            sent: post!($lines, "0\r\n\r\n"),
            back: &[Problem(501, "not_implemented")],
            then: Closed,
            seen: &[],
        }
    };
}

#[test]
fn h21_rfc9112_6_lengths() {
    all(
        "h21_rfc9112_6_lengths",
        &[
            served_body!("6.3 (7): no framing, no body", "", "", "POST /a"),
            served_body!("6.2", "content-length: 3\r\n", "abc", "POST /a abc"),
            served_body!("6.2: zero", "content-length: 0\r\n", "", "POST /a"),
            served_body!("6.2: leading zeros", "content-length: 0003\r\n", "abc", "POST /a abc"),
            refused_body!("6.3 (5): no number", "content-length: abc\r\n", "abc"),
            refused_body!("6.3 (5): nothing", "content-length:\r\n", "abc"),
            refused_body!("6.3 (5): a sign", "content-length: +3\r\n", "abc"),
            refused_body!("6.3 (5): a sign", "content-length: -3\r\n", "abc"),
            refused_body!("6.3 (5): hexadecimal", "content-length: 0x3\r\n", "abc"),
            refused_body!("6.3 (5): a fraction", "content-length: 3.0\r\n", "abc"),
            refused_body!("6.3 (5): white space within", "content-length: 1 3\r\n", "abc"),
            refused_body!(
                "6.3 (5): differing",
                "content-length: 3\r\ncontent-length: 4\r\n",
                "abc"
            ),
            refused_body!("6.3 (5): a list that differs", "content-length: 3, 4\r\n", "abc"),
            refused_body!(
                "6.3 (5): a list that agrees MAY be taken; here it is not",
                "content-length: 3, 3\r\n",
                "abc"
            ),
            refused_body!(
                "6.3 (5): nor lines that agree",
                "content-length: 3\r\nContent-Length: 3\r\n",
                "abc"
            ),
            refused_body!("6.2: 2^63", "content-length: 9223372036854775808\r\n", ""),
            refused_body!("6.2: 2^64", "content-length: 18446744073709551616\r\n", ""),
            refused_body!("6.2: 2^64 + 3", "content-length: 18446744073709551619\r\n", "abc"),
            refused_body!(
                "6.2: no integer holds it",
                "content-length: 99999999999999999999999999999999999999999999\r\n",
                ""
            ),
        ],
    );
}

#[test]
fn h21_rfc9112_6_1_transfer_encoding() {
    all(
        "h21_rfc9112_6_1_transfer_encoding",
        &[
            served_body!("6.1", "transfer-encoding: chunked\r\n", "0\r\n\r\n", "POST /a"),
            served_body!(
                "6.1: codings are case-insensitive",
                "Transfer-Encoding: \tChuNKed \r\n",
                "3\r\nabc\r\n0\r\n\r\n",
                "POST /a abc"
            ),
            refused_body!(
                "6.1, 6.3 (3): CL.TE; a server MAY reject it, and this one does",
                "content-length: 5\r\ntransfer-encoding: chunked\r\n",
                "0\r\n\r\n"
            ),
            refused_body!(
                "6.1, 6.3 (3): TE.CL",
                "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
                "0\r\n\r\n"
            ),
            refused_body!(
                "6.1, 6.3 (3): an invalid length beside chunked",
                "transfer-encoding: chunked\r\ncontent-length: x\r\n",
                "0\r\n\r\n"
            ),
            refused_body!(
                "6.1: chunked twice",
                "transfer-encoding: chunked, chunked\r\n",
                "0\r\n\r\n"
            ),
            refused_body!(
                "6.1: chunked twice, in two lines",
                "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
                "0\r\n\r\n"
            ),
            refused_body!(
                "6.3 (4): chunked is not the last",
                "transfer-encoding: chunked, gzip\r\n",
                "0\r\n\r\n"
            ),
            refused_body!(
                "6.3 (4): nor in two lines",
                "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
                "0\r\n\r\n"
            ),
            refused_body!("6.1: empty", "transfer-encoding:\r\n", "0\r\n\r\n"),
            refused_body!("5.1: TE.TE", "transfer-encoding : chunked\r\n", "0\r\n\r\n"),
            refused_body!("5.2: TE.TE", "x: y\r\n transfer-encoding: chunked\r\n", "0\r\n\r\n"),
            refused_body!("2.2: TE.TE", "x: y\rtransfer-encoding: chunked\r\n", "0\r\n\r\n"),
            refused_body!("5: TE.TE", "transfer-encoding\0: chunked\r\n", "0\r\n\r\n"),
            refused_body!("5.5: TE.TE", "transfer-encoding: \x0bchunked\r\n", "0\r\n\r\n"),
            not_implemented!("6.1: unknown", "transfer-encoding: xchunked\r\n"),
            not_implemented!("6.1: not understood", "transfer-encoding: gzip, chunked\r\n"),
            not_implemented!("6.1: not understood", "transfer-encoding: gzip\r\n"),
            not_implemented!("6.1: quoted", "transfer-encoding: \"chunked\"\r\n"),
            not_implemented!("6.1: with a parameter", "transfer-encoding: chunked;q=1\r\n"),
            not_implemented!(
                "6.1: TE.TE",
                "transfer-encoding: cow\r\ntransfer-encoding: chunked\r\n"
            ),
            refused(
                "6.1: HTTP/1.0 has none, whatever the length says",
                b"POST /a HTTP/1.0\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n\
                  0\r\n\r\n",
            ),
            served_body!(
                "6.1: a name that only looks like it",
                "transfer_encoding: chunked\r\ncontent-length: 3\r\n",
                "abc",
                "POST /a abc"
            ),
        ],
    );
}

macro_rules! served_chunks {
    ($rule:literal, $body:literal, $seen:literal) => {
        served_body!($rule, "transfer-encoding: chunked\r\n", $body, $seen)
    };
}

/// A body that is refused while it is read.
const fn broken<'a>(rule: &'a str, sent: &'a [u8]) -> Case<'a> {
    Case { rule, sent, back: BROKEN, then: Closed, seen: &[] }
}

macro_rules! refused_chunks {
    ($rule:literal, $body:literal) => {
        broken($rule, post!("transfer-encoding: chunked\r\n", $body))
    };
}

#[test]
fn h21_rfc9112_7_1_chunks() {
    all(
        "h21_rfc9112_7_1_chunks",
        &[
            served_chunks!("7.1", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "POST /a abcde"),
            served_chunks!(
                "7.1: hexadecimal",
                "a\r\n0123456789\r\n0\r\n\r\n",
                "POST /a 0123456789"
            ),
            served_chunks!("7.1: upper case", "A\r\n0123456789\r\n0\r\n\r\n", "POST /a 0123456789"),
            served_chunks!("7.1: leading zeros", "0003\r\nabc\r\n000\r\n\r\n", "POST /a abc"),
            served_chunks!(
                "7.1.1: extensions",
                "3;a;b=c;d=\"e\"\r\nabc\r\n0\r\n\r\n",
                "POST /a abc"
            ),
            served_chunks!("7.1.1: white space", "3 \t;a\r\nabc\r\n0 \r\n\r\n", "POST /a abc"),
            served_chunks!(
                "7.1.2: trailers are read and left out",
                "3\r\nabc\r\n0\r\ncontent-length: 99\r\nx: y\r\n\r\n",
                "POST /a abc"
            ),
            served_chunks!(
                "7.1: what looks like the end",
                "5\r\n0\r\n\r\n\r\n0\r\n\r\n",
                "POST /a 0\\r\\n\\r\\n"
            ),
            refused_chunks!("7.1: no size", "\r\nabc\r\n0\r\n\r\n"),
            refused_chunks!("7.1: no number", "x\r\nabc\r\n0\r\n\r\n"),
            refused_chunks!("7.1: 0x", "0x3\r\nabc\r\n0\r\n\r\n"),
            refused_chunks!("7.1: a sign", "+3\r\nabc\r\n0\r\n\r\n"),
            refused_chunks!("7.1: a sign", "-1\r\nabc\r\n0\r\n\r\n"),
            refused_chunks!("7.1: white space before", " 3\r\nabc\r\n0\r\n\r\n"),
            refused_chunks!("7.1: white space within", "1 0\r\nabc\r\n0\r\n\r\n"),
            refused_chunks!("7.1: more data than said", "2\r\nabc\r\n0\r\n\r\n"),
            refused_chunks!("7.1: less data than said", "4\r\nabc\r\n0\r\n\r\n"),
            refused_chunks!("7.1: no CR LF after the data", "3\r\nabc0\r\n\r\n"),
            refused_chunks!("7.1: LF after the data", "3\r\nabc\n0\r\n\r\n"),
            refused_chunks!("7.1: LF after the size", "3\nabc\r\n0\r\n\r\n"),
            refused_chunks!("7.1: LF in an extension", "3;a\nabc\r\n0\r\n\r\n"),
            refused_chunks!("7.1: CR in an extension", "3;a\rb\r\nabc\r\n0\r\n\r\n"),
            refused_chunks!("7.1: NUL in an extension", "3;\0\r\nabc\r\n0\r\n\r\n"),
            refused_chunks!("7.1: LF at the end", "0\n\n"),
            refused_chunks!("7.1: LF at the very end", "0\r\n\n"),
            refused_chunks!("7.1.2: no trailer", "0\r\nabc\r\n\r\n"),
            refused_chunks!("7.1.2: white space before the colon", "0\r\nx : y\r\n\r\n"),
            refused_chunks!("7.1.2: a folded trailer", "0\r\nx: y\r\n z\r\n\r\n"),
            refused_chunks!("7.1.2: LF in a trailer", "0\r\nx: y\nz: a\r\n\r\n"),
            refused_chunks!("7.1.2: a request is no trailer", "0\r\n"),
            refused_chunks!("7.1.3: 2^64", "10000000000000000\r\nabc\r\n0\r\n\r\n"),
            refused_chunks!("7.1.3: 2^64 + 3", "10000000000000003\r\nabc\r\n0\r\n\r\n"),
            refused_chunks!("7.1.3: far more", "fffffffffffffffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
        ],
    );
}

/// Goal: what is without end in a chunked body has one all the same.
#[test]
fn h21_rfc9112_7_1_lines_have_a_limit() {
    let chunked = |body: String| {
        format!("POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{body}")
    };
    let extension = chunked(format!("3;{}", "x".repeat(100_000)));
    let size = chunked("0".repeat(100_000));
    let trailers = chunked(format!("0\r\n{}", "x: y\r\n".repeat(100_000)));
    all(
        "h21_rfc9112_7_1_lines_have_a_limit",
        &[
            broken("7.1.1: an extension", extension.as_bytes()),
            broken("7.1: digits", size.as_bytes()),
            broken("7.1.2: trailers", trailers.as_bytes()),
        ],
    );
}
