//! Calls: their handles, and waiting for what becomes of them.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use sdk::{Calling, Error, Reply};

use crate::call::{read, slotway_call, slotway_reply};
use crate::error::Fault;
use crate::handle::{Kind, Table};
use crate::options::put_sized;
use crate::poll::check_capacity;
use crate::status::slotway_status;
use crate::types::{put, put_at, timeout};
use crate::worker::{self, WORKERS, lock, slotway_worker};

/// A call that was begun: its outcome, when that is there, and the right to hang up.
pub struct slotway_calling {
    _opaque: [u8; 0],
}

/// What is behind a call's handle. Threads that wait in it hold it, not its place in the
/// table, so that closing the handle waits for nobody.
struct Open {
    calling: Calling,
    /// The handle of the worker that calls.
    worker: usize,
    /// Whether that worker knows this handle by the call's token.
    watched: AtomicBool,
    /// Kept until the handle is closed, so that looking again finds the same.
    outcome: OnceLock<Result<Reply, Error>>,
    userdata: AtomicPtr<c_void>,
}

static CALLS: Table<Arc<Open>> = Table::new(Kind::Call);

fn hold(calling: *const slotway_calling) -> Result<Arc<Open>, Fault> {
    CALLS.hold(calling.addr()).map(|held| Arc::clone(&held))
}

/// Gives a call a handle. If there is none left it hangs up.
fn open(calling: Calling, worker: usize) -> Result<(usize, Arc<Open>), Fault> {
    let userdata = AtomicPtr::new(std::ptr::null_mut());
    let (watched, outcome) = (AtomicBool::new(false), OnceLock::new());
    let open = Arc::new(Open { calling, worker, watched, outcome, userdata });
    Ok((CALLS.insert(Arc::clone(&open))?, open))
}

/// Calls an activity and waits for its outcome: SLOTWAY_OK, and the worker's answer in reply,
/// whatever its status; or SLOTWAY_E_CALL, and slotway_last_call_end() says how it ended. Each
/// call has exactly one outcome. A worker needs no registration to call, and may call from
/// within a request.
///
/// timeout_ms: negative waits for ever, also for a hub; how long the hub lets the call take is
/// the timeout_ms of slotway_call. reply->size says how much of the struct the caller knows.
///
/// Everything is copied.
/// Ownership: *calling is yours until slotway_calling_close.
/// Lifetime: the views of reply live until then.
/// From any thread, any number at once.
/// Errors: SLOTWAY_E_CALL, SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_TOO_LARGE (the payload),
/// SLOTWAY_E_TIMEOUT (and the call was hung up), SLOTWAY_E_HUB_GONE (it may have been done),
/// SLOTWAY_E_REFUSED (the hub takes no calls), SLOTWAY_E_OUT_OF_ORDER (not connected yet),
/// SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_call(
    worker: *mut slotway_worker,
    call: *const slotway_call,
    timeout_ms: i64,
    calling: *mut *mut slotway_calling,
    reply: *mut slotway_reply,
) -> slotway_status {
    export!([worker, call, calling, reply] => {
        let held = worker::hold(worker)?;
        let caller = held.caller()?;
        // SAFETY: the header's contract.
        let call = unsafe { read(call)? };
        let timeout = timeout(timeout_ms);
        let end = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let begun = caller.begin(&call, timeout)?;
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        let (handle, open) = open(begun, worker.addr())?;
        let settled = open
            .settle(|calling| calling.wait(left))
            .and_then(|found| found.ok_or(Fault::Timeout))
            // SAFETY: the header's contract.
            .and_then(|found| unsafe { show(found, reply) });
        if let Err(fault) = settled {
            // Its last holder hangs up.
            CALLS.remove(handle)?;
            return Err(fault);
        }
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(calling, std::ptr::without_provenance_mut(handle)) };
        Ok(())
    })
}

/// Begins a call and does not wait for its outcome, which slotway_calling_wait and
/// slotway_calling_poll tell. It waits for room in the memory that is shared with the hub.
///
/// timeout_ms: negative waits for ever, also for a hub; 0 not at all.
///
/// Everything is copied.
/// Ownership: *calling is yours until slotway_calling_close.
/// From any thread, any number at once.
/// Errors: SLOTWAY_E_TIMEOUT (nothing was called), and those of slotway_worker_call but for
/// SLOTWAY_E_CALL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_begin_call(
    worker: *mut slotway_worker,
    call: *const slotway_call,
    timeout_ms: i64,
    calling: *mut *mut slotway_calling,
) -> slotway_status {
    export!([worker, call, calling] => {
        let held = worker::hold(worker)?;
        let caller = held.caller()?;
        // SAFETY: the header's contract.
        let begun = caller.begin(&unsafe { read(call)? }, timeout(timeout_ms))?;
        let (handle, _) = open(begun, worker.addr())?;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(calling, std::ptr::without_provenance_mut(handle)) };
        Ok(())
    })
}

