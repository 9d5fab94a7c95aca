use super::*;

const MAX: usize = 4096;

fn scan(bytes: &[u8]) -> Result<Scanned, Problem> {
    Head::default().scan(bytes, MAX)
}

fn framing(head: &str) -> Framing {
    match scan(head.as_bytes()) {
        Ok(Scanned::Whole(length, framing)) if length == head.len() => framing,
        other => panic!("{head:?}: {other:?}"),
    }
}

fn refused(head: &str) -> Kind {
    match scan(head.as_bytes()) {
        Err(problem) => problem.kind(),
        other => panic!("{head:?}: {other:?}"),
    }
}

fn with(lines: &str) -> String {
    format!("POST /x HTTP/1.1\r\nhost: a\r\n{lines}\r\n")
}

#[test]
fn framing_is_what_the_head_says() {
    assert_eq!(framing("GET / HTTP/1.1\r\n\r\n"), Framing::Length(0));
    assert_eq!(framing("\r\n\r\nGET / HTTP/1.0\r\n\r\n"), Framing::Length(0));
    assert_eq!(framing(&with("Content-Length:7\r\n")), Framing::Length(7));
    assert_eq!(framing(&with("content-length: \t07 \r\n")), Framing::Length(7));
    assert_eq!(framing(&with("TRANSFER-encoding: Chunked\r\n")), Framing::Chunked);
    assert_eq!(framing(&with("content-lengths: 7\r\n")), Framing::Length(0));
}

/// However many empty lines come with it.
#[test]
fn what_begins_with_no_method_is_refused_by_its_first_byte() {
    for bytes in ["\0", "\r\n\0", "\r\n\r\n ", " GET / HTTP/1.1"] {
        assert_eq!(refused(bytes), Kind::BadRequest);
    }
    assert!(matches!(scan(b"\r\n\r"), Ok(Scanned::Part)));
}

#[test]
fn framing_that_two_could_read_differently_is_refused() {
    for lines in [
        "content-length: 1\r\ncontent-length: 1\r\n",
        "content-length: 1, 1\r\n",
        "content-length: +1\r\n",
        "content-length: -1\r\n",
        "content-length: 0x1\r\n",
        "content-length: 1 1\r\n",
        "content-length:\r\n",
        "content-length: 9223372036854775808\r\n",
        "content-length: 18446744073709551616\r\n",
        "content-length: 0\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 0\r\n",
        "transfer-encoding:\r\n",
        "transfer-encoding: chunked,\r\n",
        "transfer-encoding: chunked, gzip\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n",
        "transfer-encoding: chunked, chunked\r\n",
        "transfer-encoding : chunked\r\n",
        "transfer-encoding\r\n",
        " transfer-encoding: chunked\r\n",
        "x: y\r\n transfer-encoding: chunked\r\n",
    ] {
        assert_eq!(refused(&with(lines)), Kind::BadRequest, "{lines:?}");
    }
    for lines in [
        "transfer-encoding: gzip\r\n",
        "transfer-encoding: gzip, chunked\r\n",
        "transfer-encoding: xchunked\r\n",
        "transfer-encoding: chunked;a=b\r\n",
        "transfer-encoding: \"chunked\"\r\n",
        "transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n",
    ] {
        assert_eq!(refused(&with(lines)), Kind::NotImplemented, "{lines:?}");
    }
    assert_eq!(refused("POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n"), Kind::BadRequest);
}

