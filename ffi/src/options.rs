//! Option structs: their size first, zero for every default, and room to grow.
//!
//! A caller says how large his struct is. A smaller one, of an older header, has zeros
//! where the rest would be. Of a larger one, of a newer header, whatever this library does
//! not know must be zero: a wish that it cannot fulfil is an error, not a surprise.

use std::ffi::{CStr, OsStr, c_char};
use std::fmt::Display;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use sdk::{Backoff, Heartbeat, Options};

use crate::error::Fault;
use crate::types::check_array;

/// How a worker reaches its hub and behaves towards it. Begin with
/// SLOTWAY_WORKER_OPTIONS_INIT; 0 or NULL in any field means its default.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_worker_options {
    /// sizeof(slotway_worker_options).
    pub size: u32,
    /// Requests in hand at a time, at most; the hub's default (256) otherwise.
    pub slots: u32,
    /// The path of the hub's control socket; otherwise what the environment variable
    /// SLOTWAY_HUB names, else $XDG_RUNTIME_DIR/slotway/hub.sock, else
    /// /tmp/slotway-UID/hub.sock.
    pub hub: *const c_char,
    /// Bytes for one head: its headers and whatever else is not body. A multiple of 4096;
    /// the hub's default (128 KiB) otherwise.
    pub head_bytes: u32,
    /// Bytes of a request's body that a slot holds at once. A power of two; the hub's
    /// default (64 KiB) otherwise. Larger bodies flow through.
    pub request_bytes: u32,
    /// The same for a response's body.
    pub response_bytes: u32,
    /// How long slotway_worker_drain lets requests in hand go on; 30 s otherwise.
    pub drain_timeout_ms: u32,
    /// The first pause before the next attempt to reach the hub; each further one is twice
    /// as long, and chance adds up to as much as this. 500 ms otherwise.
    pub backoff_ms: u32,
    /// The longest pause; 60 s otherwise.
    pub backoff_max_ms: u32,
    /// How often to ask the hub whether it is there; never otherwise, because its death
    /// is noticed without asking.
    pub heartbeat_interval_ms: u32,
    /// After so long without a word from the hub it counts as hung; 45 s otherwise. Only
    /// with heartbeat_interval_ms.
    pub heartbeat_timeout_ms: u32,
    /// How often a thread in slotway_worker_next looks before it sleeps, at most; adapted to
    /// the machine otherwise. Negative: it sleeps at once.
    pub spin: i32,
    /// The number of this deployment, such as a build's or the time in seconds: as soon as
    /// the worker is ready the hub retires the workers of its names with lower numbers, which
    /// finish what they have and then hear SLOTWAY_E_CLOSED. Otherwise what the environment
    /// variable SLOTWAY_GENERATION says, and without it none: nobody is retired.
    pub generation: u32,
    /// 0 or SLOTWAY_WORKER_HOT_ADD.
    pub flags: u32,
    /// 0.
    pub reserved: u32,
}

/// Registrations may be added after slotway_worker_connect, with slotway_worker_add, and the
/// worker stays connected for them when the hub has refused every other. A flag of
/// slotway_worker_options.
pub const SLOTWAY_WORKER_HOT_ADD: u32 = 1;

/// Bytes of the first version: up to the generation.
pub(crate) const WORKER_OPTIONS_FIRST: usize = 56;

/// What a registration may have besides its name and routes. Begin with
/// SLOTWAY_REGISTRATION_OPTIONS_INIT; 0 in any field means its default.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_registration_options {
    /// sizeof(slotway_registration_options).
    pub size: u32,
    /// Requests of this registration in hand at a time, at most; the rest waits in the
    /// hub. As many as there are slots otherwise.
    pub max_concurrent: u32,
    /// Which of its name it is: 1 to 128 letters, digits, '_' or '-'. Registrations of one name
    /// whose instances differ share its load, also within one worker; name and instance are the
    /// identity by which a hub may let registrations in. The hub's number for the connection
    /// otherwise. It is copied.
    pub instance: *const c_char,
}

