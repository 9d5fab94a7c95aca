//! Pushing to clients of streams that a worker owns.

use std::fmt::Display;
use std::time::Instant;

use sdk::{Offer, Push, PushTo};

use crate::error::Fault;
use crate::options::{Sized32, sized, sized_array};
use crate::status::slotway_status;
use crate::types::{array, put, slotway_field, slotway_view, timeout, view_bytes, view_text};
use crate::worker::{hold, slotway_worker};

/// The clients' streams end: behind the event, or at once if there is neither data nor a type
/// nor an id. A flag of slotway_push.
pub const SLOTWAY_PUSH_CLOSE: u32 = 1;

/// Something for clients of a stream that this worker owns. Begin with SLOTWAY_PUSH_INIT;
/// name the clients by one of path, pattern and connection. A view that is absent or empty
/// means its default. Texts are UTF-8.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_push {
    /// sizeof(slotway_push).
    pub size: u32,
    /// The index of the registration that has the stream's route; the first otherwise.
    pub registration: u32,
    /// All clients of this path, such as "/rooms/7", percent-encoded or not.
    pub path: slotway_view,
    /// All clients of the paths that a route's pattern, such as "/rooms/{room}", makes with
    /// params; a parameter that is not among them may have any value.
    pub pattern: slotway_view,
    /// Parameters of the pattern by name, not percent-encoded.
    pub params: *const slotway_field,
    /// How many there are.
    pub param_count: usize,
    /// One client, by the number that slotway_request_sse gave.
    pub connection: u64,
    /// The event's type: 255 bytes at most, without CR, LF and NUL; "message" otherwise.
    pub r#type: slotway_view,
    /// The event's id, by the same rule; none otherwise.
    pub id: slotway_view,
    /// What it says, 5 MiB at most (or less, if the hub is told so); nothing otherwise.
    pub data: slotway_view,
    /// 0 or SLOTWAY_PUSH_CLOSE.
    pub flags: u32,
    /// 0.
    pub reserved: u32,
}

const _: () = assert!(size_of::<slotway_push>() == 120);

// SAFETY: `repr(C)`; integers and raw pointers, laid out without gaps (asserted above).
unsafe impl Sized32 for slotway_push {}

/// Pushes one event and waits for what became of it, which *status tells as HTTP would: 200,
/// it is on its way to each of the clients; 404, nobody is there; 410, whoever was there
/// leaves or has left; 429, too much waits for them; 400, the target or the event cannot
/// be.
///
/// timeout_ms: negative waits for ever, through room in the memory that is shared with the
/// hub and the answer; 0 only looks.
///
/// Everything is copied.
/// From any thread, any number at once.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_TOO_LARGE (the data), SLOTWAY_E_TIMEOUT (it
/// may have been pushed), SLOTWAY_E_HUB_GONE (likewise), SLOTWAY_E_REFUSED (the hub has no
/// events), SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_push(
    worker: *mut slotway_worker,
    push: *const slotway_push,
    timeout_ms: i64,
    status: *mut u32,
) -> slotway_status {
    export!([worker, push, status] => {
        let held = hold(worker)?;
        let publisher = held.publisher()?;
        // SAFETY: the header's contract.
        let given = unsafe { sized("push", size_of::<slotway_push>(), push)? };
        let given = given.ok_or(Fault::Null("push"))?;
        // SAFETY: the header's contract.
        let parts = unsafe { Parts::read(&given, "push")? };
        let told = publisher.push(&parts.push(), timeout(timeout_ms))?;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(status, told.into()) };
        Ok(())
    })
}

/// Pushes events in order, without waiting for what becomes of them: what nobody is there
/// for is dropped. For streams of many small events.
///
/// All must state the same size. timeout_ms is for room in the memory that is shared with
/// the hub: negative waits for ever, 0 not at all. Where some were pushed before the time
/// was over, or before one that cannot be pushed, the call succeeds and *pushed, which may
/// be NULL, says how many; go on with the next one, which then tells what is wrong with it.
///
/// Everything is copied.
/// From any thread, any number at once; a call's events stay in their order.
/// Errors: those of slotway_worker_push; SLOTWAY_E_TIMEOUT (nothing was pushed).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_push_many(
    worker: *mut slotway_worker,
    pushes: *const slotway_push,
    count: usize,
    timeout_ms: i64,
    pushed: *mut usize,
) -> slotway_status {
    export!([worker] => {
        let held = hold(worker)?;
        let publisher = held.publisher()?;
        let end = timeout(timeout_ms).and_then(|timeout| Instant::now().checked_add(timeout));
        // SAFETY: the header's contract.
        let done = unsafe {
            each(pushes, count, |push| {
                let left = end.map(|end| end.saturating_duration_since(Instant::now()));
                Ok(publisher.push_only(push, left)?)
            })?
        };
        if !pushed.is_null() {
            // SAFETY: the header's contract; it is not NULL.
            unsafe { put(pushed, done) };
        }
        Ok(())
    })
}

