//! What comes from clients and proxies, and what the hub makes of workers' answers.

use arbitrary::{Result, Unstructured};
use slotway_core::Area;
use slotway_core::head::ResponseEncoder;
use slotway_hub::fuzzing;

/// An answer's head as a worker may have written it: judged, and if it passes it breaks no
/// client's framing.
pub fn response_head(data: &[u8]) {
    fuzzing::response_head(data);
    let mut bytes = data.to_vec();
    let length = (bytes.len() as u32).to_le_bytes();
    if let Some(first) = bytes.first_chunk_mut::<4>() {
        *first = length;
        fuzzing::response_head(&bytes);
    }
    let _ = encoded(&mut Unstructured::new(data));
}

/// One that the codec made, of names that mean something.
fn encoded(u: &mut Unstructured<'_>) -> Result<()> {
    const NAMES: [&[u8]; 8] = [
        b"content-length",
        b"Transfer-Encoding",
        b"connection",
        b"keep-alive",
        b"x-a",
        b"content-type",
        b"trailer",
        b"upgrade",
    ];
    let mut area = vec![0; 4096];
    let mut encoder = ResponseEncoder::new(Area::from_slice(&mut area)).expect("it is longer");
    let (status, length) = (u.int_in_range(90..=610)?, u.arbitrary()?);
    for _ in 0..u.int_in_range(0..=6)? {
        let name = if u.ratio(3, 4)? { u.choose(&NAMES)? } else { u.arbitrary::<&[u8]>()? };
        let value = if u.ratio(1, 2)? { u.choose(&NAMES)? } else { u.arbitrary::<&[u8]>()? };
        if encoder.header(name, value).is_err() {
            break;
        }
    }
    let length = encoder.finish(status, length) as usize;
    fuzzing::response_head(&area[..length]);
    Ok(())
}

/// Bytes of a connection of HTTP/1.1: what the guard lets through to hyper, and what it
/// refuses, does not depend on the pieces in which they came.
///
/// The first byte says how long the pieces are.
pub fn http_requests(data: &[u8]) {
    let Some((&size, bytes)) = data.split_first() else { return };
    fuzzing::http_requests(bytes, usize::from(size) + 1);
}

/// A connection's first bytes where a proxy is expected: every beginning of a header waits
/// for more, and a header is of the length that it has whatever follows.
pub fn proxy_header(data: &[u8]) {
    fuzzing::proxy_header(data);
}

/// An event of any type, id and payload: to whoever reads it, it is one event, and that one.
///
/// The first two bytes say where the type and the id end.
pub fn server_sent_event(data: &[u8]) {
    let Some((&[event, id], rest)) = data.split_first_chunk::<2>() else { return };
    let (event, rest) = rest.split_at(usize::from(event).min(rest.len()));
    let (id, payload) = rest.split_at(usize::from(id).min(rest.len()));
    fuzzing::server_sent_event(event, id, payload);
}
