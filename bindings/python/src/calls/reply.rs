//! A worker's answer to a call, as Python sees it.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyString};

/// A worker's answer to a call, whatever its status.
#[pyclass(frozen, freelist = 128, module = "slotway")]
pub(crate) struct Reply {
    reply: sdk::Reply,
    /// Its bytes, once they were asked for.
    body: PyOnceLock<Py<PyBytes>>,
}

impl Reply {
    pub(super) fn new(reply: sdk::Reply) -> Reply {
        Reply { reply, body: PyOnceLock::new() }
    }
}

#[pymethods]
impl Reply {
    /// The answer's HTTP status.
    #[getter]
    fn status(&self) -> u16 {
        self.reply.status()
    }

    /// Whether the status is one of success, 200 to 299.
    #[getter]
    fn is_success(&self) -> bool {
        self.reply.is_success()
    }

    /// The type of the body; empty if the worker gave none.
    #[getter]
    fn content_type<'py>(&self, py: Python<'py>) -> Bound<'py, PyString> {
        PyString::new(py, self.reply.content_type())
    }

    /// The answer's body.
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let made = || PyBytes::new(py, self.reply.body()).unbind();
        self.body.get_or_init(py, made).bind(py).clone()
    }

    /// The body as text; UnicodeDecodeError if it is not UTF-8.
    fn text<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match str::from_utf8(self.reply.body()) {
            Ok(text) => Ok(PyString::new(py, text).into_any()),
            // It raises what such bytes raise everywhere.
            Err(_) => self.body(py).call_method0("decode"),
        }
    }

    /// What the body says as JSON; ValueError if it is none.
    fn json<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        py.import("json")?.call_method1("loads", (self.body(py),))
    }

    /// How often it was begun.
    #[getter]
    fn attempts(&self) -> u16 {
        self.reply.attempts()
    }

    /// Whether it was done for an earlier call with the same key.
    #[getter]
    fn replayed(&self) -> bool {
        self.reply.is_replayed()
    }

    /// If it had to wait for a worker: how many seconds the queue would have liked its caller to
    /// hold back; else None.
    #[getter]
    fn delay_hint(&self) -> Option<f64> {
        self.reply.delay_hint().map(|hint| hint.as_secs_f64())
    }

    fn __repr__(&self) -> String {
        let (status, bytes) = (self.reply.status(), self.reply.body().len());
        format!("<slotway.Reply {status} {bytes} bytes>")
    }
}
