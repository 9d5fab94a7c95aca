//! What calls through a connection's outbox.

use pyo3::prelude::*;
use pyo3::types::PyString;
use sdk::Error;

use super::given::{Said, Wanted};
use super::{Calling, Reply};
use crate::connection::Core;
use crate::error::{OrRaise, raised};
use crate::events::{ATTACHED_MAX, full};
use crate::fork::Maker;
use crate::patience::Patience;

/// Calls activities through a connection.
///
/// Cheap to make; from any number of threads. ``begin`` and ``call`` wait for the hub and for
/// room, ``timeout`` seconds at most, and hear signals meanwhile.
#[pyclass(frozen, module = "slotway._slotway")]
#[derive(Debug)]
pub(crate) struct Calls {
    caller: sdk::Caller,
    maker: Maker,
}

impl Calls {
    fn put(&self, py: Python<'_>, wanted: &Wanted<'_>) -> PyResult<sdk::Calling> {
        self.maker.check(py)?;
        let call = wanted.call();
        // Most often there is room, and to let go of the interpreter costs more than this.
        if wanted.payload.as_bytes().len() <= ATTACHED_MAX {
            match self.caller.try_begin(&call) {
                Ok(Some(calling)) => return Ok(calling),
                Ok(None) | Err(Error::HubGone) => {}
                Err(error) => return Err(raised(py, &error)),
            }
        }
        let begin = |left| self.caller.begin(&call, left).map(Some);
        let begun = Patience::new(wanted.timeout).wait(py, begin)?;
        begun.or_raise(py)?.ok_or_else(|| raised(py, &Error::Timeout))
    }
}

#[pymethods]
impl Calls {
    /// What calls through a connection.
    #[new]
    fn new(py: Python<'_>, core: &Core) -> PyResult<Calls> {
        Ok(Calls { caller: core.here(py)?.caller(), maker: Maker::this() })
    }

    /// Calls, and waits for what becomes of it.
    #[pyo3(signature = (
        queue, activity, payload = None, *, timeout = None, attempts = 1, backoff = 0.0,
        idempotent = false, key = None, content_type = None,
    ))]
    #[allow(clippy::too_many_arguments)]
    fn call<'py>(
        &self,
        py: Python<'py>,
        queue: Bound<'py, PyString>,
        activity: Bound<'py, PyString>,
        payload: Option<&Bound<'py, PyAny>>,
        timeout: Option<f64>,
        attempts: u16,
        backoff: f64,
        idempotent: bool,
        key: Option<Bound<'py, PyString>>,
        content_type: Option<Bound<'py, PyString>>,
    ) -> PyResult<Reply> {
        let said = Said { timeout, attempts, backoff, idempotent, key, content_type };
        let calling = self.put(py, &Wanted::new(queue, activity, payload, said)?)?;
        // The hub says when the time is over.
        let waited = Patience::new(None).wait(py, |left| calling.wait(left))?;
        let reply = waited.or_raise(py)?.ok_or_else(|| raised(py, &Error::Timeout))?;
        Ok(Reply::new(reply))
    }

    /// As ``call``, but waits for room alone, and gives what the outcome is had from.
    #[pyo3(signature = (
        queue, activity, payload = None, *, timeout = None, attempts = 1, backoff = 0.0,
        idempotent = false, key = None, content_type = None,
    ))]
    #[allow(clippy::too_many_arguments)]
    fn begin<'py>(
        &self,
        py: Python<'py>,
        queue: Bound<'py, PyString>,
        activity: Bound<'py, PyString>,
        payload: Option<&Bound<'py, PyAny>>,
        timeout: Option<f64>,
        attempts: u16,
        backoff: f64,
        idempotent: bool,
        key: Option<Bound<'py, PyString>>,
        content_type: Option<Bound<'py, PyString>>,
    ) -> PyResult<Calling> {
        let said = Said { timeout, attempts, backoff, idempotent, key, content_type };
        let calling = self.put(py, &Wanted::new(queue, activity, payload, said)?)?;
        Ok(Calling::new(calling))
    }

    /// As ``begin``, if there is room now; raises Full if not, and HubGone while there is no
    /// hub: then nothing was called.
    #[pyo3(signature = (
        queue, activity, payload = None, *, timeout = None, attempts = 1, backoff = 0.0,
        idempotent = false, key = None, content_type = None,
    ))]
    #[allow(clippy::too_many_arguments)]
    fn try_begin<'py>(
        &self,
        py: Python<'py>,
        queue: Bound<'py, PyString>,
        activity: Bound<'py, PyString>,
        payload: Option<&Bound<'py, PyAny>>,
        timeout: Option<f64>,
        attempts: u16,
        backoff: f64,
        idempotent: bool,
        key: Option<Bound<'py, PyString>>,
        content_type: Option<Bound<'py, PyString>>,
    ) -> PyResult<Calling> {
        let said = Said { timeout, attempts, backoff, idempotent, key, content_type };
        let wanted = Wanted::new(queue, activity, payload, said)?;
        self.maker.check(py)?;
        let call = wanted.call();
        let begun = match self.caller.try_begin(&call) {
            // Who waits for the hub now is told what is wrong before.
            Err(Error::HubGone) => call.check().and(Err(Error::HubGone)),
            begun => begun,
        };
        begun.or_raise(py)?.map(Calling::new).ok_or_else(|| full(py))
    }
}
