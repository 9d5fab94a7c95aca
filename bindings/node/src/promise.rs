//! Promises for what waits: a thread of its own does, and tells the event loop.

use std::ffi::c_void;
use std::ptr;

use napi_sys as sys;
use sdk::ErrorCode;

use crate::env::{Env, Value};
use crate::error::{Failure, Result};

/// What a promise is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Nothing,
    Whether(bool),
}

type Told = sdk::Result<Outcome>;

/// A pointer that another thread may carry.
struct Carried(sys::napi_threadsafe_function);

// SAFETY: such functions are made to be called from any thread.
unsafe impl Send for Carried {}

/// A promise for what `work` gives, which runs on a thread of its own. The process stays alive
/// for it.
pub(crate) fn promised<'e>(
    env: Env<'e>,
    work: impl FnOnce() -> Told + Send + 'static,
) -> Result<Value<'e>> {
    let name = env.text("slotway")?;
    let (mut deferred, mut promise) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the environment is valid, and there are places for what it gives.
    let status = unsafe { sys::napi_create_promise(env.raw(), &mut deferred, &mut promise) };
    env.checked(status, "a promise")?;
    let mut function = ptr::null_mut();
    // SAFETY: environment and name are valid, and `tell` finds in the context what it wants.
    let status = unsafe {
        sys::napi_create_threadsafe_function(
            env.raw(),
            ptr::null_mut(),
            ptr::null_mut(),
            name.raw(),
            0,
            1,
            ptr::null_mut(),
            None,
            deferred.cast(),
            Some(tell),
            &mut function,
        )
    };
    env.checked(status, "a threadsafe function")?;
    let carried = Carried(function);
    let spawned = std::thread::Builder::new().name("slotway-wait".to_owned()).spawn(move || {
        let Carried(function) = { carried };
        let told = Box::into_raw(Box::new(work()));
        let blocking = sys::ThreadsafeFunctionCallMode::blocking;
        // SAFETY: this thread holds the function until it releases it below.
        let status = unsafe { sys::napi_call_threadsafe_function(function, told.cast(), blocking) };
        if status != sys::Status::napi_ok {
            // SAFETY: the interpreter is at its end and did not take it.
            drop(unsafe { Box::from_raw(told) });
        }
        let release = sys::ThreadsafeFunctionReleaseMode::release;
        // SAFETY: it is released once.
        unsafe { sys::napi_release_threadsafe_function(function, release) };
    });
    if let Err(error) = spawned {
        let release = sys::ThreadsafeFunctionReleaseMode::release;
        // SAFETY: there is no thread that would release it.
        unsafe { sys::napi_release_threadsafe_function(function, release) };
        return Err(Failure::Coded(ErrorCode::Io, format!("starting a thread failed: {error}")));
    }
    // SAFETY: the value belongs to the scope of `env`.
    Ok(unsafe { Value::from_raw(promise) })
}

/// # Safety
///
/// Node's contract for such calls, with a promise as context and what was told as data.
unsafe extern "C" fn tell(
    env: sys::napi_env,
    _function: sys::napi_value,
    context: *mut c_void,
    told: *mut c_void,
) {
    // SAFETY: it came out of a box in `promised`.
    let told = unsafe { Box::from_raw(told.cast::<Told>()) };
    if env.is_null() {
        // The interpreter is at its end, and nobody is left to be told.
        return;
    }
    // SAFETY: the interpreter calls on its thread, in a scope.
    let env = unsafe { Env::from_raw(env) };
    let value = match *told {
        Ok(Outcome::Nothing) => env.undefined(),
        Ok(Outcome::Whether(whether)) => env.boolean(whether),
        Err(error) => {
            if let Some(exception) = Failure::from(error).exception(env) {
                // SAFETY: the promise was made in `promised` and is settled once.
                unsafe { sys::napi_reject_deferred(env.raw(), context.cast(), exception.raw()) };
            }
            return;
        }
    };
    if let Ok(value) = value {
        // SAFETY: as above.
        unsafe { sys::napi_resolve_deferred(env.raw(), context.cast(), value.raw()) };
    }
}
