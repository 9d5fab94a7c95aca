//! Streams that a worker owns: who comes and goes.

use crate::options::{Sized32, put_sized};
use crate::request::{hold, slotway_request};
use crate::status::slotway_status;

/// The request is not about a client of a stream: its route has no SLOTWAY_ROUTE_SSE, or
/// it is a HEAD. A value of slotway_sse.what.
pub const SLOTWAY_SSE_NOTHING: u32 = 0;

/// A client wants the events of the request's path. Answer with 200 to 299 and it gets them;
/// with anything else it gets that answer. A value of slotway_sse.what.
pub const SLOTWAY_SSE_CONNECT: u32 = 1;

/// A client is there already, and the worker that knew it is gone, or drains. Answer as for
/// SLOTWAY_SSE_CONNECT; anything but 200 to 299 ends its stream. A value of
/// slotway_sse.what.
pub const SLOTWAY_SSE_RECONNECT: u32 = 2;

/// A client is gone. The answer does not matter. A value of slotway_sse.what.
pub const SLOTWAY_SSE_DISCONNECT: u32 = 3;

/// What has happened to a client of a stream. Begin with SLOTWAY_SSE_INIT.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_sse {
    /// sizeof(slotway_sse).
    pub size: u32,
    /// SLOTWAY_SSE_CONNECT, _RECONNECT or _DISCONNECT; SLOTWAY_SSE_NOTHING for requests of
    /// other routes.
    pub what: u32,
    /// The client's number, below 2^53 and never used twice; 0 with SLOTWAY_SSE_NOTHING.
    pub connection: u64,
}

const _: () = assert!(size_of::<slotway_sse>() == 16);

// SAFETY: `repr(C)`, integers without gaps (asserted above).
unsafe impl Sized32 for slotway_sse {}

/// Tells which client of a stream that this worker owns a request is about, and what has
/// happened to it. Requests of a route with SLOTWAY_ROUTE_SSE come when a client does and
/// when it leaves; path, parameters and query are the client's, and so are the headers but
/// for SLOTWAY_SSE_DISCONNECT, which has none. Answer each.
///
/// sse->size says how much of the struct the caller knows; the rest of it is written.
///
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT (NULL, no such size), SLOTWAY_E_ALREADY_ANSWERED,
/// SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_sse(
    request: *mut slotway_request,
    sse: *mut slotway_sse,
) -> slotway_status {
    export!([request, sse] => {
        let held = hold(request)?;
        // SAFETY: the header's contract; it is not NULL, and the size comes first.
        let size = unsafe { sse.cast::<u32>().read() };
        let (what, connection) = held.with_head(|head| {
            let number = |value: &[u8]| std::str::from_utf8(value).ok()?.parse().ok();
            let what = match head.header("slotway-sse") {
                Some(b"connect") => SLOTWAY_SSE_CONNECT,
                Some(b"reconnect") => SLOTWAY_SSE_RECONNECT,
                Some(b"disconnect") => SLOTWAY_SSE_DISCONNECT,
                _ => SLOTWAY_SSE_NOTHING,
            };
            match head.header("slotway-connection").and_then(number) {
                Some(connection) if what != SLOTWAY_SSE_NOTHING => (what, connection),
                // Both or neither, which is the hub's to see to.
                _ => (SLOTWAY_SSE_NOTHING, 0),
            }
        })?;
        let filled = slotway_sse { size, what, connection };
        // SAFETY: the header's contract: as many writable bytes as `size` says.
        unsafe { put_sized("sse", sse, size as usize, &filled) }
    })
}
