//! The request's body.

use std::ffi::c_void;

use crate::error::Fault;
use crate::request::{hold, slotway_request};
use crate::status::slotway_status;
use crate::types::{array_mut, put, slotway_view, timeout};

/// Waits until the whole body has arrived and shows it in one piece, where it lies. For
/// bodies that the slot holds at once (request_bytes of the options): a larger one is
/// SLOTWAY_E_TOO_LARGE, and is to be read in pieces.
///
/// timeout_ms: negative waits for ever, 0 only looks.
///
/// Lifetime: the view lies in the slot, until the body is read or consumed, or the request
/// is answered or closed.
/// From one thread at a time for a request's body.
/// Errors: SLOTWAY_E_TOO_LARGE, SLOTWAY_E_TIMEOUT, SLOTWAY_E_CANCELLED, SLOTWAY_E_HUB_GONE,
/// SLOTWAY_E_BODY_ABORTED, SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_body(
    request: *mut slotway_request,
    timeout_ms: i64,
    body: *mut slotway_view,
) -> slotway_status {
    export!([request, body] => {
        let held = hold(request)?;
        // SAFETY: the header's contract: the view is not used after it has ended.
        let found = unsafe { held.raw.body(timeout(timeout_ms))? };
        let found = slotway_view::new(found.ok_or(Fault::BodyTooLarge)?);
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(body, found) };
        Ok(())
    })
}

/// Reads some of the body into a buffer, waiting for the first byte. *count is how many
/// bytes came; 0 is the body's end.
///
/// timeout_ms: negative waits for ever, 0 only looks.
///
/// From one thread at a time for a request's body.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT (NULL, no capacity), SLOTWAY_E_TIMEOUT,
/// SLOTWAY_E_CANCELLED, SLOTWAY_E_HUB_GONE, SLOTWAY_E_BODY_ABORTED,
/// SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_read(
    request: *mut slotway_request,
    capacity: usize,
    timeout_ms: i64,
    buffer: *mut c_void,
    count: *mut usize,
) -> slotway_status {
    export!([request, buffer, count] => {
        let held = hold(request)?;
        // SAFETY: the header's contract.
        let into = unsafe { buffer_of(buffer, capacity)? };
        let found = held.raw.read(into, timeout(timeout_ms))?;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(count, found) };
        Ok(())
    })
}

/// Reads what of the body has arrived, without waiting. *count is how many bytes came; 0 is
/// the body's end. SLOTWAY_E_AGAIN: nothing now, and a notice will come
/// (slotway_worker_take_notices).
///
/// From one thread at a time for a request's body.
/// Errors: SLOTWAY_E_AGAIN, and those of slotway_request_read but for SLOTWAY_E_TIMEOUT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_try_read(
    request: *mut slotway_request,
    capacity: usize,
    buffer: *mut c_void,
    count: *mut usize,
) -> slotway_status {
    export!([request, buffer, count] => {
        let held = hold(request)?;
        // SAFETY: the header's contract.
        let into = unsafe { buffer_of(buffer, capacity)? };
        held.watch(request);
        let found = held.raw.try_read(into)?.ok_or(Fault::Again)?;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(count, found) };
        Ok(())
    })
}

/// Shows what of the body has arrived, where it lies, so far as it lies in one piece.
/// *complete tells whether this is all that is left of it.
///
/// Lifetime: the view lies in the slot, until the body is read or consumed, or the request
/// is answered or closed.
/// From one thread at a time for a request's body.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_CANCELLED, SLOTWAY_E_BODY_ABORTED,
/// SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_peek(
    request: *mut slotway_request,
    arrived: *mut slotway_view,
    complete: *mut bool,
) -> slotway_status {
    export!([request, arrived, complete] => {
        let held = hold(request)?;
        // SAFETY: the header's contract: the view is not used after it has ended.
        let (found, end) = unsafe { held.raw.peek()? };
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(arrived, slotway_view::new(found)) };
        // SAFETY: as above.
        unsafe { put(complete, end) };
        Ok(())
    })
}

/// Waits until more than seen bytes of the body that are not consumed have arrived, or all
/// that is left of it has: until slotway_request_peek has something new to show.
///
/// timeout_ms: negative waits for ever, 0 only looks. More than the slot holds never come
/// before some are consumed.
///
/// From one thread at a time for a request's body.
/// Errors: those of slotway_request_read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_wait(
    request: *mut slotway_request,
    seen: usize,
    timeout_ms: i64,
) -> slotway_status {
    export!([request] => {
        hold(request)?.raw.wait_body(seen, timeout(timeout_ms))?;
        Ok(())
    })
}

/// Gives the first count bytes of what has arrived back: their place takes more of the
/// body. What slotway_request_peek or slotway_request_body has shown ends with this.
///
/// From one thread at a time for a request's body.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT (fewer have arrived), SLOTWAY_E_ALREADY_ANSWERED,
/// SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_consume(
    request: *mut slotway_request,
    count: usize,
) -> slotway_status {
    export!([request] => {
        let held = hold(request)?;
        // SAFETY: the header's contract: views of the body are not used after this.
        unsafe { held.raw.consume(count)? };
        Ok(())
    })
}

/// # Safety
///
/// `buffer` points to `capacity` writable bytes.
unsafe fn buffer_of<'a>(buffer: *mut c_void, capacity: usize) -> Result<&'a mut [u8], Fault> {
    if capacity == 0 {
        return Err(Fault::Argument(
            "capacity is 0; 0 bytes read would look like the body's end".to_owned(),
        ));
    }
    // SAFETY: the caller's promise. What is there need not be initialised: it is only
    // written to.
    unsafe { array_mut("buffer", buffer.cast::<u8>(), capacity) }
}