/// Begins a call if there is room for it now. SLOTWAY_E_AGAIN: there is none, nothing was
/// called, and the poll descriptor becomes readable when there is.
///
/// Otherwise as slotway_worker_begin_call.
///
/// From any thread; the event loop's, if it waits for room.
/// Errors: SLOTWAY_E_AGAIN, SLOTWAY_E_HUB_GONE (there is no hub now, and the poll descriptor
/// becomes readable when one is there), and those of slotway_worker_begin_call but for
/// SLOTWAY_E_TIMEOUT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_try_begin_call(
    worker: *mut slotway_worker,
    call: *const slotway_call,
    calling: *mut *mut slotway_calling,
) -> slotway_status {
    export!([worker, call, calling] => {
        let held = worker::hold(worker)?;
        let (caller, publisher) = (held.caller()?, held.publisher()?);
        // SAFETY: the header's contract.
        let call = unsafe { read(call)? };
        let begun = loop {
            match caller.try_begin(&call)? {
                Some(begun) => break begun,
                // Asked for before the answer is no, so that the notice cannot be missed.
                None if publisher.poll_room()? => {}
                None => return Err(Fault::Again),
            }
        };
        let (handle, _) = open(begun, worker.addr())?;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(calling, std::ptr::without_provenance_mut(handle)) };
        Ok(())
    })
}

/// Takes the calls whose outcome may be there, of those for which slotway_calling_poll has
/// given SLOTWAY_E_AGAIN, capacity at most: poll each again. A call may come without cause;
/// one that was closed meanwhile is left out.
///
/// Ownership: the calls are those that you have.
/// From one thread at a time: the event loop's.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT (no capacity), SLOTWAY_E_OUT_OF_ORDER (not connected
/// yet), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_take_calls(
    worker: *mut slotway_worker,
    capacity: usize,
    callings: *mut *mut slotway_calling,
    count: *mut usize,
) -> slotway_status {
    export!([worker, callings, count] => {
        let held = worker::hold(worker)?;
        let connection = held.connection()?;
        check_capacity(capacity)?;
        let mut taken = 0;
        held.take_notices(connection, |watched| &mut watched.calls, capacity, |handle| {
            // SAFETY: the header's contract: an array of `capacity`, and `taken` is less.
            unsafe { put_at(callings, taken, std::ptr::without_provenance_mut(handle)) };
            taken += 1;
        });
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(count, taken) };
        Ok(())
    })
}

/// Waits for a call's outcome: SLOTWAY_OK, and the worker's answer in reply; or
/// SLOTWAY_E_CALL, and slotway_last_call_end() says how it ended. Once the outcome is there,
/// each further call tells it again.
///
/// timeout_ms: negative waits for ever, 0 only looks. After SLOTWAY_E_TIMEOUT the call goes
/// on. reply->size says how much of the struct the caller knows.
///
/// Lifetime: the views live until slotway_calling_close.
/// From one thread at a time for a call.
/// Errors: SLOTWAY_E_CALL, SLOTWAY_E_TIMEOUT, SLOTWAY_E_HUB_GONE (it may have been done),
/// SLOTWAY_E_INVALID_ARGUMENT (NULL, no such size), SLOTWAY_E_CANCELLED (it was closed
/// meanwhile), SLOTWAY_E_CLOSED (it was closed before, or the worker was).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_calling_wait(
    calling: *mut slotway_calling,
    timeout_ms: i64,
    reply: *mut slotway_reply,
) -> slotway_status {
    export!([calling, reply] => {
        let held = hold(calling)?;
        let found = held.settle(|calling| calling.wait(timeout(timeout_ms)))?;
        // SAFETY: the header's contract.
        unsafe { show(found.ok_or(Fault::Timeout)?, reply) }
    })
}

/// Tells a call's outcome if it is there. SLOTWAY_E_AGAIN: it is not, and
/// slotway_worker_take_calls gives the call when it may be. So poll once after beginning.
///
/// Otherwise as slotway_calling_wait.
///
/// Lifetime: the views live until slotway_calling_close.
/// From one thread at a time for a call: the event loop's.
/// Errors: SLOTWAY_E_AGAIN, and those of slotway_calling_wait but for SLOTWAY_E_TIMEOUT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_calling_poll(
    calling: *mut slotway_calling,
    reply: *mut slotway_reply,
) -> slotway_status {
    export!([calling, reply] => {
        let held = hold(calling)?;
        held.watch(calling);
        let found = held.settle(Calling::poll)?;
        // SAFETY: the header's contract.
        unsafe { show(found.ok_or(Fault::Again)?, reply) }
    })
}