#[test]
fn request_lines() {
    for good in [
        "OPTIONS * HTTP/1.1",
        "GET /a%20b?c=d&e={f}|[g] HTTP/1.1",
        "GET /{\"json\":[1]} HTTP/1.1",
        "GET /caf\u{e9} HTTP/1.1",
        "GET http://a.example:80/x?y HTTP/1.1",
        "GET HTTPS://[::1] HTTP/1.1",
        "M-SEARCH / HTTP/1.1",
    ] {
        assert_eq!(framing(&format!("{good}\r\n\r\n")), Framing::Length(0));
    }
    for (bad, kind) in [
        ("GET /", Kind::BadRequest),
        ("GET  / HTTP/1.1", Kind::BadRequest),
        ("GET / HTTP/1.1 ", Kind::BadRequest),
        ("GET /a b HTTP/1.1", Kind::BadRequest),
        ("GET\t/ HTTP/1.1", Kind::BadRequest),
        ("G(T / HTTP/1.1", Kind::BadRequest),
        ("GET / http/1.1", Kind::BadRequest),
        ("GET / HTTP/1", Kind::BadRequest),
        ("GET / HTTP/1.10", Kind::BadRequest),
        ("GET / HTTPS/1.1", Kind::BadRequest),
        ("GET / HTTP/1.2", Kind::VersionNotSupported),
        ("GET / HTTP/0.9", Kind::VersionNotSupported),
        ("PRI * HTTP/2.0", Kind::VersionNotSupported),
        ("GET * HTTP/1.1", Kind::BadRequest),
        ("GET a.example HTTP/1.1", Kind::BadRequest),
        ("GET a.example:80 HTTP/1.1", Kind::BadRequest),
        ("GET refused:0 HTTP/1.1", Kind::BadRequest),
        ("GET ftp://a/ HTTP/1.1", Kind::BadRequest),
        ("GET http:///x HTTP/1.1", Kind::BadRequest),
        ("GET http://user@a/ HTTP/1.1", Kind::BadRequest),
        ("GET http://a:b:c/ HTTP/1.1", Kind::BadRequest),
        ("GET /a#b HTTP/1.1", Kind::BadRequest),
        ("GET /<x> HTTP/1.1", Kind::BadRequest),
        ("GET /\u{1} HTTP/1.1", Kind::BadRequest),
        ("CONNECT a.example:80 HTTP/1.1", Kind::NotImplemented),
    ] {
        assert_eq!(refused(&format!("{bad}\r\nhost: a\r\n\r\n")), kind, "{bad}");
    }
    assert!(scan(b"GET /\xff HTTP/1.1\r\n\r\n").is_err(), "no UTF-8");
}

#[test]
fn lines_end_with_cr_lf_and_hold_no_control_characters() {
    for head in [
        "GET / HTTP/1.1\n\n",
        "GET / HTTP/1.1\r\nhost: a\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\n\n",
        "GET / HTTP/1.1\r\nx: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nx: a\0b\r\n\r\n",
        "GET / HTTP/1.1\r\nx: a\x7f\r\n\r\n",
        "GET / HTTP/1.1\r\nx\0y: a\r\n\r\n",
        "GET / HTTP/1.1\r\n: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\tx: a\r\n\r\n",
        "\x16\x03\x01",
        " GET / HTTP/1.1\r\n\r\n",
    ] {
        assert_eq!(refused(head), Kind::BadRequest, "{head:?}");
    }
    assert!(matches!(scan(b"GET / HTTP/1.1\r\nx: caf\xe9 \xff\t\r\n\r\n"), Ok(Scanned::Whole(..))));
}

#[test]
fn too_much_is_told_as_soon_as_it_is_known() {
    let long = |count| "a".repeat(count);
    assert_eq!(refused(&format!("GET /{}", long(MAX))), Kind::TargetTooLong);
    assert_eq!(refused(&with(&format!("x: {}", long(MAX)))), Kind::HeadTooLarge);
    let exact = with(&format!("x: {}\r\n", long(MAX - with("x: \r\n").len())));
    assert_eq!(exact.len(), MAX);
    assert_eq!(framing(&exact), Framing::Length(0));
    assert_eq!(refused(&exact.replace("x: ", "x: a")), Kind::HeadTooLarge);
    let lines = |count| "GET / HTTP/1.1\r\n".to_owned() + &"x: y\r\n".repeat(count) + "\r\n";
    assert_eq!(framing(&lines(100)), Framing::Length(0));
    assert_eq!(refused(&lines(101)), Kind::HeadTooLarge);
    let target = format!("GET /{} HTTP/1.1\r\n\r\n", long(70_000));
    let kind = Head::default().scan(target.as_bytes(), 200_000).unwrap_err().kind();
    assert_eq!(kind, Kind::TargetTooLong);
}

#[test]
fn a_head_in_pieces_is_judged_as_one() {
    let whole = with("transfer-encoding: chunked\r\nx: y\r\n");
    let mut head = Head::default();
    for end in 0..whole.len() {
        assert_eq!(head.is_blank(&whole.as_bytes()[..end]), end == 0);
        assert!(matches!(head.scan(&whole.as_bytes()[..end], MAX), Ok(Scanned::Part)), "{end}");
    }
    let Ok(Scanned::Whole(length, Framing::Chunked)) = head.scan(whole.as_bytes(), MAX) else {
        panic!("not whole")
    };
    assert_eq!(length, whole.len());
    let mut blank = Head::default();
    assert!(matches!(blank.scan(b"\r\n\r", MAX), Ok(Scanned::Part)));
    assert!(blank.is_blank(b"\r\n\r"));
}