/// Bytes of the first version: up to max_concurrent.
pub(crate) const REGISTRATION_OPTIONS_FIRST: usize = 8;

const _: () = assert!(size_of::<slotway_worker_options>() == 64);
const _: () = assert!(size_of::<slotway_registration_options>() == 16);

/// A struct that begins with its size, as a `u32`, and whose every bit pattern is one.
///
/// # Safety
///
/// That is so, and it has no padding.
pub(crate) unsafe trait Sized32: Copy {}

// SAFETY: `repr(C)`; integers and a raw pointer, laid out without gaps (asserted above).
unsafe impl Sized32 for slotway_worker_options {}
// SAFETY: as above.
unsafe impl Sized32 for slotway_registration_options {}

/// Copies a caller's struct into one of this library's size. `None`: he gave NULL.
///
/// # Safety
///
/// Unless it is NULL, `options` points to as many readable bytes as the `u32` there says.
pub(crate) unsafe fn sized<T: Sized32>(
    name: impl Display,
    first_size: usize,
    options: *const T,
) -> Result<Option<T>, Fault> {
    if options.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller's promise, and the size comes first.
    let size = unsafe { options.cast::<u32>().read() } as usize;
    check_size(&name, size, first_size)?;
    let bytes: *const u8 = options.cast();
    // SAFETY: the caller's promise.
    let bytes: &[u8] = unsafe { std::slice::from_raw_parts(bytes, size) };
    let (known, newer) = bytes.split_at(size.min(size_of::<T>()));
    if newer.iter().any(|&byte| byte != 0) {
        return Err(Fault::Argument(format!(
            "{name} sets a field behind its first {} bytes, which this library, {}, is too old to \
             know",
            size_of::<T>(),
            env!("CARGO_PKG_VERSION")
        )));
    }
    let mut copy = MaybeUninit::<T>::zeroed();
    let to: *mut u8 = copy.as_mut_ptr().cast();
    // SAFETY: `known` is no longer than a T, and the copy is nobody else's.
    unsafe { std::ptr::copy_nonoverlapping(known.as_ptr(), to, known.len()) };
    // SAFETY: every bit pattern is one, which `Sized32` promises.
    Ok(Some(unsafe { copy.assume_init() }))
}

/// Copies the structs of a caller's array, each as [`sized`] does. They have the size that
/// the first one states, so that an array of an older or a newer header can be walked.
///
/// # Safety
///
/// Unless it is NULL, `data` points to `count` structs of that size, which stay as they are
/// during `'a`.
pub(crate) unsafe fn sized_array<'a, T: Sized32 + 'a>(
    name: &'static str,
    first_size: usize,
    data: *const T,
    count: usize,
) -> Result<impl Iterator<Item = Result<T, Fault>> + 'a, Fault> {
    if count > 0 {
        check_array(name, data, count)?;
    }
    let size = match count {
        0 => 0,
        // SAFETY: the caller's promise, and the size comes first.
        _ => unsafe { data.cast::<u32>().read() },
    };
    Ok((0..count).map(move |index| {
        let at: *const u8 = data.cast();
        // SAFETY: the caller's promise.
        let item: *const T = unsafe { at.add(index * size as usize) }.cast();
        // SAFETY: the caller's promise, and the size comes first.
        let own = unsafe { item.cast::<u32>().read() };
        if own != size {
            return Err(Fault::Argument(format!(
                "{name}[{index}].size is {own}, and {name}[0].size {size}; begin each with the \
                 struct's initialiser"
            )));
        }
        // SAFETY: the caller's promise.
        let copied = unsafe { sized(format_args!("{name}[{index}]"), first_size, item)? };
        Ok(copied.expect("not NULL: checked"))
    }))
}

