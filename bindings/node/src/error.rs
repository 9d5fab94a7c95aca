//! Errors, as exceptions of the class that `lib/errors.js` hands over.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;

use napi_sys as sys;
use sdk::{Error, ErrorCode};

use crate::env::{Env, Value};

/// Why a call fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// JavaScript has thrown, and what it threw is pending.
    Thrown,
    /// What the layer below says, or what is said in its name.
    Coded(ErrorCode, String),
    /// An argument is of another kind: a `TypeError`.
    Type(String),
}

/// What everything here gives.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

impl From<Error> for Failure {
    #[cold]
    fn from(error: Error) -> Failure {
        Failure::Coded(error.code(), error.to_string())
    }
}

impl Failure {
    #[cold]
    pub(crate) fn of_status(status: sys::napi_status, what: &'static str) -> Failure {
        use sys::Status;
        match status {
            Status::napi_pending_exception => Failure::Thrown,
            Status::napi_number_expected
            | Status::napi_string_expected
            | Status::napi_boolean_expected
            | Status::napi_array_expected
            | Status::napi_object_expected
            | Status::napi_function_expected => Failure::Type(format!("{what} is expected")),
            _ => Failure::Coded(
                ErrorCode::Internal,
                format!("Node refused {what}, with status {status}"),
            ),
        }
    }

    /// That an exchange is not there any more.
    #[cold]
    pub(crate) fn answered() -> Failure {
        Failure::from(Error::AlreadyAnswered)
    }

    /// The exception. `None`: one is pending.
    #[cold]
    pub(crate) fn exception(self, env: Env<'_>) -> Option<Value<'_>> {
        match self {
            Failure::Thrown => None,
            Failure::Coded(code, message) => coded(env, code, &message).ok(),
            Failure::Type(message) => {
                let message = env.text(&message).ok()?;
                let mut error = ptr::null_mut();
                // SAFETY: environment and text are valid; an error needs no code.
                let status = unsafe {
                    sys::napi_create_type_error(
                        env.raw(),
                        ptr::null_mut(),
                        message.raw(),
                        &mut error,
                    )
                };
                // SAFETY: the value belongs to the scope of `env`.
                (status == sys::Status::napi_ok).then(|| unsafe { Value::from_raw(error) })
            }
        }
    }

    /// Throws it.
    #[cold]
    pub(crate) fn throw(self, env: Env<'_>) {
        if let Some(exception) = self.exception(env) {
            // SAFETY: environment and value are valid. A failure leaves another exception.
            let _ = unsafe { sys::napi_throw(env.raw(), exception.raw()) };
        }
    }
}

/// What belongs to one interpreter.
#[derive(Debug, Default)]
struct Instance {
    /// The class of errors.
    class: Cell<Option<sys::napi_ref>>,
}

fn instance(env: Env<'_>) -> Option<&Instance> {
    let mut data = ptr::null_mut();
    // SAFETY: the environment is valid and `data` a place for a pointer.
    let status = unsafe { sys::napi_get_instance_data(env.raw(), &mut data) };
    if status != sys::Status::napi_ok {
        return None;
    }
    // SAFETY: it is null, or what `use_class` set, which lives as long as the interpreter; only
    // its thread comes here.
    unsafe { data.cast::<Instance>().as_ref() }
}

/// Errors are of this class from here on: `new class(message, code)`.
pub(crate) fn use_class<'e>(env: Env<'e>, class: Value<'e>) -> Result<()> {
    env.function(class)?;
    let mut reference = ptr::null_mut();
    // SAFETY: environment and value are valid. The reference is given up with the process: the
    // interpreter deletes those that are left.
    let status = unsafe { sys::napi_create_reference(env.raw(), class.raw(), 1, &mut reference) };
    env.checked(status, "the class of errors")?;
    if let Some(instance) = instance(env) {
        instance.class.set(Some(reference));
        return Ok(());
    }
    let instance = Box::new(Instance { class: Cell::new(Some(reference)) });
    let data = Box::into_raw(instance).cast();
    // SAFETY: the environment is valid, and the finalizer frees what is handed over.
    let status = unsafe {
        sys::napi_set_instance_data(env.raw(), data, Some(drop_instance), ptr::null_mut())
    };
    env.checked(status, "napi_set_instance_data")
}

/// # Safety
///
/// The interpreter's contract for finalizers: `data` is what was handed over, once.
unsafe extern "C" fn drop_instance(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    // SAFETY: it came out of a box in `use_class`.
    drop(unsafe { Box::from_raw(data.cast::<Instance>()) });
}

/// The exception of a code, with a sentence.
fn coded<'e>(env: Env<'e>, code: ErrorCode, message: &str) -> Result<Value<'e>> {
    let arguments = [env.text(message)?.raw(), env.int(code.as_i32())?.raw()];
    let mut error = ptr::null_mut();
    if let Some(class) = instance(env).and_then(|instance| instance.class.get()) {
        let mut constructor = ptr::null_mut();
        // SAFETY: the reference was made in this environment and is not deleted before it ends.
        let status = unsafe { sys::napi_get_reference_value(env.raw(), class, &mut constructor) };
        env.checked(status, "napi_get_reference_value")?;
        // SAFETY: environment, constructor and both arguments are valid.
        let status = unsafe {
            sys::napi_new_instance(env.raw(), constructor, 2, arguments.as_ptr(), &mut error)
        };
        env.checked(status, "napi_new_instance")?;
    } else {
        // SAFETY: environment and text are valid; the code is set below.
        let status =
            unsafe { sys::napi_create_error(env.raw(), ptr::null_mut(), arguments[0], &mut error) };
        env.checked(status, "napi_create_error")?;
    }
    // SAFETY: the value belongs to the scope of `env`.
    Ok(unsafe { Value::from_raw(error) })
}
