use bytes::Bytes;

use super::*;

const LONG: &[u8] = &[b'x'; 5000];

fn config() -> Compression {
    Compression { enabled: true, ..Compression::default() }
}

fn response(headers: &[(&'static str, &'static str)], body: &'static [u8]) -> Response<Kind> {
    let mut response = Response::new(Kind::Full(Bytes::from_static(body)));
    for (name, value) in headers {
        response.headers_mut().append(*name, HeaderValue::from_static(value));
    }
    response
}

fn granted(
    method: Method,
    asked: &[(&'static str, &'static str)],
    response: Response<Kind>,
) -> Response<Kind> {
    let mut headers = HeaderMap::new();
    for (name, value) in asked {
        headers.append(*name, HeaderValue::from_static(value));
    }
    let gate = Arc::new(Gate::new(1, 0));
    Wish::of(&method, &headers).grant(&config(), &gate, response)
}

fn is_compressed(response: &Response<Kind>) -> bool {
    let is = matches!(response.body(), Kind::Compressed(_));
    assert_eq!(is, response.headers().contains_key(CONTENT_ENCODING));
    is
}

#[test]
fn text_is_compressed_and_says_so() {
    let fields = [
        ("content-type", "Text/HTML; charset=utf-8"),
        ("etag", "\"v1\""),
        ("accept-ranges", "bytes"),
        ("vary", "cookie"),
    ];
    let answer = granted(Method::GET, &[("accept-encoding", "gzip")], response(&fields, LONG));
    assert!(is_compressed(&answer));
    let headers = answer.headers();
    assert_eq!(headers["content-encoding"], "gzip");
    assert_eq!(headers["etag"], "W/\"v1\"");
    assert!(!headers.contains_key("accept-ranges"));
    let vary: Vec<_> = headers.get_all("vary").iter().collect();
    assert_eq!(vary, ["cookie", "accept-encoding"]);
    assert_eq!(answer.body().size_hint().exact(), None);
}

#[test]
fn whoever_accepts_nothing_gets_it_as_it_is_and_caches_are_told() {
    let answer = granted(Method::GET, &[], response(&[("content-type", "text/css")], LONG));
    assert!(!is_compressed(&answer));
    assert_eq!(answer.headers()["vary"], "accept-encoding");
}

#[test]
fn what_is_not_of_the_kind_is_left_alone() {
    let text = ("content-type", "text/plain");
    for (fields, body) in [
        (&[text][..], &LONG[..1023]),
        (&[], LONG),
        (&[("content-type", "image/png")], LONG),
        (&[("content-type", "text/event-stream")], LONG),
        (&[("content-type", "application/octet-stream")], LONG),
        (&[text, ("content-encoding", "br")], LONG),
        (&[text, ("content-encoding", "identity")], LONG),
        (&[text, ("content-range", "bytes 0-1/2")], LONG),
        (&[text, ("cache-control", "public, No-Transform")], LONG),
        (&[text, ("repr-digest", "sha-256=:x:")], LONG),
    ] {
        let answer = granted(Method::GET, &[("accept-encoding", "gzip")], response(fields, body));
        assert!(matches!(answer.body(), Kind::Full(_)), "{fields:?}");
        assert!(!answer.headers().contains_key("vary"), "{fields:?}");
    }
    let mut part = response(&[text], LONG);
    *part.status_mut() = StatusCode::PARTIAL_CONTENT;
    assert!(!is_compressed(&granted(Method::GET, &[("accept-encoding", "gzip")], part)));
    let asked = [("accept-encoding", "gzip"), ("cache-control", "no-transform")];
    assert!(!is_compressed(&granted(Method::GET, &asked, response(&[text], LONG))));
}

#[test]
fn head_has_the_headers_of_get() {
    let fields = [("content-type", "application/json"), ("content-length", "5000")];
    let mut head = response(&fields, b"");
    *head.body_mut() = Kind::Empty;
    let answer = granted(Method::HEAD, &[("accept-encoding", "br")], head);
    assert!(matches!(answer.body(), Kind::Empty));
    assert_eq!(answer.headers()["content-encoding"], "br");
    assert_eq!(answer.headers()["vary"], "accept-encoding");
    assert!(!answer.headers().contains_key("content-length"));
    let mut short = response(&[fields[0], ("content-length", "50")], b"");
    *short.body_mut() = Kind::Empty;
    let answer = granted(Method::HEAD, &[("accept-encoding", "br")], short);
    assert_eq!(answer.headers()["content-length"], "50");
}

#[test]
fn only_so_many_at_a_time() {
    let gate = Arc::new(Gate::new(1, 0));
    let headers =
        HeaderMap::from_iter([("accept-encoding".parse().unwrap(), "gzip".parse().unwrap())]);
    let grant = || {
        let wish = Wish::of(&Method::GET, &headers);
        wish.grant(&config(), &gate, response(&[("content-type", "text/plain")], LONG))
    };
    let first = grant();
    assert!(is_compressed(&first));
    assert!(!is_compressed(&grant()));
    drop(first);
    assert!(is_compressed(&grant()));
}
