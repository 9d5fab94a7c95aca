//! The answer.

use std::ffi::c_void;

use sdk::Error;

use crate::error::Fault;
use crate::request::{hold, slotway_request};
use crate::status::slotway_status;
use crate::types::{bytes, headers as headers_of, put, slotway_field, timeout};

fn status_of(status: u32) -> Result<u16, Fault> {
    u16::try_from(status).map_err(|_| {
        Error::InvalidHead(format!(
            "the status {status} cannot be sent; a response's status is 200 to 599"
        ))
        .into()
    })
}

/// Answers in one call. A body that the slot cannot hold at once flows as the client takes
/// it, and this waits for it.
///
/// status is 200 to 599. headers may be NULL when header_count is 0, body when length is 0.
/// A content-length is the library's to state. Everything is copied.
///
/// Ownership: the request is answered, and its handle still to be closed.
/// From one thread at a time for a request's answer.
/// Errors: SLOTWAY_E_INVALID_HEAD, SLOTWAY_E_TOO_LARGE (the head), SLOTWAY_E_BODY_LENGTH and
/// SLOTWAY_E_INVALID_ARGUMENT leave it to be answered. SLOTWAY_E_CANCELLED and
/// SLOTWAY_E_HUB_GONE: it is over. SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_OUT_OF_ORDER
/// (started, or a body was committed), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_respond(
    request: *mut slotway_request,
    status: u32,
    headers: *const slotway_field,
    header_count: usize,
    body: *const c_void,
    length: usize,
) -> slotway_status {
    export!([request] => {
        let held = hold(request)?;
        // SAFETY: the header's contract.
        let headers = unsafe { headers_of(headers, header_count)? };
        // SAFETY: the header's contract.
        let body = unsafe { bytes("body", body, length)? };
        held.raw.respond(status_of(status)?, headers, body)?;
        Ok(())
    })
}

/// Gives length bytes of room in the slot, for a body that is written in place. What it
/// holds is unspecified. slotway_request_commit makes what was written part of the body,
/// then more can be reserved, and slotway_request_complete answers with it; or all this
/// after slotway_request_start, as a way of streaming.
///
/// Lifetime: until the next call for this request's answer, or slotway_request_close.
/// From one thread at a time for a request's answer.
/// Errors: SLOTWAY_E_TOO_LARGE (there is not so much room in one piece now; response_capacity
/// of slotway_head is what an empty slot has), SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_reserve(
    request: *mut slotway_request,
    length: usize,
    space: *mut *mut c_void,
) -> slotway_status {
    export!([request, space] => {
        let held = hold(request)?;
        // SAFETY: the header's contract: the space is not used after it has ended, and one
        // thread at a time answers.
        let found = unsafe { held.raw.reserve(length)? };
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(space, found.as_mut_ptr().cast()) };
        Ok(())
    })
}

/// Adds the first count bytes of the room that was reserved to the body.
///
/// From one thread at a time for a request's answer.
/// Errors: SLOTWAY_E_TOO_LARGE (there is less room), SLOTWAY_E_BODY_LENGTH (more than the
/// declared length), SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_commit(
    request: *mut slotway_request,
    count: usize,
) -> slotway_status {
    export!([request] => {
        hold(request)?.raw.commit(count)?;
        Ok(())
    })
}

/// Answers with the body that was committed: its head, its length and its end in one.
///
/// status and headers are as for slotway_request_respond, and so are ownership and errors.
///
/// From one thread at a time for a request's answer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_complete(
    request: *mut slotway_request,
    status: u32,
    headers: *const slotway_field,
    header_count: usize,
) -> slotway_status {
    export!([request] => {
        let held = hold(request)?;
        // SAFETY: the header's contract.
        let headers = unsafe { headers_of(headers, header_count)? };
        held.raw.complete(status_of(status)?, headers)?;
        Ok(())
    })
}

