//! What the library has to say that no call can give, that the hub is away for example, for
//! the function that JavaScript names.
//!
//! Lines come from threads; Node takes them to its event loop. That does not keep the process
//! alive, and lines that nobody takes any more are dropped.

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use napi_sys as sys;
use sdk::log::{self, Level};

use crate::env::{Env, Value};
use crate::error::Result;

/// The least level that is wanted: 10 for debug, 20, 30, 40 for errors.
static WANTED: AtomicI32 = AtomicI32::new(30);

/// Who can hear the lines, one for each interpreter; the one that asked last does.
static LISTENERS: Mutex<Vec<Listener>> = Mutex::new(Vec::new());

#[derive(Debug)]
struct Listener {
    function: sys::napi_threadsafe_function,
    /// What tells it from those before and after.
    number: usize,
    /// The interpreter's address, as a number.
    env: usize,
}

/// How many have listened.
static NUMBERS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: such functions are made to be called from any thread.
unsafe impl Send for Listener {}

type Said = (i32, String);

fn listeners() -> std::sync::MutexGuard<'static, Vec<Listener>> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn number(level: &Level) -> i32 {
    match *level {
        Level::ERROR => 40,
        Level::WARN => 30,
        Level::INFO => 20,
        _ => 10,
    }
}

/// From here on `listen(level, text)` hears what has this level at least.
pub(crate) fn listen<'e>(env: Env<'e>, level: i32, listen: Value<'e>) -> Result<()> {
    env.function(listen)?;
    let name = env.text("slotway log")?;
    // Relaxed: a number that only has to differ from the others.
    let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
    let mut function = ptr::null_mut();
    // SAFETY: environment, function and name are valid; the context is a number.
    let status = unsafe {
        sys::napi_create_threadsafe_function(
            env.raw(),
            listen.raw(),
            ptr::null_mut(),
            name.raw(),
            0,
            1,
            ptr::null_mut(),
            Some(forget),
            ptr::without_provenance_mut(number),
            Some(tell),
            &mut function,
        )
    };
    env.checked(status, "a function")?;
    // SAFETY: it was created above, in this environment.
    let status = unsafe { sys::napi_unref_threadsafe_function(env.raw(), function) };
    env.checked(status, "napi_unref_threadsafe_function")?;
    WANTED.store(level, Ordering::Relaxed);
    let env = env.raw().addr();
    let (before, mut now): (Vec<_>, Vec<_>) =
        std::mem::take(&mut *listeners()).into_iter().partition(|one| one.env == env);
    now.push(Listener { function, number, env });
    *listeners() = now;
    for one in before {
        let release = sys::ThreadsafeFunctionReleaseMode::release;
        // SAFETY: it was this side's one hold of it, and is forgotten now.
        unsafe { sys::napi_release_threadsafe_function(one.function, release) };
    }
    // Somebody else's subscriber, if there is one, is a better place for it.
    let _ = log::listen(Lines);
    Ok(())
}

/// The interpreter ends, or has another function.
///
/// # Safety
///
/// Node's contract for finalizers of such functions.
unsafe extern "C" fn forget(_: sys::napi_env, _: *mut c_void, number: *mut c_void) {
    listeners().retain(|one| one.number != number.addr());
}

/// # Safety
///
/// Node's contract for such calls, with a line as data.
unsafe extern "C" fn tell(
    env: sys::napi_env,
    listen: sys::napi_value,
    _context: *mut c_void,
    said: *mut c_void,
) {
    // SAFETY: it came out of a box in `event`.
    let (level, text) = *unsafe { Box::from_raw(said.cast::<Said>()) };
    if env.is_null() {
        return;
    }
    // SAFETY: the interpreter calls on its thread, in a scope.
    let env = unsafe { Env::from_raw(env) };
    let (Ok(global), Ok(level), Ok(text)) = (env.global(), env.int(level), env.text(&text)) else {
        return;
    };
    let arguments = [level.raw(), text.raw()];
    // SAFETY: the values are valid. What the function throws goes where it does for others.
    unsafe {
        sys::napi_call_function(
            env.raw(),
            global.raw(),
            listen,
            2,
            arguments.as_ptr(),
            ptr::null_mut(),
        )
    };
}

/// Hands lines to the event loop.
struct Lines;

impl log::Listener for Lines {
    fn wants(&self, level: &Level) -> bool {
        // Relaxed: who misses a change goes by the level of a moment ago.
        number(level) >= WANTED.load(Ordering::Relaxed)
    }

    fn hear(&self, level: &Level, line: String) {
        // Locked while it is called, so that it is not finalized meanwhile.
        let listeners = listeners();
        let Some(&Listener { function, .. }) = listeners.last() else { return };
        let said: Said = (number(level), line);
        let said = Box::into_raw(Box::new(said));
        let nonblocking = sys::ThreadsafeFunctionCallMode::nonblocking;
        // SAFETY: the function is alive while it is listed.
        let status =
            unsafe { sys::napi_call_threadsafe_function(function, said.cast(), nonblocking) };
        if status != sys::Status::napi_ok {
            // SAFETY: it was not taken.
            drop(unsafe { Box::from_raw(said) });
        }
    }
}
