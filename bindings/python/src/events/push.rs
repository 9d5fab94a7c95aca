//! Pushing to the clients of a stream that this worker owns.

use std::collections::HashMap;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyString;
use sdk::{Error, Offer, PushTo};

use super::draft::{Text, payload};
use super::publisher::full;
use crate::buffer::Given;
use crate::connection::Core;
use crate::convert::timeout;
use crate::error::{OrRaise, raised};
use crate::fork::Maker;
use crate::patience::Patience;

/// Whom a push goes to.
#[derive(Debug)]
enum Target<'py> {
    Path(Text<'py>),
    Pattern(Text<'py>, HashMap<String, String>),
    Connection(Text<'py>),
}

impl<'py> Target<'py> {
    fn new(
        path: Option<Bound<'py, PyString>>,
        pattern: Option<Bound<'py, PyString>>,
        params: Option<HashMap<String, String>>,
        connection: Option<Bound<'py, PyString>>,
    ) -> PyResult<Target<'py>> {
        if pattern.is_none() && params.is_some() {
            return Err(PyTypeError::new_err("params go with a pattern"));
        }
        match (path, pattern, connection) {
            (Some(path), None, None) => Ok(Target::Path(Text::new(path)?)),
            (None, Some(pattern), None) => {
                Ok(Target::Pattern(Text::new(pattern)?, params.unwrap_or_default()))
            }
            (None, None, Some(connection)) => Ok(Target::Connection(Text::new(connection)?)),
            _ => Err(PyTypeError::new_err(
                "name whom to push to: one of path, pattern (with params) and connection",
            )),
        }
    }
}

/// Something to be pushed, kept alive.
struct Pushed<'py> {
    target: Target<'py>,
    registration: u32,
    event: Option<Text<'py>>,
    id: Option<Text<'py>>,
    data: Option<Given<'py>>,
    close: bool,
}

impl<'py> Pushed<'py> {
    fn new(
        target: Target<'py>,
        registration: u32,
        event: Option<Bound<'py, PyString>>,
        id: Option<Bound<'py, PyString>>,
        data: Option<&Bound<'py, PyAny>>,
        close: bool,
    ) -> PyResult<Pushed<'py>> {
        Ok(Pushed {
            target,
            registration,
            event: event.map(Text::new).transpose()?,
            id: id.map(Text::new).transpose()?,
            data: data.map(|data| payload(Some(data))).transpose()?,
            close,
        })
    }

    /// Calls `with` with it as the layer below wants it.
    fn with<T>(&self, with: impl FnOnce(&sdk::Push<'_>) -> T) -> T {
        let pairs: Vec<(&str, &str)>;
        let to = match &self.target {
            Target::Path(path) => PushTo::Path(path.as_str()),
            Target::Connection(id) => PushTo::Connection(id.as_str()),
            Target::Pattern(pattern, params) => {
                let texts = params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                pairs = texts.collect();
                PushTo::Pattern { pattern: pattern.as_str(), params: &pairs }
            }
        };
        let mut push = sdk::Push::new(to).registration(self.registration);
        if let Some(data) = &self.data {
            push = push.data(data.as_bytes());
        }
        if let Some(event) = &self.event {
            push = push.kind(event.as_str());
        }
        if let Some(id) = &self.id {
            push = push.id(id.as_str());
        }
        if self.close {
            push = push.close();
        }
        with(&push)
    }
}

/// Pushes to clients of streams that this worker owns, through the outbox of a connection.
///
/// From any number of threads. Methods that wait hear signals meanwhile.
#[pyclass(frozen, module = "slotway._slotway")]
#[derive(Debug)]
pub(crate) struct Pusher {
    publisher: sdk::Publisher,
    maker: Maker,
}

impl Pusher {
    fn here(&self, py: Python<'_>) -> PyResult<&sdk::Publisher> {
        self.maker.check(py)?;
        Ok(&self.publisher)
    }
}

#[pymethods]
impl Pusher {
    /// What pushes through a connection.
    #[new]
    fn new(py: Python<'_>, core: &Core) -> PyResult<Pusher> {
        Ok(Pusher { publisher: core.here(py)?.publisher(), maker: Maker::this() })
    }

