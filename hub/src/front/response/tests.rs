use super::*;

/// A head as a worker could write it, right or wrong.
fn head(status: u16, length: Option<u64>, fields: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut records = Vec::new();
    for (name, value) in fields {
        records.extend((name.len() as u16).to_le_bytes());
        records.extend((value.len() as u32).to_le_bytes());
        records.extend(*name);
        records.extend(*value);
    }
    let mut bytes = Vec::new();
    bytes.extend((16 + records.len() as u32).to_le_bytes());
    bytes.extend(status.to_le_bytes());
    bytes.extend((fields.len() as u16).to_le_bytes());
    bytes.extend(length.unwrap_or(u64::MAX).to_le_bytes());
    bytes.extend(records);
    bytes
}

fn judged(status: u16, length: Option<u64>, fields: &[(&[u8], &[u8])]) -> Result<Head, BadAnswer> {
    check(&head(status, length, fields).into(), HeaderMap::new(), Values::Shared)
}

#[test]
fn h14_repeated_headers_and_bytes_go_on_in_order() {
    let head = judged(200, None, &[(b"X-A", b"1"), (b"x-b", b"\xff\x80"), (b"x-a", b"2")]).unwrap();
    assert_eq!(head.status, 200);
    let values: Vec<_> = head.headers.get_all("x-a").iter().collect();
    assert_eq!(values, ["1", "2"]);
    assert_eq!(head.headers["x-b"].as_bytes(), b"\xff\x80");
    assert_eq!(head.length, None);
}

#[test]
fn h14_what_would_break_the_framing_is_refused() {
    let bad = |status, length, fields| judged(status, length, fields).unwrap_err();
    assert_eq!(bad(101, None, &[]), BadAnswer::Status(101));
    assert_eq!(bad(600, None, &[]), BadAnswer::Status(600));
    assert_eq!(bad(0, None, &[]), BadAnswer::Status(0));
    assert_eq!(bad(200, None, &[(b"Transfer-Encoding", b"chunked")]), BadAnswer::TransferEncoding);
    assert_eq!(bad(200, None, &[(b"content-length", b"+5")]), BadAnswer::LengthValue);
    assert_eq!(bad(200, Some(4), &[(b"content-length", b"5")]), BadAnswer::Lengths(4, 5));
    assert_eq!(
        bad(200, None, &[(b"content-length", b"4"), (b"content-length", b"5")]),
        BadAnswer::Lengths(4, 5)
    );
    assert!(matches!(bad(200, None, &[(b"x y", b"")]), BadAnswer::HeaderName(_)));
    assert!(matches!(bad(200, None, &[(b"", b"")]), BadAnswer::HeaderName(_)));
    assert!(matches!(bad(200, None, &[(b"x", b"a\r\nb: c")]), BadAnswer::HeaderValue(_)));
    assert!(matches!(
        check(&Bytes::from_static(b"short"), HeaderMap::new(), Values::Copied),
        Err(BadAnswer::Head(_))
    ));
}

#[test]
fn h14_hop_by_hop_headers_of_a_worker_stay_here() {
    let fields: [(&[u8], &[u8]); 4] = [
        (b"connection", b"close, x-private"),
        (b"keep-alive", b"timeout=5"),
        (b"x-private", b"1"),
        (b"x-public", b"2"),
    ];
    let head = judged(200, None, &fields).unwrap();
    assert_eq!(head.headers.len(), 1);
    assert_eq!(head.headers["x-public"], "2");
}

#[test]
fn a_length_is_taken_from_the_field_or_the_header() {
    assert_eq!(judged(200, Some(7), &[]).unwrap().length, Some(7));
    let head = judged(200, None, &[(b"Content-Length", b"7")]).unwrap();
    assert_eq!(head.length, Some(7));
    assert!(head.headers.is_empty(), "hyper writes it");
}
