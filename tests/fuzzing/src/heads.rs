//! Heads of requests as they lie in a slot.

use std::net::SocketAddr;

use arbitrary::{Result, Unstructured};
use slotway_core::Area;
use slotway_core::head::{RequestEncoder, RequestHead, RequestLine, ResponseHead, TraceContext};

/// Bytes that a worker takes for a request's head: they are read or refused, and every part
/// of what is read lies within them. And a head that was made of parts comes back as those.
pub fn request_head(data: &[u8]) {
    as_it_is(data);
    // A head whose stated length is right gets further.
    let mut bytes = data.to_vec();
    let length = (bytes.len() as u32).to_le_bytes();
    if let Some(first) = bytes.first_chunk_mut::<4>() {
        *first = length;
        as_it_is(&bytes);
    }
    let _ = there_and_back(&mut Unstructured::new(data));
}

fn as_it_is(bytes: &[u8]) {
    if let Ok(head) = RequestHead::parse(bytes) {
        let fields = || head.params().chain(head.headers());
        let length: usize = fields().map(|(name, value)| name.len() + value.len()).sum();
        let line = head.method().len() + head.path().len() + head.route().len();
        let query = head.query().unwrap_or_default().len();
        assert!(length + line + query <= bytes.len());
        for (name, _) in head.params() {
            let name = std::str::from_utf8(name).expect("names of parameters are text");
            assert!(head.param(name).is_some());
        }
        for (name, _) in head.headers() {
            if let Ok(name) = std::str::from_utf8(name) {
                assert!(head.header(name).is_some());
            }
        }
        let _ = (head.peer(), head.trace(), head.deadline_ns(), head.content_length());
        let _ = (head.registration(), head.route_index(), head.http_version());
    }
    if let Ok(head) = ResponseHead::parse(bytes) {
        let length: usize = head.headers().map(|(name, value)| name.len() + value.len()).sum();
        assert!(length <= bytes.len());
    }
}

fn there_and_back(u: &mut Unstructured<'_>) -> Result<()> {
    let mut area = vec![0; usize::from(u.arbitrary::<u16>()?) % 2048];
    let peer: Option<([u8; 16], u16, bool)> = u.arbitrary()?;
    let peer = peer.map(|(ip, port, is_v4)| match is_v4 {
        true => SocketAddr::from(([ip[0], ip[1], ip[2], ip[3]], port)),
        false => SocketAddr::from((ip, port)),
    });
    let trace: Option<([u8; 16], [u8; 8], u8)> = u.arbitrary()?;
    let trace =
        trace.map(|(trace_id, parent_id, flags)| TraceContext { trace_id, parent_id, flags });
    let line = RequestLine {
        method: u.arbitrary::<&str>()?.as_bytes(),
        path: u.arbitrary()?,
        query: u.arbitrary()?,
        route: u.arbitrary::<&str>()?.as_bytes(),
        registration: u.arbitrary()?,
        route_index: u.arbitrary()?,
        deadline_ns: u.arbitrary()?,
        content_length: u.arbitrary()?,
        http_version: u.arbitrary()?,
        peer,
        trace,
    };
    let params: Vec<(&str, &[u8])> = u.arbitrary()?;
    let headers: Vec<(&[u8], &[u8])> = u.arbitrary()?;
    let length = {
        let Ok(mut encoder) = RequestEncoder::new(Area::from_slice(&mut area), &line) else {
            return Ok(());
        };
        for (name, value) in &params {
            if encoder.param(name, value).is_err() {
                return Ok(());
            }
        }
        for (name, value) in &headers {
            if encoder.header(name, value).is_err() {
                return Ok(());
            }
        }
        encoder.finish() as usize
    };
    let head = RequestHead::parse(&area[..length]).expect("what was encoded");
    assert_eq!(
        (head.method().as_bytes(), head.path(), head.query(), head.route().as_bytes()),
        (line.method, line.path, line.query, line.route)
    );
    assert_eq!(
        (head.registration(), head.route_index(), head.http_version(), head.peer()),
        (line.registration, line.route_index, line.http_version, line.peer)
    );
    assert_eq!(head.deadline_ns(), Some(line.deadline_ns).filter(|&deadline| deadline != 0));
    // The largest number is how an unknown length is written.
    assert_eq!(head.content_length(), line.content_length.filter(|&length| length != u64::MAX));
    assert_eq!(head.trace(), line.trace);
    let found: Vec<_> = head.params().collect();
    let params: Vec<_> = params.iter().map(|(name, value)| (name.as_bytes(), *value)).collect();
    assert_eq!(found, params);
    assert_eq!(head.headers().collect::<Vec<_>>(), headers);
    Ok(())
}
