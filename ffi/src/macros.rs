//! The boundary: what every export is made of.

use std::any::Any;

use crate::error::Fault;

/// The body of an export.
///
/// `export!([a, b] => { … })` gives a status: the pointers that it names are not NULL, or
/// the caller is told which is; a panic becomes `SLOTWAY_E_INTERNAL`; a [`Fault`] becomes
/// its status; and each of them becomes the thread's last error. `export!(or x => { … })`
/// is for the few exports that give something else: a panic becomes `x`.
///
/// Nothing that a body touches is left half-done by a panic: what it shares is behind locks
/// and atomics that are whole between any two statements. Hence `AssertUnwindSafe`.
macro_rules! export {
    ([$($pointer:ident),*] => $body:block) => {
        $crate::error::settle(::std::panic::catch_unwind(::std::panic::AssertUnwindSafe(
            || -> $crate::error::Outcome {
                $(if $pointer.is_null() {
                    return Err($crate::error::Fault::Null(stringify!($pointer)));
                })*
                $body
            },
        )))
    };
    (or $fallback:expr => $body:block) => {
        match ::std::panic::catch_unwind(::std::panic::AssertUnwindSafe(|| $body)) {
            Ok(value) => value,
            Err(_) => $fallback,
        }
    };
}

/// What a panic said.
pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Fault {
    let text = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "no words",
    };
    Fault::Panic(text.to_owned())
}
