//! A worker's call of an activity, and what became of it.

use core::fmt;

use super::fields::{Fixed, KEY, PAYLOAD, Part, TYPE};
use super::{PAYLOAD_BYTES_MAX, QUEUE_BYTES_MAX, RecordError};

pub(super) const CALL: u8 = 3;
pub(super) const HANG_UP: u8 = 4;
pub(super) const OUTCOME: u8 = 21;

const CALL_FIXED: usize = 36;
const HANG_UP_FIXED: usize = 12;
const OUTCOME_FIXED: usize = 28;

const IDEMPOTENT: u8 = 1;
const KEYED: u8 = 2;

const QUEUE: Part = Part { name: "queue", limit: QUEUE_BYTES_MAX };
const ACTIVITY: Part = Part { name: "activity", limit: 255 };

/// An activity that a worker wants done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Call<'a> {
    /// `namespace/queue`.
    pub queue: &'a str,
    /// The activity's type.
    pub activity: &'a str,
    /// The payload's type, such as `application/json`; empty for none.
    pub content_type: &'a str,
    /// What it is about.
    pub payload: &'a [u8],
    /// Milliseconds until its outcome is due; 0 for the hub's default.
    pub timeout_ms: u32,
    /// How often it may be begun; 0 and 1 are once.
    pub attempts: u16,
    /// Milliseconds before the second attempt, doubled before each further one.
    pub backoff_ms: u32,
    /// To do it twice does no more than to do it once.
    pub idempotent: bool,
    /// Who calls with a key that was used before gets the outcome of then.
    pub key: Option<&'a str>,
    /// The worker's number for it, which the outcome repeats; not 0.
    pub ticket: u32,
}

impl<'a> Call<'a> {
    /// Bytes of its record.
    ///
    /// # Errors
    ///
    /// A part is too long.
    pub fn length(&self) -> Result<usize, RecordError> {
        Ok(CALL_FIXED
            + QUEUE.check(self.queue.len())?
            + ACTIVITY.check(self.activity.len())?
            + TYPE.check(self.content_type.len())?
            + KEY.check(self.key.unwrap_or_default().len())?
            + PAYLOAD.check(self.payload.len())?)
    }

    /// Gives its record to `put`, piece by piece.
    ///
    /// # Errors
    ///
    /// A part is too long; `put` was not called.
    pub fn encode(&self, mut put: impl FnMut(&[u8])) -> Result<(), RecordError> {
        let length = self.length()?;
        let mut fixed = Fixed::<CALL_FIXED>::new(CALL, length - CALL_FIXED);
        let key = self.key.unwrap_or_default();
        fixed.0[5] = if self.idempotent { IDEMPOTENT } else { 0 }
            | if self.key.is_some() { KEYED } else { 0 };
        fixed.put_u16(6, self.attempts.into());
        fixed.put_u32(8, self.ticket);
        fixed.put_u32(12, self.timeout_ms);
        fixed.put_u32(16, self.backoff_ms);
        fixed.put_u16(20, self.queue.len());
        fixed.put_u16(22, self.activity.len());
        fixed.put_u16(24, self.content_type.len());
        fixed.put_u16(26, key.len());
        fixed.put_u32(28, self.payload.len() as u32);
        put(&fixed.0);
        for text in [self.queue, self.activity, self.content_type, key] {
            if !text.is_empty() {
                put(text.as_bytes());
            }
        }
        put(self.payload);
        Ok(())
    }

    pub(super) fn parse(record: &'a [u8]) -> Result<Call<'a>, RecordError> {
        let (fixed, mut rest) = Fixed::<CALL_FIXED>::split(record)?;
        let queue = rest.text(QUEUE, fixed.u16(20))?;
        let activity = rest.text(ACTIVITY, fixed.u16(22))?;
        let content_type = rest.text(TYPE, fixed.u16(24))?;
        let key = rest.text(KEY, fixed.u16(26))?;
        let payload = rest.payload(fixed.u32(28) as usize)?;
        rest.end()?;
        let flags = fixed.0[5];
        if flags & !(IDEMPOTENT | KEYED) != 0 || fixed.u32(32) != 0 {
            return Err(RecordError::Value("flags"));
        }
        if flags & KEYED == 0 && !key.is_empty() {
            return Err(RecordError::Value("key"));
        }
        Ok(Call {
            queue,
            activity,
            content_type,
            payload,
            timeout_ms: fixed.u32(12),
            // It came out of sixteen bits.
            attempts: fixed.u16(6) as u16,
            backoff_ms: fixed.u32(16),
            idempotent: flags & IDEMPOTENT != 0,
            key: (flags & KEYED != 0).then_some(key),
            ticket: fixed.u32(8),
        })
    }
}

/// Nobody waits for the outcome of a call any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HangUp {
    /// The worker's number for the call.
    pub ticket: u32,
}

impl HangUp {
    /// Its record.
    pub fn encode(&self) -> [u8; HANG_UP_FIXED] {
        let mut fixed = Fixed::<HANG_UP_FIXED>::new(HANG_UP, 0);
        fixed.put_u32(8, self.ticket);
        fixed.0
    }

