//! What is encoded comes back; what is not a head is refused.

use core::net::SocketAddr;
use std::vec::Vec;

use proptest::prelude::*;

use super::{
    HeadError, HeadTooLong, RequestEncoder, RequestHead, RequestLine, ResponseEncoder,
    ResponseHead, TraceContext,
};
use crate::area::Area;

fn encode_request(area: &mut [u8]) -> Result<u32, HeadTooLong> {
    let peer: SocketAddr = "[2001:db8::7]:443".parse().expect("an address");
    let line = RequestLine {
        method: b"POST",
        path: b"/items/a%20b",
        query: Some(b""),
        route: b"/items/{id}",
        registration: 3,
        route_index: 7,
        deadline_ns: 12,
        content_length: None,
        http_version: 11,
        peer: Some(peer),
        trace: Some(TraceContext { trace_id: [1; 16], parent_id: [2; 8], flags: 1 }),
    };
    let mut encoder = RequestEncoder::new(Area::from_slice(area), &line)?;
    encoder.param("id", b"a b")?;
    encoder.header(b"accept", b"*/*")?;
    encoder.header(b"cookie", b"\xff\x00")?;
    encoder.header(b"cookie", b"")?;
    Ok(encoder.finish())
}

#[test]
fn a_request_head_comes_back_as_it_went() {
    let mut area = [0; 512];
    let length = encode_request(&mut area).expect("it fits") as usize;
    let head = RequestHead::parse(&area[..length]).expect("a head");
    assert_eq!(head.method(), "POST");
    assert_eq!(head.path(), b"/items/a%20b");
    assert_eq!(head.query(), Some(&b""[..]));
    assert_eq!(head.route(), "/items/{id}");
    assert_eq!((head.registration(), head.route_index()), (3, 7));
    assert_eq!(head.param("id"), Some(&b"a b"[..]));
    assert_eq!(head.param("ID"), None);
    let headers: Vec<_> = head.headers().collect();
    let expected: [(&[u8], &[u8]); 3] =
        [(b"accept", b"*/*"), (b"cookie", b"\xff\x00"), (b"cookie", b"")];
    assert_eq!(headers, expected);
    assert_eq!(head.deadline_ns(), Some(12));
    assert_eq!(head.content_length(), None);
    assert_eq!(head.http_version(), 11);
    assert_eq!(head.peer(), "[2001:db8::7]:443".parse().ok());
    let trace = head.trace().expect("it was traced");
    assert_eq!((trace.trace_id, trace.parent_id, trace.flags), ([1; 16], [2; 8], 1));
}

#[test]
fn a_request_head_that_does_not_fit_is_refused_at_every_length() {
    let mut area = [0; 512];
    let length = encode_request(&mut area).expect("it fits") as usize;
    for shorter in 0..length {
        let area = &mut area[..shorter];
        assert_eq!(encode_request(area), Err(HeadTooLong { area: shorter }));
    }
}

#[test]
fn a_request_head_that_was_cut_is_refused_at_every_length() {
    let mut area = [0; 512];
    let length = encode_request(&mut area).expect("it fits") as usize;
    for shorter in 0..length {
        assert!(RequestHead::parse(&area[..shorter]).is_err(), "{shorter} of {length} bytes");
    }
}

#[test]
fn a_response_head_comes_back_as_it_went() {
    let mut area = [0; 64];
    let mut encoder = ResponseEncoder::new(Area::from_slice(&mut area)).expect("it fits");
    encoder.header(b"set-cookie", b"a").expect("it fits");
    encoder.header(b"set-cookie", b"b").expect("it fits");
    let length = encoder.finish(200, Some(0)) as usize;
    let head = ResponseHead::parse(&area[..length]).expect("a head");
    assert_eq!((head.status(), head.content_length()), (200, Some(0)));
    assert_eq!(head.headers().count(), 2);
    assert!(matches!(ResponseHead::parse(&area[..length + 1]), Err(HeadError::Length { .. })));
}

proptest! {
    /// Hostile bytes are refused or read, never a panic.
    #[test]
    fn any_bytes_parse_or_are_refused(mut bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let length = bytes.len() as u32;
        let stated = length.to_le_bytes();
        if let Some(first) = bytes.first_chunk_mut::<4>() {
            *first = stated;
        }
        if let Ok(head) = ResponseHead::parse(&bytes) {
            prop_assert!(head.headers().count() <= bytes.len());
        }
        if let Ok(head) = RequestHead::parse(&bytes) {
            let _ = (head.peer(), head.trace(), head.param("x"), head.headers().count());
        }
    }
}