/// Keeps a pointer of the caller's with the call; NULL until then. An event loop finds its
/// own state again by it when slotway_worker_take_calls gives the call.
///
/// Ownership: userdata stays the caller's.
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_calling_set_userdata(
    calling: *mut slotway_calling,
    userdata: *mut c_void,
) -> slotway_status {
    export!([calling] => {
        // SYNC(calling.userdata): Release; pairs with the Acquire in slotway_calling_userdata.
        hold(calling)?.userdata.store(userdata, Ordering::Release);
        Ok(())
    })
}

/// Gives the pointer that slotway_calling_set_userdata kept.
///
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_calling_userdata(
    calling: *mut slotway_calling,
    userdata: *mut *mut c_void,
) -> slotway_status {
    export!([calling, userdata] => {
        // SYNC(calling.userdata): Acquire; pairs with the Release in
        // slotway_calling_set_userdata.
        let found = hold(calling)?.userdata.load(Ordering::Acquire);
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(userdata, found) };
        Ok(())
    })
}

/// Closes the call's handle. A call whose outcome is not there is hung up: the worker that is
/// at it sees that nobody waits any more (slotway_request_cancelled). A thread in
/// slotway_calling_wait comes back with SLOTWAY_E_CANCELLED.
///
/// NULL is fine and does nothing. A call may be closed before or after its worker.
///
/// Ownership: takes the call. Its handle is never used again for another one; using it is an
/// error, SLOTWAY_E_CLOSED.
/// From any thread.
/// Errors: SLOTWAY_E_CLOSED (it was closed before).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_calling_close(calling: *mut slotway_calling) -> slotway_status {
    export!([] => {
        if calling.is_null() {
            return Ok(());
        }
        let held = CALLS.remove(calling.addr())?;
        held.unwatch(calling.addr());
        // Now and not with the last holder, who may be a thread that waits. What has an outcome
        // has ended, and nothing happens.
        held.calling.hang_up();
        Ok(())
    })
}

/// Writes the reply; its views are of what `found` holds.
///
/// # Safety
///
/// `reply` is not NULL and points to as many writable bytes as the `u32` there says.
unsafe fn show(found: &Reply, reply: *mut slotway_reply) -> Result<(), Fault> {
    // SAFETY: the caller's promise, and the size comes first.
    let size = unsafe { reply.cast::<u32>().read() };
    // SAFETY: the caller's promise.
    unsafe { put_sized("reply", reply, size as usize, &slotway_reply::of(size, found)) }
}

impl Open {
    /// The outcome that is known, or that `look` finds and that is known from now on. `None`:
    /// there is none yet.
    fn settle(
        &self,
        look: impl FnOnce(&Calling) -> sdk::Result<Option<Reply>>,
    ) -> Result<Option<&Reply>, Fault> {
        if self.outcome.get().is_none() {
            let found = match look(&self.calling) {
                Ok(None) => return Ok(None),
                Ok(Some(reply)) => Ok(reply),
                Err(error @ Error::Call { .. }) => Err(error),
                // The call itself says it again.
                Err(error) => return Err(error.into()),
            };
            let _ = self.outcome.set(found);
        }
        match self.outcome.get() {
            Some(Ok(reply)) => Ok(Some(reply)),
            Some(Err(error)) => Err(error.clone().into()),
            None => Ok(None),
        }
    }

    /// Makes the handle known to the worker, before a notice is asked for: it may come at once.
    fn watch(&self, calling: *const slotway_calling) {
        // Relaxed: the lock orders what matters, and a second insertion is the same one.
        if self.watched.load(Ordering::Relaxed) {
            return;
        }
        if let Ok(worker) = WORKERS.hold(self.worker) {
            lock(&worker.watched).calls.watch(self.calling.token(), calling.addr());
        }
        self.watched.store(true, Ordering::Relaxed);
    }

    /// Undoes [`watch`](Self::watch).
    fn unwatch(&self, handle: usize) {
        if !self.watched.load(Ordering::Relaxed) {
            return;
        }
        if let Ok(worker) = WORKERS.hold(self.worker) {
            lock(&worker.watched).calls.unwatch(self.calling.token(), handle);
        }
    }
}
