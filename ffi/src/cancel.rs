//! Whether anybody still waits for the answer; and what the caller keeps with a request.

use std::ffi::c_void;
use std::sync::atomic::Ordering;

use sdk::Error;

use crate::error::Fault;
use crate::request::{hold, slotway_request};
use crate::status::slotway_status;
use crate::types::{put, timeout};

/// Tells whether nobody waits for the answer any more: the client went away, the deadline
/// passed, or the hub is gone. A request that was answered is not cancelled.
///
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_cancelled(
    request: *mut slotway_request,
    cancelled: *mut bool,
) -> slotway_status {
    export!([request, cancelled] => {
        let found = hold(request)?.raw.cancelled();
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(cancelled, found) };
        Ok(())
    })
}

/// Waits until nobody waits for the answer any more.
///
/// timeout_ms: negative waits for ever, 0 only looks.
///
/// From any thread, one at a time for a request, while others work on it.
/// Errors: SLOTWAY_E_TIMEOUT, SLOTWAY_E_ALREADY_ANSWERED (before or meanwhile),
/// SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_wait_cancelled(
    request: *mut slotway_request,
    timeout_ms: i64,
) -> slotway_status {
    export!([request] => {
        let held = hold(request)?;
        if held.raw.wait_cancelled(timeout(timeout_ms)) {
            Ok(())
        } else if held.raw.is_open() {
            Err(Fault::Timeout)
        } else {
            Err(Error::AlreadyAnswered.into())
        }
    })
}

/// Like slotway_request_cancelled, and if not, asks for a notice for when it is
/// (slotway_worker_take_notices).
///
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_watch_cancelled(
    request: *mut slotway_request,
    cancelled: *mut bool,
) -> slotway_status {
    export!([request, cancelled] => {
        let held = hold(request)?;
        held.watch(request);
        let found = held.raw.poll_cancelled();
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(cancelled, found) };
        Ok(())
    })
}

/// Keeps a pointer of the caller's with the request; NULL until then. An event loop finds
/// its own state again by it when a notice comes.
///
/// Ownership: userdata stays the caller's.
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_set_userdata(
    request: *mut slotway_request,
    userdata: *mut c_void,
) -> slotway_status {
    export!([request] => {
        hold(request)?.userdata.store(userdata, Ordering::Release);
        Ok(())
    })
}

/// Gives the pointer that slotway_request_set_userdata kept.
///
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_userdata(
    request: *mut slotway_request,
    userdata: *mut *mut c_void,
) -> slotway_status {
    export!([request, userdata] => {
        let found = hold(request)?.userdata.load(Ordering::Acquire);
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(userdata, found) };
        Ok(())
    })
}