/// Pushes as many of the events, in order, as there is room for now; *pushed says how many.
/// SLOTWAY_E_AGAIN: there is no room for the first, and the poll descriptor becomes readable
/// when there is.
///
/// Otherwise as slotway_worker_push_many.
///
/// From any thread; the event loop's, if it waits for room.
/// Errors: SLOTWAY_E_AGAIN, SLOTWAY_E_HUB_GONE (there is no hub now, and the poll descriptor
/// becomes readable when one is there), and those of slotway_worker_push_many but for
/// SLOTWAY_E_TIMEOUT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_try_push_many(
    worker: *mut slotway_worker,
    pushes: *const slotway_push,
    count: usize,
    pushed: *mut usize,
) -> slotway_status {
    export!([worker, pushed] => {
        let held = hold(worker)?;
        let publisher = held.publisher()?;
        // SAFETY: the header's contract.
        let done = unsafe {
            each(pushes, count, |push| loop {
                match publisher.try_push(push)? {
                    Offer::Published => return Ok(()),
                    // Asked for before the answer is no, so that the notice is not missed.
                    Offer::Full if publisher.poll_room()? => {}
                    Offer::Full => return Err(Fault::Again),
                }
            })?
        };
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(pushed, done) };
        Ok(())
    })
}

/// Gives each of the caller's pushes to `one`; how many that took. What is wrong with one
/// behind the first comes with the next call, which begins with it.
///
/// # Safety
///
/// As the header says.
unsafe fn each(
    pushes: *const slotway_push,
    count: usize,
    mut one: impl FnMut(&Push<'_>) -> Result<(), Fault>,
) -> Result<usize, Fault> {
    let first_size = size_of::<slotway_push>();
    // SAFETY: the caller's promise.
    let read = unsafe { sized_array("pushes", first_size, pushes, count)? };
    for (index, given) in read.enumerate() {
        let done = given.and_then(|given| {
            // SAFETY: the caller's promise.
            let parts = unsafe { Parts::read(&given, format_args!("pushes[{index}]"))? };
            one(&parts.push())
        });
        match done {
            Ok(()) => {}
            Err(_) if index > 0 => return Ok(index),
            Err(fault) => return Err(fault),
        }
    }
    Ok(count)
}

/// What the caller means, in types of Rust.
struct Parts<'a> {
    to: To<'a>,
    registration: u32,
    kind: &'a str,
    id: &'a str,
    data: &'a [u8],
    close: bool,
}

enum To<'a> {
    Path(&'a str),
    Pattern(&'a str, Vec<(&'a str, &'a str)>),
    /// Its number, in decimal.
    Connection(String),
}

impl<'a> Parts<'a> {
    /// # Safety
    ///
    /// As the header says.
    unsafe fn read(given: &slotway_push, name: impl Display) -> Result<Parts<'a>, Fault> {
        if given.flags & !SLOTWAY_PUSH_CLOSE != 0 {
            return Err(Fault::Argument(format!(
                "{name}.flags is {:#x}; a push's flags are 0 or SLOTWAY_PUSH_CLOSE",
                given.flags
            )));
        }
        // SAFETY: the caller's promise.
        let text = |part, view| unsafe { view_text(format_args!("{name}.{part}"), view) };
        let path = text("path", given.path)?;
        let pattern = text("pattern", given.pattern)?;
        let to = match (path, pattern, given.connection) {
            (path, "", 0) if !path.is_empty() => To::Path(path),
            ("", "", connection) if connection != 0 => To::Connection(connection.to_string()),
            ("", pattern, 0) if !pattern.is_empty() => {
                // SAFETY: the caller's promise.
                let fields = unsafe { array("params", given.params, given.param_count)? };
                let pair = |field: &slotway_field| {
                    Ok((text("params.name", field.name)?, text("params.value", field.value)?))
                };
                To::Pattern(pattern, fields.iter().map(pair).collect::<Result<_, Fault>>()?)
            }
            _ => {
                return Err(Fault::Argument(format!(
                    "{name} names its clients by path {path:?}, pattern {pattern:?} and connection {}; \
                     set one of them",
                    given.connection
                )));
            }
        };
        let (kind, id) = (text("type", given.r#type)?, text("id", given.id)?);
        // SAFETY: the caller's promise.
        let data = unsafe { view_bytes(format_args!("{name}.data"), given.data)? };
        let close = given.flags & SLOTWAY_PUSH_CLOSE != 0;
        Ok(Parts { to, registration: given.registration, kind, id, data, close })
    }

    fn push(&self) -> Push<'_> {
        let to = match &self.to {
            To::Path(path) => PushTo::Path(path),
            To::Pattern(pattern, params) => PushTo::Pattern { pattern, params },
            To::Connection(number) => PushTo::Connection(number),
        };
        let push = Push::new(to).registration(self.registration);
        let push = push.kind(self.kind).id(self.id).data(self.data);
        if self.close { push.close() } else { push }
    }
}

#[cfg(test)]
mod tests;
