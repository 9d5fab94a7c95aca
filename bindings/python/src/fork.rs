//! What a process must not touch because its parent has it in hand.
//!
//! A process that was forked has a copy of every object, and shares the memory that they
//! speak of: if it answered a request, or dropped it, its parent's answer would be mixed with
//! its own. So objects remember how many forks this process is away from the first one, and
//! in a child they refuse to be used and leave alone what is not theirs.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyDict;
use sdk::ErrorCode;

use crate::error::coded;

/// Forks between the process that imported this and the one that asks.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// The process that something was made in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Maker(u32);

impl Maker {
    /// This process.
    #[inline]
    pub(crate) fn this() -> Maker {
        // Relaxed: a process has one thread when its number changes.
        Maker(FORKS.load(Ordering::Relaxed))
    }

    #[inline]
    pub(crate) fn is_this(self) -> bool {
        self == Maker::this()
    }

    /// Refuses to use in a child what its parent has.
    #[inline]
    pub(crate) fn check(self, py: Python<'_>) -> PyResult<()> {
        if self.is_this() { Ok(()) } else { Err(foreign(py)) }
    }
}

#[cold]
fn foreign(py: Python<'_>) -> PyErr {
    coded(
        py,
        ErrorCode::OutOfOrder,
        "this belongs to the process that was forked from; connect after the fork, not before",
    )
}

/// Has the interpreter count.
pub(crate) fn register(py: Python<'_>) -> PyResult<()> {
    let count = pyo3::types::PyCFunction::new_closure(py, None, None, |_, _| {
        FORKS.fetch_add(1, Ordering::Relaxed);
    })?;
    let given = PyDict::new(py);
    given.set_item("after_in_child", count)?;
    py.import("os")?.call_method("register_at_fork", (), Some(&given))?;
    Ok(())
}
