//! What the fuzz targets call: judges of bytes that come from outside, with the checks that
//! only a fuzzer makes. No part of the library's interface.

/// Judges the head of a worker's answer, any bytes, and looks at what passes: it breaks no
/// client's framing.
///
/// # Panics
///
/// When it would.
pub fn response_head(bytes: &[u8]) {
    crate::front::fuzz_response_head(bytes);
}

/// Guards a connection of HTTP/1.1 on which these bytes come, in pieces of `size` and whole:
/// what passes to hyper and what is refused is the same.
///
/// # Panics
///
/// When it is not.
pub fn http_requests(bytes: &[u8], size: usize) {
    crate::front::fuzz_http_requests(bytes, size);
}

/// Reads a header of the PROXY protocol, any bytes: every beginning of one waits for more.
///
/// # Panics
///
/// When one does not.
pub fn proxy_header(bytes: &[u8]) {
    crate::front::fuzz_proxy_header(bytes);
}

/// Encodes an event of any type, id and payload between two others: whoever reads it gets
/// the three.
///
/// # Panics
///
/// When not.
pub fn server_sent_event(event: &[u8], id: &[u8], payload: &[u8]) {
    crate::sse::fuzz(event, id, payload);
}
