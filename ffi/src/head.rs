//! What a request is, but for its body.

use std::ffi::c_char;
use std::net::IpAddr;

use sdk::Error;
use slotway_core::head::{Fields, RequestHead};

use crate::error::Fault;
use crate::options::{Sized32, put_sized};
use crate::request::{Request, hold, slotway_request};
use crate::status::slotway_status;
use crate::types::{put, put_at, slotway_field, slotway_view, text};

/// The length of a body whose client did not state it.
pub const SLOTWAY_LENGTH_UNKNOWN: u64 = u64::MAX;

/// What a request is besides its parameters, headers and body. Begin with
/// SLOTWAY_HEAD_INIT.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_head {
    /// sizeof(slotway_head).
    pub size: u32,
    /// The version of HTTP: 10, 11 or 20.
    pub http_version: u32,
    /// The index of the registration that matched, in the order they were added.
    pub registration: u32,
    /// The index of the route that matched, in its registration.
    pub route_index: u32,
    /// The method as it was sent.
    pub method: slotway_view,
    /// The path as it was sent, percent-encoding and all.
    pub path: slotway_view,
    /// What follows the question mark; data is NULL without one.
    pub query: slotway_view,
    /// The pattern that matched.
    pub route: slotway_view,
    /// Path parameters that there are.
    pub param_count: usize,
    /// Headers that there are.
    pub header_count: usize,
    /// The body's length if the client stated it, else SLOTWAY_LENGTH_UNKNOWN.
    pub content_length: u64,
    /// When the answer is due, in nanoseconds of CLOCK_MONOTONIC; 0 for never.
    pub deadline_ns: u64,
    /// Bytes of a response's body that the slot holds at once: what
    /// slotway_request_reserve can give at most.
    pub response_capacity: usize,
}

/// Who sent a request.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_peer {
    /// 4 or 6, the version of IP; 0 when it came over a Unix socket.
    pub family: u32,
    /// The port.
    pub port: u32,
    /// The address in network order: 4 or 16 bytes, then zeros.
    pub address: [u8; 16],
}

/// Where a request stands in a distributed trace (W3C Trace Context, traceparent).
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_trace {
    /// The trace's id; all zeros when the request belongs to none.
    pub trace_id: [u8; 16],
    /// The id of the caller's span.
    pub parent_id: [u8; 8],
    /// The flags, of which bit 0 is "sampled".
    pub flags: u8,
    /// 0.
    pub reserved: [u8; 7],
}

const _: () = assert!(size_of::<slotway_head>() == 16 + 4 * 16 + 5 * 8);
const _: () = assert!(size_of::<slotway_peer>() == 24);
const _: () = assert!(size_of::<slotway_trace>() == 32);

// SAFETY: `repr(C)`; integers and raw pointers, laid out without gaps (asserted above).
unsafe impl Sized32 for slotway_head {}

impl Request {
    /// Does something with the head, unless the request was answered and its slot may hold
    /// another one.
    #[inline]
    pub(crate) fn with_head<T>(
        &self,
        body: impl FnOnce(&RequestHead<'_>) -> T,
    ) -> Result<T, Fault> {
        if !self.raw.is_open() {
            return Err(Error::AlreadyAnswered.into());
        }
        // SAFETY: the request is open, and the header's contract has the caller answer it
        // only after he is done with what this gives.
        Ok(body(unsafe { self.raw.head() }))
    }
}

/// Reads the head: method, path, query, matched route and the rest.
///
/// head->size says how much of the struct the caller knows; the rest of it is written.
///
/// Lifetime: the views lie in the slot, until the request is answered or closed.
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT (NULL, no such size), SLOTWAY_E_ALREADY_ANSWERED,
/// SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_head(
    request: *mut slotway_request,
    head: *mut slotway_head,
) -> slotway_status {
    export!([request, head] => {
        let held = hold(request)?;
        // SAFETY: the header's contract; it is not NULL, and the size comes first.
        let size = unsafe { head.cast::<u32>().read() };
        let filled = held.with_head(|found| slotway_head {
            size,
            http_version: found.http_version().into(),
            registration: found.registration(),
            route_index: found.route_index(),
            method: slotway_view::new(found.method().as_bytes()),
            path: slotway_view::new(found.path()),
            query: slotway_view::optional(found.query()),
            route: slotway_view::new(found.route().as_bytes()),
            param_count: found.params().count(),
            header_count: found.headers().count(),
            content_length: found.content_length().unwrap_or(SLOTWAY_LENGTH_UNKNOWN),
            deadline_ns: found.deadline_ns().unwrap_or(0),
            response_capacity: held.raw.response_capacity(),
        })?;
        // SAFETY: the header's contract: as many writable bytes as `size` says.
        unsafe { put_sized("head", head, size as usize, &filled) }
    })
}

