//! One interpreter for a process: the main one.
//!
//! Classes and exceptions are kept once for the process, and threads that are not Python's
//! attach to the main interpreter. A second one would be handed the first one's objects.

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Refuses to be imported by any other interpreter.
pub(crate) fn only_main(_: Python<'_>) -> PyResult<()> {
    // SAFETY: this thread is attached, which is what `_` is there for.
    let current = unsafe { ffi::PyInterpreterState_Get() };
    // SAFETY: as above, and it is the state that was just found.
    let number = unsafe { ffi::PyInterpreterState_GetID(current) };
    if number == 0 {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "slotway does not run in a subinterpreter; import it in the main one, or in a process of \
         its own",
    ))
}
