//! How a call ended.

use std::ffi::{CStr, c_char};

use sdk::CallEnd;

/// How a call ended: slotway_last_call_end() tells it after SLOTWAY_E_CALL. A code is never
/// changed and never used again for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum slotway_call_end {
    /// A worker has answered.
    SLOTWAY_END_ANSWERED = 0,
    /// No worker has ever taken anything from the queue.
    SLOTWAY_END_NO_QUEUE = 1,
    /// No worker of the queue takes such activities.
    SLOTWAY_END_NO_ACTIVITY = 2,
    /// As many wait for the queue as may; slotway_last_retry_after_ms() says when to try again.
    SLOTWAY_END_QUEUE_FULL = 3,
    /// No worker had room for it in time.
    SLOTWAY_END_WAIT_TIMEOUT = 4,
    /// The worker did not answer in time.
    SLOTWAY_END_DEADLINE = 5,
    /// The worker ended with the activity in its hands.
    SLOTWAY_END_WORKER_GONE = 6,
    /// The worker's answer is none, or longer than one may be.
    SLOTWAY_END_BAD_ANSWER = 7,
    /// The key was used for something else.
    SLOTWAY_END_KEY_REUSED = 8,
    /// The call itself cannot be: a name, a number or its length.
    SLOTWAY_END_BAD_CALL = 9,
    /// There is no memory for it now.
    SLOTWAY_END_NO_MEMORY = 10,
    /// The hub shuts down.
    SLOTWAY_END_SHUTTING_DOWN = 11,
    /// An end of a hub that is newer than this library.
    SLOTWAY_END_OTHER = 255,
}

use slotway_call_end::*;

impl slotway_call_end {
    /// Every one, in order.
    pub(crate) const ALL: [slotway_call_end; 13] = [
        SLOTWAY_END_ANSWERED,
        SLOTWAY_END_NO_QUEUE,
        SLOTWAY_END_NO_ACTIVITY,
        SLOTWAY_END_QUEUE_FULL,
        SLOTWAY_END_WAIT_TIMEOUT,
        SLOTWAY_END_DEADLINE,
        SLOTWAY_END_WORKER_GONE,
        SLOTWAY_END_BAD_ANSWER,
        SLOTWAY_END_KEY_REUSED,
        SLOTWAY_END_BAD_CALL,
        SLOTWAY_END_NO_MEMORY,
        SLOTWAY_END_SHUTTING_DOWN,
        SLOTWAY_END_OTHER,
    ];

    /// The one of the worker's.
    pub(crate) fn of(end: CallEnd) -> slotway_call_end {
        let number = i32::from(end.number());
        let known = slotway_call_end::ALL.into_iter().find(|known| *known as i32 == number);
        known.unwrap_or(SLOTWAY_END_OTHER)
    }

    /// The stable name: the worker's, for C.
    const fn name(self) -> &'static CStr {
        match self {
            SLOTWAY_END_ANSWERED => c"answered",
            SLOTWAY_END_NO_QUEUE => c"no_queue",
            SLOTWAY_END_NO_ACTIVITY => c"no_activity",
            SLOTWAY_END_QUEUE_FULL => c"queue_full",
            SLOTWAY_END_WAIT_TIMEOUT => c"wait_timeout",
            SLOTWAY_END_DEADLINE => c"deadline",
            SLOTWAY_END_WORKER_GONE => c"worker_gone",
            SLOTWAY_END_BAD_ANSWER => c"bad_answer",
            SLOTWAY_END_KEY_REUSED => c"key_reused",
            SLOTWAY_END_BAD_CALL => c"bad_call",
            SLOTWAY_END_NO_MEMORY => c"no_memory",
            SLOTWAY_END_SHUTTING_DOWN => c"shutting_down",
            SLOTWAY_END_OTHER => c"other",
        }
    }
}

/// The stable name of a call's end, such as "worker_gone", which the hub's problems over HTTP
/// have too; "unknown" for a number that is none.
///
/// From any thread. Cannot fail. The text lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn slotway_call_end_name(end: i32) -> *const c_char {
    export!(or c"unknown".as_ptr() => {
        let known = slotway_call_end::ALL.into_iter().find(|known| *known as i32 == end);
        known.map_or(c"unknown", slotway_call_end::name).as_ptr()
    })
}

#[cfg(test)]
mod tests;
