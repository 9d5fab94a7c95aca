//! What is called, and what becomes of it.

use std::time::Duration;

use sdk::{Call, Reply};

use crate::error::Fault;
use crate::options::{Sized32, sized};
use crate::types::{slotway_view, view_bytes, view_text};

/// To do the activity twice does no more than to do it once: it may be begun again when a
/// worker ends with it in its hands or answers with 500 or more, if attempts says so. A flag
/// of slotway_call.
pub const SLOTWAY_CALL_IDEMPOTENT: u32 = 1;

/// An activity to be done by a worker that takes it. Begin with SLOTWAY_CALL_INIT; queue and
/// activity must be set, and 0 or an absent view in any other field means its default. Texts
/// are UTF-8.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_call {
    /// sizeof(slotway_call).
    pub size: u32,
    /// 0 or SLOTWAY_CALL_IDEMPOTENT.
    pub flags: u32,
    /// "namespace/queue".
    pub queue: slotway_view,
    /// The activity's type, as a worker takes it.
    pub activity: slotway_view,
    /// What it is about, 5 MiB at most; nothing otherwise.
    pub payload: slotway_view,
    /// The payload's type, such as "application/json"; none otherwise.
    pub content_type: slotway_view,
    /// A call with a key that an earlier one of the same activity had within ten minutes gets
    /// that one's outcome, and nothing is done again. None otherwise.
    pub key: slotway_view,
    /// How long it may take in all, waiting in the hub and every attempt included; the hub's
    /// default (30 s) otherwise.
    pub timeout_ms: u32,
    /// How often it may be begun, at most, with SLOTWAY_CALL_IDEMPOTENT; once otherwise. What
    /// no worker has claimed moves to another without counting.
    pub attempts: u32,
    /// The pause before the second attempt, which doubles before each further one; none
    /// otherwise.
    pub backoff_ms: u32,
    /// 0.
    pub reserved: u32,
}

/// The outcome was that of an earlier call with the same key. A flag of slotway_reply.
pub const SLOTWAY_REPLY_REPLAYED: u32 = 1;

/// A worker's answer to a call. Begin with SLOTWAY_REPLY_INIT.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_reply {
    /// sizeof(slotway_reply).
    pub size: u32,
    /// The answer's HTTP status, whatever it is: 200 to 599.
    pub status: u32,
    /// The body's type; empty if the worker gave none.
    pub content_type: slotway_view,
    /// The answer's body.
    pub body: slotway_view,
    /// How often the activity was begun.
    pub attempts: u32,
    /// If it had to wait for a worker: how long the queue would have liked its caller to hold
    /// back, 25 to 250 ms by how full it was; else 0.
    pub delay_hint_ms: u32,
    /// 0 or SLOTWAY_REPLY_REPLAYED.
    pub flags: u32,
    /// 0.
    pub reserved: u32,
}

const _: () = assert!(size_of::<slotway_call>() == 8 + 5 * 16 + 16);
const _: () = assert!(size_of::<slotway_reply>() == 8 + 2 * 16 + 16);

// SAFETY: `repr(C)`; integers and raw pointers, laid out without gaps (asserted above).
unsafe impl Sized32 for slotway_call {}
// SAFETY: as above.
unsafe impl Sized32 for slotway_reply {}

/// What the caller means, in types of Rust.
///
/// # Safety
///
/// As the header says; what is given out lives as long as what the caller gave.
pub(crate) unsafe fn read<'a>(call: *const slotway_call) -> Result<Call<'a>, Fault> {
    // SAFETY: the caller's promise.
    let given = unsafe { sized("call", size_of::<slotway_call>(), call)? };
    let given = given.ok_or(Fault::Null("call"))?;
    if given.flags & !SLOTWAY_CALL_IDEMPOTENT != 0 {
        return Err(Fault::Argument(format!(
            "call.flags is {:#x}; a call's flags are 0 or SLOTWAY_CALL_IDEMPOTENT",
            given.flags
        )));
    }
    // SAFETY: the caller's promise.
    let text = |part, view| unsafe { view_text(format_args!("call.{part}"), view) };
    // SAFETY: the caller's promise.
    let payload = unsafe { view_bytes("call.payload", given.payload)? };
    let mut call =
        Call::new(text("queue", given.queue)?, text("activity", given.activity)?, payload)
            .content_type(text("content_type", given.content_type)?);
    if !given.key.data.is_null() {
        call = call.key(text("key", given.key)?);
    }
    if given.timeout_ms != 0 {
        call = call.timeout(Duration::from_millis(given.timeout_ms.into()));
    }
    if given.flags & SLOTWAY_CALL_IDEMPOTENT != 0 {
        call = call.idempotent();
    }
    let attempts = u16::try_from(given.attempts.max(1)).map_err(|_| {
        Fault::Argument(format!(
            "call.attempts is {}; {} are the most there can be",
            given.attempts,
            u16::MAX
        ))
    })?;
    if attempts > 1 && given.flags & SLOTWAY_CALL_IDEMPOTENT == 0 {
        return Err(Fault::Argument(format!(
            "call.attempts is {attempts}, and only what is idempotent is begun again; set \
             SLOTWAY_CALL_IDEMPOTENT, or leave attempts at 0"
        )));
    }
    Ok(call.retry(attempts, Duration::from_millis(given.backoff_ms.into())))
}

impl slotway_reply {
    /// Its views are of what `reply` holds.
    pub(crate) fn of(size: u32, reply: &Reply) -> slotway_reply {
        let hint = reply.delay_hint().map_or(0, |hint| hint.as_millis());
        slotway_reply {
            size,
            status: reply.status().into(),
            content_type: slotway_view::new(reply.content_type().as_bytes()),
            body: slotway_view::new(reply.body()),
            attempts: reply.attempts().into(),
            delay_hint_ms: u32::try_from(hint).unwrap_or(u32::MAX),
            flags: if reply.is_replayed() { SLOTWAY_REPLY_REPLAYED } else { 0 },
            reserved: 0,
        }
    }
}

#[cfg(test)]
mod tests;
