//! What went wrong, and the thread's memory of it.

use std::any::Any;
use std::cell::RefCell;
use std::ffi::{CStr, c_char};
use std::fmt;
use std::io::Write;

use sdk::Error;

use crate::call_end::slotway_call_end::{self, SLOTWAY_END_ANSWERED};
use crate::handle::Kind;
use crate::macros::panicked;
use crate::status::slotway_status::{self, *};

/// What the body of an export gives.
pub(crate) type Outcome = Result<(), Fault>;

/// Why a call fails.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A pointer that may not be NULL is; holds the parameter's name.
    Null(&'static str),
    /// The handle was closed before, or never was one.
    Stale(Kind, usize),
    /// An argument is not acceptable; holds the sentence that says why.
    Argument(String),
    /// Nothing now.
    Again,
    /// A registration is not live: it waits for approval; holds the hub's sentence.
    Waiting(String),
    /// The time is over.
    Timeout,
    /// The calls came in a wrong order; holds the sentence that says what to do.
    Order(&'static str),
    /// There are as many open handles as there can be.
    Handles(Kind),
    /// The body is larger than what lies in one piece.
    BodyTooLarge,
    /// What the worker says.
    Worker(Error),
    /// A panic; holds what it said.
    Panic(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        Fault::Worker(error)
    }
}

impl Fault {
    pub(crate) fn status(&self) -> slotway_status {
        match self {
            Fault::Null(_) | Fault::Argument(_) => SLOTWAY_E_INVALID_ARGUMENT,
            Fault::Stale(..) => SLOTWAY_E_CLOSED,
            Fault::Again | Fault::Waiting(_) => SLOTWAY_E_AGAIN,
            Fault::Timeout => SLOTWAY_E_TIMEOUT,
            Fault::Order(_) => SLOTWAY_E_OUT_OF_ORDER,
            Fault::Handles(_) | Fault::BodyTooLarge => SLOTWAY_E_TOO_LARGE,
            Fault::Worker(error) => slotway_status::of(error.code()),
            Fault::Panic(_) => SLOTWAY_E_INTERNAL,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Null(parameter) => write!(f, "the argument {parameter} is NULL"),
            Fault::Stale(kind, handle) => write!(
                f,
                "{handle:#x} is not an open {kind}: it was closed before, or never was one"
            ),
            Fault::Argument(sentence) => f.write_str(sentence),
            Fault::Again => f.write_str("nothing to do now; poll the worker's descriptor"),
            Fault::Waiting(reason) => write!(f, "the registration waits for approval: {reason}"),
            Fault::Timeout => f.write_str("the time was over before anything happened"),
            Fault::Order(sentence) => f.write_str(sentence),
            Fault::Handles(kind) => {
                write!(f, "there cannot be more open {kind}s; close those that are done with")
            }
            Fault::BodyTooLarge => f.write_str(
                "the body is larger than what the slot holds at once; read it in pieces",
            ),
            Fault::Worker(error) => error.fmt(f),
            Fault::Panic(said) => write!(f, "a bug of this library stopped the call: {said}"),
        }
    }
}

/// A thread's last error. Its buffers are kept, so that an error costs no allocation.
struct Last {
    status: slotway_status,
    /// Ends with NUL.
    text: Vec<u8>,
    /// The hub's code of a refusal, with NUL, or empty.
    refusal: Vec<u8>,
    /// How a call ended, if one did.
    call_end: slotway_call_end,
    retry_after_ms: u32,
}

const NONE: Last = Last {
    status: SLOTWAY_OK,
    text: Vec::new(),
    refusal: Vec::new(),
    call_end: SLOTWAY_END_ANSWERED,
    retry_after_ms: 0,
};

thread_local! {
    static LAST: RefCell<Last> = const { RefCell::new(NONE) };
}

/// Turns what an export's body came to into its status.
#[inline]
pub(crate) fn settle(outcome: Result<Outcome, Box<dyn Any + Send>>) -> slotway_status {
    match outcome {
        Ok(Ok(())) => SLOTWAY_OK,
        Ok(Err(fault)) => keep(&fault),
        Err(payload) => keep(&panicked(&*payload)),
    }
}

#[cold]
fn keep(fault: &Fault) -> slotway_status {
    let status = fault.status();
    // A thread that is ending has no memory any more.
    let _ = LAST.try_with(|last| {
        let Last { status: kept, text, refusal, call_end, retry_after_ms } =
            &mut *last.borrow_mut();
        *kept = status;
        text.clear();
        let _ = write!(text, "{fault}");
        seal(text);
        refusal.clear();
        if let Fault::Worker(Error::Refused { code, .. }) = fault {
            let _ = write!(refusal, "{code}");
            seal(refusal);
        }
        (*call_end, *retry_after_ms) = match fault {
            Fault::Worker(Error::Call { end, retry_after, .. }) => {
                let after = retry_after.map_or(0, |after| after.as_millis());
                (slotway_call_end::of(*end), u32::try_from(after).unwrap_or(u32::MAX))
            }
            _ => (SLOTWAY_END_ANSWERED, 0),
        };
    });
    status
}

/// Makes a C string of it.
fn seal(text: &mut Vec<u8>) {
    text.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b'?');
    text.push(0);
}

