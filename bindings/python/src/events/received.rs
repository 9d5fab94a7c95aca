//! Events and gaps as Python sees them.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyString};
use sdk::Delivery;

/// An event that was published.
#[pyclass(frozen, freelist = 256, module = "slotway")]
pub(crate) struct Event {
    received: sdk::Received,
    /// Its bytes, once they were asked for.
    payload: PyOnceLock<Py<PyBytes>>,
}

/// Events that were lost at this place of a subscription.
#[pyclass(frozen, module = "slotway")]
#[derive(Debug)]
pub(crate) struct Gap(sdk::Gap);

/// What came out of a subscription, as an object.
pub(super) fn delivered(py: Python<'_>, delivery: Delivery) -> PyResult<Bound<'_, PyAny>> {
    match delivery {
        Delivery::Event(received) => {
            Ok(Bound::new(py, Event { received, payload: PyOnceLock::new() })?.into_any())
        }
        Delivery::Gap(gap) => Ok(Bound::new(py, Gap(gap))?.into_any()),
    }
}

#[pymethods]
impl Event {
    /// What it is about.
    #[getter]
    fn topic<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        PyString::new(py, self.received.topic())
    }

    /// Its type; "message" unless its publisher said something else.
    #[getter]
    fn r#type<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        PyString::new(py, self.received.kind())
    }

    /// The id that its publisher gave it, else its sequence number.
    #[getter]
    fn id<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        match self.received.id() {
            Some(id) => PyString::new(py, id),
            None => PyString::new(py, &self.received.seq().to_string()),
        }
    }

    /// Its place in the order of everything that the hub published.
    #[getter]
    fn seq(&self) -> u64 {
        self.received.seq()
    }

    /// When it was published, in seconds since 1970.
    #[getter]
    fn time(&self) -> f64 {
        self.received.time_us() as f64 / 1e6
    }

    /// On whose behalf it was published; None for the system.
    #[getter]
    fn principal<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyString>> {
        self.received.principal().map(|name| PyString::new(py, name))
    }

    /// What it says.
    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let made = || PyBytes::new(py, self.received.payload()).unbind();
        self.payload.get_or_init(py, made).bind(py).clone()
    }

    /// What it says, as text; UnicodeDecodeError if it is not UTF-8.
    fn text<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self.received.payload_text() {
            Some(text) => Ok(PyString::new(py, text).into_any()),
            // It raises what such bytes raise everywhere.
            None => self.payload(py).call_method0("decode"),
        }
    }

    /// What it says, as JSON; ValueError if it is none.
    fn json<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("json")?.call_method1("loads", (self.payload(py),))
    }

    fn __repr__(&self) -> String {
        let received = &self.received;
        format!(
            "<slotway.Event {} {:?} {} {} bytes>",
            received.seq(),
            received.topic(),
            received.kind(),
            received.payload().len()
        )
    }
}

#[pymethods]
impl Gap {
    /// How many were lost.
    #[getter]
    fn missed(&self) -> u64 {
        self.0.missed
    }

    /// Whether there may have been more.
    #[getter]
    fn at_least(&self) -> bool {
        self.0.at_least
    }

    /// Whose they were, where the subscription is routed and the hub knows.
    #[getter]
    fn principal(&self) -> Option<&str> {
        self.0.principal.as_deref()
    }

    fn __repr__(&self) -> String {
        let more = if self.0.at_least { " or more" } else { "" };
        format!("<slotway.Gap of {}{more}>", self.0.missed)
    }
}
