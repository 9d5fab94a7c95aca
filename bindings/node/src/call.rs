//! Functions that JavaScript calls: their arguments, and the border that no panic crosses.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

use napi_sys as sys;
use sdk::ErrorCode;

use crate::env::{Env, Value};
use crate::error::{Failure, Result};

/// The most that a function here takes.
const ARGUMENTS: usize = 5;

/// One call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'e> {
    pub(crate) env: Env<'e>,
    arguments: [sys::napi_value; ARGUMENTS],
}

impl<'e> Call<'e> {
    /// An argument; `undefined` where none was given.
    #[inline]
    pub(crate) fn argument(&self, index: usize) -> Value<'e> {
        // SAFETY: the interpreter filled the array for this call, the rest with `undefined`.
        unsafe { Value::from_raw(self.arguments[index]) }
    }

    #[inline]
    pub(crate) fn int(&self, index: usize) -> Result<i32> {
        self.env.to_int(self.argument(index))
    }
}

/// A call from JavaScript, from its raw arguments to its raw result.
///
/// # Safety
///
/// The interpreter's contract for callbacks; and the function was made by [`function`], with a
/// `D` of its own, or with none where `body` does not look at it.
#[inline]
pub(crate) unsafe fn enter<'e, D, F>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    body: F,
) -> sys::napi_value
where
    D: 'e,
    F: FnOnce(Call<'e>, &'e D) -> Result<Value<'e>>,
{
    // SAFETY: the interpreter calls with a valid environment, on its thread, in a scope.
    let env = unsafe { Env::from_raw(env) };
    let (mut arguments, mut count) = ([ptr::null_mut(); ARGUMENTS], ARGUMENTS);
    let mut data = ptr::null_mut();
    // SAFETY: `info` belongs to this call, and there is a place for all that is asked.
    let status = unsafe {
        sys::napi_get_cb_info(
            env.raw(),
            info,
            &mut count,
            arguments.as_mut_ptr(),
            ptr::null_mut(),
            &mut data,
        )
    };
    if status != sys::Status::napi_ok {
        return ptr::null_mut();
    }
    // SAFETY: the function holds its data for as long as it lives, and it is being called.
    let data = unsafe { &*data.cast::<D>() };
    // What a panic leaves half done is an exchange, which is a whole again by its own locks.
    let result = catch_unwind(AssertUnwindSafe(|| body(Call { env, arguments }, data)));
    match result {
        Ok(Ok(value)) => value.raw(),
        Ok(Err(failure)) => {
            failure.throw(env);
            ptr::null_mut()
        }
        Err(panic) => {
            panicked(panic.as_ref()).throw(env);
            ptr::null_mut()
        }
    }
}

#[cold]
fn panicked(panic: &(dyn std::any::Any + Send)) -> Failure {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a word");
    Failure::Coded(ErrorCode::Internal, format!("a bug of slotway: it panicked ({text})"))
}

/// Defines functions for [`function`]: each is an `extern "C"` around one of Rust.
macro_rules! callbacks {
    ($data:ty: $($name:ident => $body:path),* $(,)?) => {
        $(
            /// # Safety
            ///
            /// The interpreter's contract for callbacks, of a function made with this data.
            pub(super) unsafe extern "C" fn $name(
                env: napi_sys::napi_env,
                info: napi_sys::napi_callback_info,
            ) -> napi_sys::napi_value {
                // SAFETY: the caller's promise.
                unsafe { $crate::call::enter::<$data, _>(env, info, |call, data| $body(call, data)) }
            }
        )*
    };
}
pub(crate) use callbacks;

/// Makes a function, and keeps `data` for as long as it lives.
///
/// # Safety
///
/// `callback` was defined by [`callbacks`], for data of this type.
pub(crate) unsafe fn function<'e, D>(
    env: Env<'e>,
    name: &str,
    callback: unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value,
    data: &Rc<D>,
) -> Result<Value<'e>> {
    let data = Rc::into_raw(data.clone()).cast_mut().cast::<c_void>();
    let mut function = ptr::null_mut();
    // SAFETY: the environment is valid, the name has so many bytes, and the callback finds in
    // `data` what it looks for, by the caller's promise.
    let status = unsafe {
        sys::napi_create_function(
            env.raw(),
            name.as_ptr().cast(),
            name.len() as isize,
            Some(callback),
            data,
            &mut function,
        )
    };
    env.checked(status, "a function")?;
    // SAFETY: the function is an object; the finalizer gives `data` back once, when nobody can
    // call it any more.
    let status = unsafe {
        sys::napi_add_finalizer(
            env.raw(),
            function,
            data,
            Some(give_back::<D>),
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    env.checked(status, "napi_add_finalizer")?;
    // SAFETY: the value belongs to the scope of `env`.
    Ok(unsafe { Value::from_raw(function) })
}

/// # Safety
///
/// The interpreter's contract for finalizers: `data` is what was handed over, once.
unsafe extern "C" fn give_back<D>(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    // SAFETY: it came out of an `Rc` in `function`.
    let data = unsafe { Rc::from_raw(data.cast_const().cast::<D>()) };
    // A panic must not go on into the interpreter, and has been reported.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(data)));
}