    /// Gives an event to clients of a stream that this worker owns: of a path, of a pattern
    /// with these parameters, or one by its connection; with ``close`` their streams end behind
    /// it. Waits for what becomes of it: 200, it is on its way to each of them; 404, nobody is
    /// there; 410, they are leaving; 429, too much waits for them; 400, it cannot be.
    #[pyo3(signature = (
        data = None, *, path = None, pattern = None, params = None, connection = None,
        registration = 0, event = None, id = None, close = false, timeout = None,
    ))]
    #[allow(clippy::too_many_arguments)]
    fn push<'py>(
        &self,
        py: Python<'py>,
        data: Option<&Bound<'py, PyAny>>,
        path: Option<Bound<'py, PyString>>,
        pattern: Option<Bound<'py, PyString>>,
        params: Option<HashMap<String, String>>,
        connection: Option<Bound<'py, PyString>>,
        registration: u32,
        event: Option<Bound<'py, PyString>>,
        id: Option<Bound<'py, PyString>>,
        close: bool,
        timeout: Option<f64>,
    ) -> PyResult<u16> {
        let timeout = self::timeout(timeout)?;
        let target = Target::new(path, pattern, params, connection)?;
        let pushed = Pushed::new(target, registration, event, id, data, close)?;
        let publisher = self.here(py)?;
        pushed.with(|push| {
            let patience = Patience::new(timeout);
            let answer = match publisher.try_push_expecting(push) {
                Ok(Some(answer)) => answer,
                Ok(None) | Err(Error::HubGone) => {
                    let send = |left| publisher.push_expecting(push, left).map(Some);
                    let sent = patience.wait(py, send)?;
                    sent.or_raise(py)?.ok_or_else(|| raised(py, &Error::Timeout))?
                }
                Err(error) => return Err(raised(py, &error)),
            };
            let waited = patience.wait(py, |left| answer.wait(left))?;
            waited.or_raise(py)?.ok_or_else(|| raised(py, &Error::Timeout))
        })
    }

    /// As ``push``, without waiting for what becomes of it: for room alone.
    #[pyo3(signature = (
        data = None, *, path = None, pattern = None, params = None, connection = None,
        registration = 0, event = None, id = None, close = false, timeout = None,
    ))]
    #[allow(clippy::too_many_arguments)]
    fn push_only<'py>(
        &self,
        py: Python<'py>,
        data: Option<&Bound<'py, PyAny>>,
        path: Option<Bound<'py, PyString>>,
        pattern: Option<Bound<'py, PyString>>,
        params: Option<HashMap<String, String>>,
        connection: Option<Bound<'py, PyString>>,
        registration: u32,
        event: Option<Bound<'py, PyString>>,
        id: Option<Bound<'py, PyString>>,
        close: bool,
        timeout: Option<f64>,
    ) -> PyResult<()> {
        let timeout = self::timeout(timeout)?;
        let target = Target::new(path, pattern, params, connection)?;
        let pushed = Pushed::new(target, registration, event, id, data, close)?;
        let publisher = self.here(py)?;
        pushed.with(|push| {
            if let Ok(Offer::Published) = publisher.try_push(push) {
                return Ok(());
            }
            let send = |left| publisher.push_only(push, left).map(Some);
            let sent = Patience::new(timeout).wait(py, send)?;
            sent.or_raise(py)?.ok_or_else(|| raised(py, &Error::Timeout))
        })
    }

    /// As ``push_only``, if there is room now; raises Full if not, and HubGone while there is no
    /// hub.
    #[pyo3(signature = (
        data = None, *, path = None, pattern = None, params = None, connection = None,
        registration = 0, event = None, id = None, close = false,
    ))]
    #[allow(clippy::too_many_arguments)]
    fn try_push<'py>(
        &self,
        py: Python<'py>,
        data: Option<&Bound<'py, PyAny>>,
        path: Option<Bound<'py, PyString>>,
        pattern: Option<Bound<'py, PyString>>,
        params: Option<HashMap<String, String>>,
        connection: Option<Bound<'py, PyString>>,
        registration: u32,
        event: Option<Bound<'py, PyString>>,
        id: Option<Bound<'py, PyString>>,
        close: bool,
    ) -> PyResult<()> {
        let target = Target::new(path, pattern, params, connection)?;
        let pushed = Pushed::new(target, registration, event, id, data, close)?;
        let publisher = self.here(py)?;
        match pushed.with(|push| publisher.try_push(push)).or_raise(py)? {
            Offer::Published => Ok(()),
            Offer::Full => Err(full(py)),
        }
    }

    /// As ``push``, without waiting for anything: gives what becomes of it. Raises Full when
    /// there is no room, and HubGone while there is no hub.
    #[pyo3(signature = (
        data = None, *, path = None, pattern = None, params = None, connection = None,
        registration = 0, event = None, id = None, close = false,
    ))]
    #[allow(clippy::too_many_arguments)]
    fn begin_push<'py>(
        &self,
        py: Python<'py>,
        data: Option<&Bound<'py, PyAny>>,
        path: Option<Bound<'py, PyString>>,
        pattern: Option<Bound<'py, PyString>>,
        params: Option<HashMap<String, String>>,
        connection: Option<Bound<'py, PyString>>,
        registration: u32,
        event: Option<Bound<'py, PyString>>,
        id: Option<Bound<'py, PyString>>,
        close: bool,
    ) -> PyResult<PushAnswer> {
        let target = Target::new(path, pattern, params, connection)?;
        let pushed = Pushed::new(target, registration, event, id, data, close)?;
        let publisher = self.here(py)?;
        let answer = pushed.with(|push| publisher.try_push_expecting(push)).or_raise(py)?;
        let answer = answer.ok_or_else(|| full(py))?;
        Ok(PushAnswer { token: answer.token(), answer: Some(answer), maker: Maker::this() })
    }
}

/// What becomes of a push; ``Pusher.begin_push`` gives it.
#[pyclass(frozen, module = "slotway._slotway")]
#[derive(Debug)]
pub(crate) struct PushAnswer {
    /// Taken out when it is dropped.
    answer: Option<sdk::PushAnswer>,
    token: u64,
    maker: Maker,
}

#[pymethods]
impl PushAnswer {
    /// The answer if it is there; None: ``Core.take_notices`` gives ``token`` when it may be.
    fn poll(&self, py: Python<'_>) -> PyResult<Option<u16>> {
        self.maker.check(py)?;
        self.answer.as_ref().map_or(Ok(None), |answer| answer.poll().or_raise(py))
    }

    /// What ``Core.take_notices`` tells it by.
    #[getter]
    fn token(&self) -> u64 {
        self.token
    }
}

impl Drop for PushAnswer {
    /// A child's copy leaves the parent's alone.
    fn drop(&mut self) {
        if !self.maker.is_this() {
            std::mem::forget(self.answer.take());
        }
    }
}