/// Begins a streamed answer. Its head travels with the first bytes of the body, or with
/// slotway_request_flush. A content-length among the headers declares the body's length,
/// which is then held to; without one the body ends with slotway_request_finish.
///
/// status and headers are as for slotway_request_respond.
///
/// From one thread at a time for a request's answer.
/// Errors: SLOTWAY_E_INVALID_HEAD, SLOTWAY_E_TOO_LARGE, SLOTWAY_E_BODY_LENGTH (more was
/// committed), SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_OUT_OF_ORDER (started before),
/// SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_start(
    request: *mut slotway_request,
    status: u32,
    headers: *const slotway_field,
    header_count: usize,
) -> slotway_status {
    export!([request] => {
        let held = hold(request)?;
        // SAFETY: the header's contract.
        let headers = unsafe { headers_of(headers, header_count)? };
        held.raw.start(status_of(status)?, headers)?;
        Ok(())
    })
}

/// Adds bytes to a streamed body, all of them, waiting for room.
///
/// timeout_ms: negative waits for ever, 0 not at all. After SLOTWAY_E_TIMEOUT some of the
/// bytes may have gone: abort the answer. Who wants to go on later writes with
/// slotway_request_try_write.
///
/// From one thread at a time for a request's answer.
/// Errors: SLOTWAY_E_TIMEOUT, SLOTWAY_E_CANCELLED, SLOTWAY_E_HUB_GONE, SLOTWAY_E_BODY_LENGTH
/// (more than the declared length), SLOTWAY_E_OUT_OF_ORDER (not started),
/// SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_write(
    request: *mut slotway_request,
    data: *const c_void,
    length: usize,
    timeout_ms: i64,
) -> slotway_status {
    export!([request] => {
        let held = hold(request)?;
        // SAFETY: the header's contract.
        let data = unsafe { bytes("data", data, length)? };
        held.raw.write(data, timeout(timeout_ms))?;
        Ok(())
    })
}

/// Adds as many of the bytes as there is room for, without waiting. *count is how many
/// went. SLOTWAY_E_AGAIN: no room now, and a notice will come
/// (slotway_worker_take_notices).
///
/// From one thread at a time for a request's answer.
/// Errors: SLOTWAY_E_AGAIN, and those of slotway_request_write but for SLOTWAY_E_TIMEOUT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_try_write(
    request: *mut slotway_request,
    data: *const c_void,
    length: usize,
    count: *mut usize,
) -> slotway_status {
    export!([request, count] => {
        let held = hold(request)?;
        // SAFETY: the header's contract.
        let data = unsafe { bytes("data", data, length)? };
        held.watch(request);
        let found = held.raw.try_write(data)?.ok_or(Fault::Again)?;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(count, found) };
        Ok(())
    })
}

/// Sends the head of a streamed answer and what was committed on their way now.
///
/// From one thread at a time for a request's answer.
/// Errors: SLOTWAY_E_OUT_OF_ORDER (not started), SLOTWAY_E_ALREADY_ANSWERED,
/// SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_flush(request: *mut slotway_request) -> slotway_status {
    export!([request] => {
        hold(request)?.raw.flush()?;
        Ok(())
    })
}

/// Ends a streamed answer.
///
/// Ownership: the request is answered, and its handle still to be closed.
/// From one thread at a time for a request's answer.
/// Errors: SLOTWAY_E_BODY_LENGTH (the body is shorter than declared: the client's connection
/// is broken off), SLOTWAY_E_OUT_OF_ORDER (not started), SLOTWAY_E_ALREADY_ANSWERED,
/// SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_finish(request: *mut slotway_request) -> slotway_status {
    export!([request] => {
        hold(request)?.raw.finish()?;
        Ok(())
    })
}

/// Breaks the answer off: the client gets 502, or a broken connection if the response had
/// begun.
///
/// Ownership: the request is answered, and its handle still to be closed.
/// From one thread at a time for a request's answer.
/// Errors: SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_abort(request: *mut slotway_request) -> slotway_status {
    export!([request] => {
        hold(request)?.raw.abort()?;
        Ok(())
    })
}