    pub(super) fn parse(record: &[u8]) -> Result<HangUp, RecordError> {
        let (fixed, rest) = Fixed::<HANG_UP_FIXED>::split(record)?;
        rest.end()?;
        Ok(HangUp { ticket: fixed.u32(8) })
    }
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallEnd {
    /// A worker has answered; the outcome's status says how.
    Answered,
    /// No worker has ever taken anything from the queue.
    NoQueue,
    /// No worker of the queue takes such activities.
    NoActivity,
    /// As many wait for the queue as may; the outcome says when to try again.
    QueueFull,
    /// No worker had room for it in time.
    WaitTimeout,
    /// The worker did not answer in time.
    Deadline,
    /// The worker ended with the activity in its hands.
    WorkerGone,
    /// The worker's answer is none, or longer than one may be.
    BadAnswer,
    /// The key was used for something else.
    KeyReused,
    /// The call itself cannot be: a name, a number or its length.
    BadCall,
    /// There is no memory for it now.
    NoMemory,
    /// The hub shuts down.
    ShuttingDown,
    /// An end of a newer hub; holds its number.
    Other(u8),
}

impl CallEnd {
    /// Every one that has a name, in order.
    pub const ALL: [CallEnd; 12] = [
        CallEnd::Answered,
        CallEnd::NoQueue,
        CallEnd::NoActivity,
        CallEnd::QueueFull,
        CallEnd::WaitTimeout,
        CallEnd::Deadline,
        CallEnd::WorkerGone,
        CallEnd::BadAnswer,
        CallEnd::KeyReused,
        CallEnd::BadCall,
        CallEnd::NoMemory,
        CallEnd::ShuttingDown,
    ];

    /// The stable number.
    pub fn number(self) -> u8 {
        match self {
            CallEnd::Answered => 0,
            CallEnd::NoQueue => 1,
            CallEnd::NoActivity => 2,
            CallEnd::QueueFull => 3,
            CallEnd::WaitTimeout => 4,
            CallEnd::Deadline => 5,
            CallEnd::WorkerGone => 6,
            CallEnd::BadAnswer => 7,
            CallEnd::KeyReused => 8,
            CallEnd::BadCall => 9,
            CallEnd::NoMemory => 10,
            CallEnd::ShuttingDown => 11,
            CallEnd::Other(number) => number,
        }
    }

    /// The one with this number.
    pub fn of(number: u8) -> CallEnd {
        let known = CallEnd::ALL.get(usize::from(number)).copied();
        known.unwrap_or(CallEnd::Other(number))
    }

    /// The stable name, in snake case; the hub's problems over HTTP have the same.
    pub fn as_str(self) -> &'static str {
        match self {
            CallEnd::Answered => "answered",
            CallEnd::NoQueue => "no_queue",
            CallEnd::NoActivity => "no_activity",
            CallEnd::QueueFull => "queue_full",
            CallEnd::WaitTimeout => "wait_timeout",
            CallEnd::Deadline => "deadline",
            CallEnd::WorkerGone => "worker_gone",
            CallEnd::BadAnswer => "bad_answer",
            CallEnd::KeyReused => "key_reused",
            CallEnd::BadCall => "bad_call",
            CallEnd::NoMemory => "no_memory",
            CallEnd::ShuttingDown => "shutting_down",
            CallEnd::Other(_) => "other",
        }
    }
}

impl fmt::Display for CallEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome<'a> {
    /// The worker's number for the call.
    pub ticket: u32,
    /// How it ended.
    pub end: CallEnd,
    /// The answer's HTTP status; 0 unless it was answered.
    pub status: u16,
    /// How often it was begun.
    pub attempts: u16,
    /// Milliseconds to stay away for; 0 for no hint. Of one that had to wait, those that the
    /// queue would have advised.
    pub hint_ms: u32,
    /// It was done for an earlier call with the same key.
    pub replayed: bool,
    /// The body's type; empty for none.
    pub content_type: &'a str,
    /// The answer's body, or a sentence that says what went wrong.
    pub body: &'a [u8],
}

impl<'a> Outcome<'a> {
    /// Bytes of its record.
    ///
    /// # Errors
    ///
    /// A part is too long.
    pub fn length(&self) -> Result<usize, RecordError> {
        Ok(OUTCOME_FIXED + TYPE.check(self.content_type.len())? + PAYLOAD.check(self.body.len())?)
    }

    /// Gives its record to `put`, piece by piece.
    ///
    /// # Errors
    ///
    /// A part is too long; `put` was not called.
    pub fn encode(&self, mut put: impl FnMut(&[u8])) -> Result<(), RecordError> {
        let length = self.length()?;
        let mut fixed = Fixed::<OUTCOME_FIXED>::new(OUTCOME, length - OUTCOME_FIXED);
        fixed.0[5] = self.end.number();
        fixed.put_u16(6, self.status.into());
        fixed.put_u32(8, self.ticket);
        fixed.put_u32(12, self.hint_ms);
        fixed.put_u16(16, self.attempts.into());
        fixed.put_u16(18, self.content_type.len());
        fixed.put_u32(20, self.body.len() as u32);
        fixed.put_u32(24, self.replayed.into());
        put(&fixed.0);
        if !self.content_type.is_empty() {
            put(self.content_type.as_bytes());
        }
        put(self.body);
        Ok(())
    }

    pub(super) fn parse(record: &'a [u8]) -> Result<Outcome<'a>, RecordError> {
        let (fixed, mut rest) = Fixed::<OUTCOME_FIXED>::split(record)?;
        let content_type = rest.text(TYPE, fixed.u16(18))?;
        let body = rest.payload(fixed.u32(20) as usize)?;
        rest.end()?;
        let replayed = match fixed.u32(24) {
            0 => false,
            1 => true,
            _ => return Err(RecordError::Value("flags")),
        };
        Ok(Outcome {
            ticket: fixed.u32(8),
            end: CallEnd::of(fixed.0[5]),
            // They came out of sixteen bits.
            status: fixed.u16(6) as u16,
            attempts: fixed.u16(16) as u16,
            hint_ms: fixed.u32(12),
            replayed,
            content_type,
            body,
        })
    }
}

/// Bytes of a call's payload, and of its answer, at most.
pub const CALL_BYTES_MAX: usize = PAYLOAD_BYTES_MAX;
