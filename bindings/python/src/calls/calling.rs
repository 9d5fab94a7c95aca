//! A call that was begun.

use std::mem::ManuallyDrop;

use pyo3::prelude::*;

use super::Reply;
use crate::convert::timeout;
use crate::error::OrRaise;
use crate::fork::Maker;
use crate::patience::Patience;

/// A call that was begun; ``Caller.begin`` gives it.
///
/// The outcome is taken once. Who lets go of it before that hangs up: the worker that is at it
/// sees that nobody waits any more.
#[pyclass(frozen, module = "slotway")]
#[derive(Debug)]
pub(crate) struct Calling {
    calling: ManuallyDrop<sdk::Calling>,
    maker: Maker,
}

impl Calling {
    pub(super) fn new(calling: sdk::Calling) -> Calling {
        Calling { calling: ManuallyDrop::new(calling), maker: Maker::this() }
    }
}

#[pymethods]
impl Calling {
    /// Waits for the outcome; None when the time is over, and the call goes on. Raises
    /// CallFailed when no worker has answered. Hears signals while it waits.
    #[pyo3(signature = (timeout = None))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<Option<Reply>> {
        let patience = Patience::new(self::timeout(timeout)?);
        self.maker.check(py)?;
        let waited = patience.wait(py, |left| self.calling.wait(left))?;
        Ok(waited.or_raise(py)?.map(Reply::new))
    }

    /// For event loops: the outcome if it is there; None: ``Core.take_notices`` gives ``token``
    /// when it may be.
    fn poll(&self, py: Python<'_>) -> PyResult<Option<Reply>> {
        self.maker.check(py)?;
        Ok(self.calling.poll().or_raise(py)?.map(Reply::new))
    }

    /// Does not want the outcome any more: whoever waits for it has Cancelled.
    fn hang_up(&self, py: Python<'_>) -> PyResult<()> {
        self.maker.check(py)?;
        self.calling.hang_up();
        Ok(())
    }

    /// What ``Core.take_notices`` tells it by.
    #[getter]
    fn token(&self) -> u64 {
        self.calling.token()
    }
}

impl Drop for Calling {
    /// A child's copy leaves the parent's alone.
    fn drop(&mut self) {
        if self.maker.is_this() {
            // SAFETY: nothing else drops it, and nobody has `self` any more.
            unsafe { ManuallyDrop::drop(&mut self.calling) };
        }
    }
}
