//! Activities: taking them from queues, and what a request says of the one that it is.

use std::ffi::c_char;

use sdk::Activity;

use crate::error::Fault;
use crate::options::{Sized32, put_sized, sized};
use crate::request::{hold, slotway_request};
use crate::setup::NO_REGISTRATION;
use crate::status::slotway_status;
use crate::types::{array, put, slotway_view, text};
use crate::worker::{self, slotway_worker};

/// How activities are taken from a queue. Begin with SLOTWAY_QUEUE_OPTIONS_INIT; 0 in any
/// field means its default.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_queue_options {
    /// sizeof(slotway_queue_options).
    pub size: u32,
    /// Activities of the queue in hand at a time, at most; the rest waits in the hub. As many
    /// as the registration may have requests otherwise.
    pub capacity: u32,
}

/// What a request says of the activity that it is. Begin with SLOTWAY_ACTIVITY_INIT.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_activity {
    /// sizeof(slotway_activity).
    pub size: u32,
    /// 1 when it was begun for the first time; 0 if the request is no activity, and then all
    /// that follows is 0 or absent, too.
    pub attempt: u32,
    /// The hub's number for it: no two have the same while the hub runs.
    pub id: u64,
    /// "namespace/queue".
    pub queue: slotway_view,
    /// Its type.
    pub r#type: slotway_view,
    /// The key that its caller gave; absent if he gave none.
    pub key: slotway_view,
}

const _: () = assert!(size_of::<slotway_queue_options>() == 8);
const _: () = assert!(size_of::<slotway_activity>() == 64);

// SAFETY: `repr(C)`, two integers.
unsafe impl Sized32 for slotway_queue_options {}
// SAFETY: `repr(C)`; integers and raw pointers, laid out without gaps (asserted above).
unsafe impl Sized32 for slotway_activity {}

/// Takes activities of some types from a queue, under the registration that was added last.
/// An activity comes as a request: its body is what the caller gave,
/// slotway_request_activity says more, and its answer, whatever the status, is its outcome.
///
/// queue is "namespace/queue", each of the two names 1 to 128 letters, digits, '_' or '-'; a
/// type the same, with '.' allowed. A registration takes from a queue once, so activities are
/// all count types. They are copied. options may be NULL.
/// first may be NULL, or gets the route_index that requests of the first type have in their
/// head; that of the next type is one more, and so on. It counts on after the registration's
/// routes, which are added before its queues.
///
/// From one thread at a time, before slotway_worker_connect, which also judges the names.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_OUT_OF_ORDER (nothing registered, or
/// connected already), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_queue(
    worker: *mut slotway_worker,
    queue: *const c_char,
    activities: *const *const c_char,
    count: usize,
    options: *const slotway_queue_options,
    first: *mut u32,
) -> slotway_status {
    export!([worker, queue, activities] => {
        let held = worker::hold(worker)?;
        // SAFETY: the header's contract; it is not NULL.
        let queue = unsafe { text("queue", queue)? };
        // SAFETY: the header's contract.
        let given = unsafe { array("activities", activities, count)? };
        let mut types = Vec::with_capacity(given.len());
        for (index, &activity) in given.iter().enumerate() {
            let name = format!("activities[{index}]");
            if activity.is_null() {
                return Err(Fault::Argument(format!("the argument {name} is NULL")));
            }
            // SAFETY: the header's contract; it is not NULL.
            types.push(unsafe { text(&name, activity)? });
        }
        let first_size = size_of::<slotway_queue_options>();
        // SAFETY: the header's contract.
        let options = unsafe { sized("options", first_size, options)? };
        let mut offer = held.offer()?;
        let last = offer.registrations.pop().ok_or(Fault::Order(NO_REGISTRATION))?;
        let before: usize = last.queues().iter().map(|known| known.activities.len()).sum();
        let index = u32::try_from(last.routes().len() + before).unwrap_or(u32::MAX);
        let mut last = last.queue(queue, types);
        if let Some(options) = options.filter(|options| options.capacity != 0) {
            last = last.capacity(options.capacity);
        }
        offer.registrations.push(last);
        if !first.is_null() {
            // SAFETY: the header's contract; it is not NULL.
            unsafe { put(first, index) };
        }
        Ok(())
    })
}

/// Tells which activity a request is, if it is one: activity->attempt is 0 otherwise.
///
/// activity->size says how much of the struct the caller knows; the rest of it is written.
///
/// Lifetime: the views lie in the slot, until the request is answered or closed.
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT (NULL, no such size), SLOTWAY_E_ALREADY_ANSWERED,
/// SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_activity(
    request: *mut slotway_request,
    activity: *mut slotway_activity,
) -> slotway_status {
    export!([request, activity] => {
        let held = hold(request)?;
        // SAFETY: the header's contract; it is not NULL, and the size comes first.
        let size = unsafe { activity.cast::<u32>().read() };
        let filled = held.with_head(|head| slotway_activity::of(size, Activity::of(head)))?;
        // SAFETY: the header's contract: as many writable bytes as `size` says.
        unsafe { put_sized("activity", activity, size as usize, &filled) }
    })
}

impl slotway_activity {
    fn of(size: u32, activity: Option<Activity<'_>>) -> slotway_activity {
        let text = |pick: fn(&Activity<'_>) -> slotway_view| {
            activity.as_ref().map_or(slotway_view::ABSENT, pick)
        };
        slotway_activity {
            size,
            attempt: activity.map_or(0, |activity| activity.attempt().into()),
            id: activity.map_or(0, |activity| activity.id()),
            queue: text(|activity| slotway_view::new(activity.queue().as_bytes())),
            r#type: text(|activity| slotway_view::new(activity.kind().as_bytes())),
            key: text(|activity| slotway_view::optional(activity.key().map(str::as_bytes))),
        }
    }
}

/// Answers an activity with "not now": it goes to another worker, or waits for one, and counts
/// as not begun. For what the hub cannot know of, such as memory; how many are in hand at a
/// time it knows by the capacity of slotway_queue_options. Of a request that is no activity
/// the client gets 503.
///
/// Ownership: the request is answered, and its handle still to be closed.
/// From one thread at a time for a request's answer.
/// Errors: SLOTWAY_E_CANCELLED and SLOTWAY_E_HUB_GONE: it is over.
/// SLOTWAY_E_ALREADY_ANSWERED, SLOTWAY_E_OUT_OF_ORDER (started, or a body was committed),
/// SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_request_busy(request: *mut slotway_request) -> slotway_status {
    export!([request] => {
        hold(request)?.raw.busy()?;
        Ok(())
    })
}

#[cfg(test)]
mod tests;