/// Reads a path parameter by its name in the pattern, percent-decoded, never empty.
/// Without a parameter of that name value->data is NULL.
///
/// Lifetime: the view lies in the slot, until the request is answered or closed.
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_param(
    request: *mut slotway_request,
    name: *const c_char,
    value: *mut slotway_view,
) -> slotway_status {
    export!([request, name, value] => {
        let held = hold(request)?;
        // SAFETY: the header's contract; it is not NULL.
        let name = unsafe { text("name", name)? };
        let found = held.with_head(|head| slotway_view::optional(head.param(name)))?;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(value, found) };
        Ok(())
    })
}

/// Reads the first header of a name, in any case of letters. Without one value->data is
/// NULL. Values are any bytes.
///
/// Lifetime: the view lies in the slot, until the request is answered or closed.
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_header(
    request: *mut slotway_request,
    name: *const c_char,
    value: *mut slotway_view,
) -> slotway_status {
    export!([request, name, value] => {
        let held = hold(request)?;
        // SAFETY: the header's contract; it is not NULL.
        let name = unsafe { text("name", name)? };
        let found = held.with_head(|head| slotway_view::optional(head.header(name)))?;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(value, found) };
        Ok(())
    })
}

/// Reads the path parameters in the pattern's order, the first capacity of them. *count is
/// how many there are, which may be more.
///
/// Lifetime: the views lie in the slot, until the request is answered or closed.
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_params(
    request: *mut slotway_request,
    capacity: usize,
    params: *mut slotway_field,
    count: *mut usize,
) -> slotway_status {
    export!([request, params, count] => {
        let held = hold(request)?;
        // SAFETY: the header's contract.
        let found = held.with_head(|head| unsafe { list(head.params(), capacity, params) })?;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(count, found) };
        Ok(())
    })
}

/// Reads the headers in the order in which they came, repeated ones repeated, the first
/// capacity of them. Names are in lower case, values any bytes. *count is how many there
/// are, which may be more.
///
/// Lifetime: the views lie in the slot, until the request is answered or closed.
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_headers(
    request: *mut slotway_request,
    capacity: usize,
    headers: *mut slotway_field,
    count: *mut usize,
) -> slotway_status {
    export!([request, headers, count] => {
        let held = hold(request)?;
        // SAFETY: the header's contract.
        let found = held.with_head(|head| unsafe { list(head.headers(), capacity, headers) })?;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(count, found) };
        Ok(())
    })
}

/// # Safety
///
/// `into` points to `capacity` fields, initialised or not.
unsafe fn list(fields: Fields<'_>, capacity: usize, into: *mut slotway_field) -> usize {
    let mut count = 0;
    for field in fields {
        if count < capacity {
            // SAFETY: the caller's promise.
            unsafe { put_at(into, count, slotway_field::new(field)) };
        }
        count += 1;
    }
    count
}

/// Reads who sent the request.
///
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_peer(
    request: *mut slotway_request,
    peer: *mut slotway_peer,
) -> slotway_status {
    export!([request, peer] => {
        let found = hold(request)?.with_head(|head| head.peer())?;
        let mut filled = slotway_peer { family: 0, port: 0, address: [0; 16] };
        if let Some(found) = found {
            filled.port = found.port().into();
            match found.ip() {
                IpAddr::V4(ip) => {
                    filled.family = 4;
                    filled.address[..4].copy_from_slice(&ip.octets());
                }
                IpAddr::V6(ip) => {
                    filled.family = 6;
                    filled.address = ip.octets();
                }
            }
        }
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(peer, filled) };
        Ok(())
    })
}

/// Reads the trace that the request belongs to.
///
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_trace(
    request: *mut slotway_request,
    trace: *mut slotway_trace,
) -> slotway_status {
    export!([request, trace] => {
        let found = hold(request)?.with_head(|head| head.trace())?;
        let found = found.map_or(([0; 16], [0; 8], 0), |found| {
            (found.trace_id, found.parent_id, found.flags)
        });
        let (trace_id, parent_id, flags) = found;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(trace, slotway_trace { trace_id, parent_id, flags, reserved: [0; 7] }) };
        Ok(())
    })
}