fn text_of(buffer: &[u8]) -> *const c_char {
    if buffer.is_empty() { EMPTY.as_ptr() } else { buffer.as_ptr().cast() }
}

const EMPTY: &CStr = c"";

/// The sentence that says what was wrong with the last call of this thread that failed:
/// what, the value, and what to do. Empty if none has failed. A call that succeeds leaves
/// it as it is.
///
/// Lifetime: until the next call of this thread that fails. Owned by the library.
/// From any thread, about itself. Cannot fail, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn slotway_last_error() -> *const c_char {
    export!(or EMPTY.as_ptr() => {
        LAST.try_with(|last| text_of(&last.borrow().text)).unwrap_or(EMPTY.as_ptr())
    })
}

/// The status of the last call of this thread that failed; SLOTWAY_OK if none has.
///
/// From any thread, about itself. Cannot fail.
#[unsafe(no_mangle)]
pub extern "C" fn slotway_last_status() -> slotway_status {
    export!(or SLOTWAY_E_INTERNAL => {
        LAST.try_with(|last| last.borrow().status).unwrap_or(SLOTWAY_OK)
    })
}

/// The hub's own stable code, such as "route_conflict", if the last call of this thread
/// that failed gave SLOTWAY_E_REFUSED; otherwise empty.
///
/// Lifetime: until the next call of this thread that fails. Owned by the library.
/// From any thread, about itself. Cannot fail, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn slotway_last_refusal() -> *const c_char {
    export!(or EMPTY.as_ptr() => {
        LAST.try_with(|last| text_of(&last.borrow().refusal)).unwrap_or(EMPTY.as_ptr())
    })
}

/// How the call ended, if the last call of this thread that failed gave SLOTWAY_E_CALL;
/// otherwise SLOTWAY_END_ANSWERED.
///
/// From any thread, about itself. Cannot fail.
#[unsafe(no_mangle)]
pub extern "C" fn slotway_last_call_end() -> slotway_call_end {
    export!(or SLOTWAY_END_ANSWERED => {
        LAST.try_with(|last| last.borrow().call_end).unwrap_or(SLOTWAY_END_ANSWERED)
    })
}

/// How long to stay away, in milliseconds, if the last call of this thread that failed gave
/// SLOTWAY_E_CALL and the hub said so, as it does for SLOTWAY_END_QUEUE_FULL; otherwise 0.
///
/// From any thread, about itself. Cannot fail.
#[unsafe(no_mangle)]
pub extern "C" fn slotway_last_retry_after_ms() -> u32 {
    export!(or 0 => {
        LAST.try_with(|last| last.borrow().retry_after_ms).unwrap_or(0)
    })
}

#[cfg(test)]
mod tests;
