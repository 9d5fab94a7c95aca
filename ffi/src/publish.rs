//! Publishing events.

use sdk::{Event, PublishRefusal, RefusalReason};

use crate::error::Fault;
use crate::event::slotway_event;
use crate::options::sized_array;
use crate::status::slotway_status;
use crate::types::{put, put_at, timeout};
use crate::worker::{hold, lock, slotway_worker};

/// The event breaks a rule of the hub's. A reason of slotway_refusal.
pub const SLOTWAY_REFUSED_INVALID: u32 = 1;

/// The payload is larger than the hub allows. A reason of slotway_refusal.
pub const SLOTWAY_REFUSED_TOO_LARGE: u32 = 2;

/// The principal has published as many bytes in a second as it may. A reason of
/// slotway_refusal.
pub const SLOTWAY_REFUSED_QUOTA: u32 = 3;

/// The hub shuts down. A reason of slotway_refusal.
pub const SLOTWAY_REFUSED_SHUTDOWN: u32 = 4;

/// As many keys wait as may. A reason of slotway_refusal.
pub const SLOTWAY_REFUSED_KEYS: u32 = 5;

/// Events that the hub did not publish.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_refusal {
    /// The event's ticket; 0 for those that have none, which are told together.
    pub ticket: u32,
    /// Why: SLOTWAY_REFUSED_INVALID and so on. A hub that is newer than this header may give
    /// reasons that are not listed here.
    pub reason: u32,
    /// How many events.
    pub count: u32,
    /// 0.
    pub reserved: u32,
}

impl slotway_refusal {
    fn of(refusal: PublishRefusal) -> slotway_refusal {
        let reason = match refusal.reason {
            RefusalReason::Invalid => SLOTWAY_REFUSED_INVALID,
            RefusalReason::TooLarge => SLOTWAY_REFUSED_TOO_LARGE,
            RefusalReason::Quota => SLOTWAY_REFUSED_QUOTA,
            RefusalReason::Shutdown => SLOTWAY_REFUSED_SHUTDOWN,
            RefusalReason::Keys => SLOTWAY_REFUSED_KEYS,
            RefusalReason::Other(number) => number.into(),
            // The library and the SDK are built together; a reason has a number.
            _ => u32::MAX,
        };
        let PublishRefusal { ticket, count, .. } = refusal;
        slotway_refusal { ticket, reason, count, reserved: 0 }
    }
}

/// Publishes events in order, all of them, waiting for room in the memory that the worker
/// shares with the hub, and while the hub is away for the next one. Many in one call cost
/// little more than one.
///
/// All are checked before the first is published. Each must state the same size.
/// timeout_ms: negative waits for ever, 0 not at all. When the time is over first, and
/// some were published, the call succeeds and *published, which may be NULL, says how many;
/// go on with the next one.
///
/// Published is not delivered. What is published reaches the hub also if this process dies
/// now; but a subscriber that is slow loses it and is told so, and when the hub dies before
/// it has taken it, it is gone.
///
/// Everything is copied.
/// From any thread, any number at once; a call's events stay in their order.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT (what is wrong with which event), SLOTWAY_E_TOO_LARGE
/// (a payload), SLOTWAY_E_TIMEOUT (nothing was published), SLOTWAY_E_REFUSED (the hub has no
/// events), SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_publish(
    worker: *mut slotway_worker,
    events: *const slotway_event,
    count: usize,
    timeout_ms: i64,
    published: *mut usize,
) -> slotway_status {
    export!([worker] => {
        let held = hold(worker)?;
        let publisher = held.publisher()?;
        let timeout = timeout(timeout_ms);
        // SAFETY: the header's contract.
        let done = unsafe {
            with_events(events, count, |events| {
                Ok(match timeout {
                    None => publisher.publish_many(events).map(|()| events.len())?,
                    Some(timeout) => publisher.publish_many_timeout(events, timeout)?,
                })
            })?
        };
        if done == 0 && count > 0 {
            return Err(Fault::Timeout);
        }
        if !published.is_null() {
            // SAFETY: the header's contract; it is not NULL.
            unsafe { put(published, done) };
        }
        Ok(())
    })
}

/// Publishes as many of the events, in order, as there is room for now; *published says how
/// many. SLOTWAY_E_AGAIN: there is no room for the first, nothing was published, and the
/// poll descriptor becomes readable when there is. Then, and after a call that published
/// some, try again with what is left.
///
/// Otherwise as slotway_worker_publish.
///
/// From any thread; the event loop's, if it waits for room.
/// Errors: SLOTWAY_E_AGAIN, SLOTWAY_E_HUB_GONE (there is no hub now, and the poll descriptor
/// becomes readable when one is there), and those of slotway_worker_publish but for
/// SLOTWAY_E_TIMEOUT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_try_publish(
    worker: *mut slotway_worker,
    events: *const slotway_event,
    count: usize,
    published: *mut usize,
) -> slotway_status {
    export!([worker, published] => {
        let held = hold(worker)?;
        let publisher = held.publisher()?;
        // SAFETY: the header's contract.
        let done = unsafe {
            with_events(events, count, |events| loop {
                let done = publisher.try_publish_many(events)?;
                // Asked for before the answer is no, so that the notice cannot be missed.
                if done > 0 || events.is_empty() || !publisher.poll_room()? {
                    return Ok(done);
                }
            })?
        };
        if done == 0 && count > 0 {
            return Err(Fault::Again);
        }
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(published, done) };
        Ok(())
    })
}

/// Takes what the hub has refused to publish since the last call, capacity at most, without
/// waiting; *count may come out as 0. The library keeps the newest 1024 refusals.
///
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT (no capacity), SLOTWAY_E_OUT_OF_ORDER (not connected
/// yet), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_take_refusals(
    worker: *mut slotway_worker,
    capacity: usize,
    refusals: *mut slotway_refusal,
    count: *mut usize,
) -> slotway_status {
    export!([worker, refusals, count] => {
        let held = hold(worker)?;
        let publisher = held.publisher()?;
        crate::poll::check_capacity(capacity)?;
        let mut left = lock(&held.refusals);
        publisher.take_refusals(|refusal| left.push_back(refusal));
        let taken = left.len().min(capacity);
        for (index, refusal) in left.drain(..taken).enumerate() {
            // SAFETY: the header's contract: an array of `capacity`, and `index` is less.
            unsafe { put_at(refusals, index, slotway_refusal::of(refusal)) };
        }
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(count, taken) };
        Ok(())
    })
}

/// Gives `body` the caller's events.
///
/// # Safety
///
/// As the header says.
unsafe fn with_events<T>(
    events: *const slotway_event,
    count: usize,
    body: impl FnOnce(&[Event<'_>]) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let first_size = size_of::<slotway_event>();
    // SAFETY: the caller's promise.
    let mut read = unsafe { sized_array("events", first_size, events, count)? };
    if count == 1 {
        // One event costs no allocation.
        let only = read.next().ok_or(Fault::Null("events"))??;
        // SAFETY: the caller's promise.
        let event = unsafe { only.read(0)? };
        return body(std::slice::from_ref(&event));
    }
    let mut all = Vec::with_capacity(count);
    for (index, given) in read.enumerate() {
        // SAFETY: the caller's promise.
        all.push(unsafe { given?.read(index)? });
    }
    body(&all)
}
