use super::{Head, HeadTooLong, Headers};

#[test]
fn headers_come_back_in_order_with_repeats_and_any_bytes() {
    let given: [(&[u8], &[u8]); 4] =
        [(b"host", b"a.example"), (b"cookie", b""), (b"x-raw", b"caf\xe9"), (b"cookie", b"1")];
    let mut headers = Headers::default();
    for (name, value) in given {
        headers.push(name, value).expect("short");
    }
    let head = Head { headers, ..Head::default() };
    assert!(head.headers().eq(given));
    assert_eq!(head.host(), "a.example");
    assert_eq!(Head::default().host(), "");
}

#[test]
fn more_than_is_kept_is_refused() {
    let mut headers = Headers::default();
    headers.push(b"cookie", &[b'x'; 16_000]).expect("it fits");
    assert_eq!(headers.push(b"cookie", &[b'x'; 1000]), Err(HeadTooLong));
    assert_eq!(Headers::default().push(b"cookie", &[b'x'; 70_000]), Err(HeadTooLong));
}