/// Writes as much of an output as the caller has room for: `size`, which he wrote into it.
/// What a newer header has behind this library's last field is zeroed.
///
/// # Safety
///
/// `out` is not NULL and points to `size` writable bytes.
pub(crate) unsafe fn put_sized<T: Sized32>(
    name: &str,
    out: *mut T,
    size: usize,
    value: &T,
) -> Result<(), Fault> {
    check_size(name, size, size_of::<T>())?;
    let to: *mut u8 = out.cast();
    // SAFETY: the caller's promise.
    unsafe { to.write_bytes(0, size) };
    let from: *const u8 = std::ptr::from_ref(value).cast();
    // SAFETY: no more than either has; a local value and the caller's do not overlap.
    unsafe { std::ptr::copy_nonoverlapping(from, to, size.min(size_of::<T>())) };
    Ok(())
}

/// The first version of every struct is this library's.
fn check_size(name: impl Display, size: usize, first_size: usize) -> Result<(), Fault> {
    // Larger than a page is not a newer header but a size that was never set.
    if (first_size..=4096).contains(&size) {
        return Ok(());
    }
    Err(Fault::Argument(format!(
        "{name}.size is {size}, and no version of the struct has that many bytes; begin with \
         the struct's initialiser"
    )))
}

fn milliseconds(value: u32) -> Option<Duration> {
    (value != 0).then(|| Duration::from_millis(value.into()))
}

/// What C's options ask for, and whether registrations may be added later.
///
/// # Safety
///
/// `options` as for [`sized`], and its texts end with NUL.
pub(crate) unsafe fn worker_options(
    options: *const slotway_worker_options,
) -> Result<(Options, bool), Fault> {
    let mut built = Options::new().sdk(concat!("c/", env!("CARGO_PKG_VERSION")));
    // SAFETY: the caller's promise.
    let given = unsafe { sized("options", WORKER_OPTIONS_FIRST, options)? };
    let Some(given) = given else {
        return Ok((built, false));
    };
    if given.flags & !SLOTWAY_WORKER_HOT_ADD != 0 || given.reserved != 0 {
        return Err(Fault::Argument(format!(
            "options.flags is {:#x} and options.reserved {}; a worker's flags are 0 or \
             SLOTWAY_WORKER_HOT_ADD, and what is reserved is 0",
            given.flags, given.reserved
        )));
    }
    let hot_add = given.flags & SLOTWAY_WORKER_HOT_ADD != 0;
    built = built.keep_open(hot_add);
    if !given.hub.is_null() {
        // SAFETY: the caller's promise.
        let path = unsafe { CStr::from_ptr(given.hub) };
        built = built.hub(OsStr::from_bytes(path.to_bytes()));
    }
    let set = |built, value: u32, set: fn(Options, u32) -> Options| match value {
        0 => built,
        value => set(built, value),
    };
    built = set(built, given.slots, Options::slots);
    built = set(built, given.head_bytes, Options::head_bytes);
    built = set(built, given.request_bytes, Options::request_bytes);
    built = set(built, given.response_bytes, Options::response_bytes);
    built = set(built, given.generation, |built, number| built.generation(number.into()));
    if let Some(timeout) = milliseconds(given.drain_timeout_ms) {
        built = built.drain_deadline(timeout);
    }
    let mut backoff = Backoff::default();
    if let Some(base) = milliseconds(given.backoff_ms) {
        (backoff.base, backoff.jitter) = (base, base);
    }
    backoff.cap = milliseconds(given.backoff_max_ms).unwrap_or(backoff.cap);
    built = built.backoff(backoff);
    if let Some(interval) = milliseconds(given.heartbeat_interval_ms) {
        let timeout = milliseconds(given.heartbeat_timeout_ms);
        let timeout = timeout.unwrap_or(Heartbeat::default().timeout);
        built = built.heartbeat(Heartbeat { interval, timeout });
    }
    if given.spin != 0 {
        built = built.spin_cap(u32::try_from(given.spin).unwrap_or(0));
    }
    Ok((built, hot_add))
}

#[cfg(test)]
mod tests;
