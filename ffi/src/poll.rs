//! Requests: one by one in threads, or many at a time in an event loop.

use std::ffi::c_int;
use std::os::fd::AsRawFd;

use crate::error::Fault;
use crate::request::{self, slotway_request};
use crate::status::slotway_status;
use crate::types::{put, put_at, timeout};
use crate::worker::{hold, slotway_worker};

/// Waits for the next request.
///
/// timeout_ms: negative waits for ever, 0 only looks. While the hub is away this waits
/// too.
///
/// Ownership: *request is yours until slotway_request_close. Answer it first; a request
/// that is closed without an answer is answered with 500.
/// From any number of threads at once; each request goes to one of them.
/// Errors: SLOTWAY_E_TIMEOUT; SLOTWAY_E_CLOSED after slotway_worker_drain or
/// slotway_worker_close, or when a newer generation has replaced this worker: nothing more
/// will come; SLOTWAY_E_REFUSED when the hub will not have this worker any more;
/// SLOTWAY_E_OUT_OF_ORDER (not connected yet).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_next(
    worker: *mut slotway_worker,
    timeout_ms: i64,
    request: *mut *mut slotway_request,
) -> slotway_status {
    export!([worker, request] => {
        let held = hold(worker)?;
        let exchange = held.connection()?.next(timeout(timeout_ms))?.ok_or(Fault::Timeout)?;
        let handle = request::open(exchange.into_raw(), worker.addr())?;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(request, std::ptr::without_provenance_mut(handle)) };
        Ok(())
    })
}

/// Gives a descriptor to poll instead of waiting in slotway_worker_next, the same for the
/// worker's whole life. Whenever it is readable, and once before polling first:
///
///   1. call slotway_worker_take until it gives fewer requests than there was room for,
///   2. call slotway_worker_take_notices likewise, if requests are streamed or there are
///      events,
///   3. call slotway_worker_take_calls likewise, if there are calls,
///   4. call slotway_subscription_take likewise, for each subscription,
///   5. try again to publish, to push or to call what there was no room for.
///
/// The first makes the descriptor unreadable again, until there is something new. A worker
/// has one event loop; more threads in slotway_worker_next beside it are fine.
///
/// These calls also answer the hub, which asks now and then whether the loop still turns. A
/// loop that does not make them for some 30 s (the hub may be told another time) loses its
/// connection, and gets a new one when it goes on; so make them also with enough to do.
///
/// Ownership: the descriptor is the worker's. Poll it; do not read, write or close it.
/// Lifetime: until slotway_worker_close.
/// From any thread.
/// Errors: SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_poll_fd(
    worker: *mut slotway_worker,
    fd: *mut c_int,
) -> slotway_status {
    export!([worker, fd] => {
        let found = hold(worker)?.connection()?.as_raw_fd();
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(fd, found) };
        Ok(())
    })
}

/// Takes the requests that are there now, capacity at most, without waiting. When *count
/// is less than capacity the poll descriptor is armed: it becomes readable when there is
/// more.
///
/// Ownership: each request is yours until slotway_request_close.
/// From any thread.
/// Errors: SLOTWAY_E_CLOSED and SLOTWAY_E_REFUSED as slotway_worker_next gives them, and
/// the descriptor then stays readable; SLOTWAY_E_INVALID_ARGUMENT (no capacity),
/// SLOTWAY_E_OUT_OF_ORDER (not connected yet).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_take(
    worker: *mut slotway_worker,
    capacity: usize,
    requests: *mut *mut slotway_request,
    count: *mut usize,
) -> slotway_status {
    export!([worker, requests, count] => {
        let held = hold(worker)?;
        let connection = held.connection()?;
        check_capacity(capacity)?;
        let mut taken = 0;
        while taken < capacity {
            let exchange = match connection.try_next() {
                Ok(Some(exchange)) => exchange,
                Ok(None) => break,
                // Those that were taken come first; the error comes again.
                Err(_) if taken > 0 => break,
                Err(error) => return Err(error.into()),
            };
            let handle = match request::open(exchange.into_raw(), worker.addr()) {
                Ok(handle) => handle,
                Err(_) if taken > 0 => break,
                Err(fault) => return Err(fault),
            };
            // SAFETY: the header's contract: an array of `capacity`, and `taken` is less.
            unsafe { put_at(requests, taken, std::ptr::without_provenance_mut(handle)) };
            taken += 1;
        }
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(count, taken) };
        Ok(())
    })
}

/// Takes the open requests for which a wait may be over that slotway_request_try_read,
/// slotway_request_try_write or slotway_request_watch_cancelled began, capacity at most.
/// Try again whatever you wait for: a notice says that something has moved, not what, and
/// may come without cause. One for a request that was closed meanwhile is left out. Calls are
/// told by slotway_worker_take_calls, and events have no notices: look at each subscription.
///
/// Ownership: the requests are those that you have.
/// From one thread at a time: the event loop's.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT (no capacity), SLOTWAY_E_OUT_OF_ORDER (not connected
/// yet), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_take_notices(
    worker: *mut slotway_worker,
    capacity: usize,
    requests: *mut *mut slotway_request,
    count: *mut usize,
) -> slotway_status {
    export!([worker, requests, count] => {
        let held = hold(worker)?;
        let connection = held.connection()?;
        check_capacity(capacity)?;
        let mut taken = 0;
        held.take_notices(connection, |watched| &mut watched.requests, capacity, |handle| {
            // SAFETY: the header's contract: an array of `capacity`, and `taken` is less.
            unsafe { put_at(requests, taken, std::ptr::without_provenance_mut(handle)) };
            taken += 1;
        });
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(count, taken) };
        Ok(())
    })
}

pub(crate) fn check_capacity(capacity: usize) -> Result<(), Fault> {
    if capacity == 0 {
        return Err(Fault::Argument("capacity is 0; make room for one thing at least".into()));
    }
    Ok(())
}
