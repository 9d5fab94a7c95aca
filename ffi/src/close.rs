//! Ends: of requests and of workers.

use crate::request::{self, REQUESTS, slotway_request};
use crate::status::slotway_status;
use crate::worker::{self, WORKERS, lock, slotway_worker};

/// Closes the request's handle. A request that was not answered is answered with 500, or
/// broken off if its response had begun. Threads that wait for something of this request
/// come back with SLOTWAY_E_ALREADY_ANSWERED, and this waits for them; likewise for one
/// that is answering, until that call comes back by itself.
///
/// NULL is fine and does nothing.
///
/// Ownership: takes the request. Its handle is never used again for another one; using it
/// is an error, SLOTWAY_E_CLOSED.
/// From any thread.
/// Errors: SLOTWAY_E_CLOSED (it was closed before).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_close(request: *mut slotway_request) -> slotway_status {
    export!([] => {
        if request.is_null() {
            return Ok(());
        }
        {
            let held = request::hold(request)?;
            held.unwatch(request.addr());
            // Before the table's lock is wanted: threads that wait in the request leave it.
            if held.raw.is_open() {
                held.raw.give_up();
            }
        }
        REQUESTS.remove(request.addr()).map(drop)
    })
}

/// Begins a shutdown and does not wait for it. The hub sends nothing new, and what no
/// thread has taken goes to other workers. Requests in hand go on until they are answered,
/// drain_timeout_ms (of the options) at most; then slotway_worker_next gives
/// SLOTWAY_E_CLOSED in every thread. So go on calling it until it does.
///
/// From any thread. Not from a signal handler.
/// Errors: SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_drain(worker: *mut slotway_worker) -> slotway_status {
    export!([worker] => {
        worker::hold(worker)?.connection()?.begin_shutdown();
        Ok(())
    })
}

/// Closes the worker: at once, unless slotway_worker_drain has come to its end before.
/// Threads in slotway_worker_next come back with SLOTWAY_E_CLOSED, and this waits for
/// them. The hub answers for requests that are still in hand; their handles stay good until
/// slotway_request_close, and answers to them go nowhere.
///
/// NULL is fine and does nothing.
///
/// Ownership: takes the worker. Its handle is never used again for another one; using it
/// is an error, SLOTWAY_E_CLOSED.
/// From any thread.
/// Errors: SLOTWAY_E_CLOSED (it was closed before).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_close(worker: *mut slotway_worker) -> slotway_status {
    export!([] => {
        if worker.is_null() {
            return Ok(());
        }
        {
            let held = worker::hold(worker)?;
            // A call of slotway_worker_connect that is under way ends first.
            let _offer = lock(&held.offer);
            if let Some(connection) = held.connection.get() {
                // Everybody who waits in it comes back, so that there is nobody to wait for.
                connection.close();
            }
        }
        WORKERS.remove(worker.addr()).map(drop)
    })
}
