//! One request and its answer.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString};
use sdk::Activity;
use slotway_core::head::{Fields, RequestHead};

use crate::buffer::Given;
use crate::convert::{Headers, latin1, timeout, unquoted, utf8};
use crate::error::OrRaise;
use crate::inner::{Inner, Owed};
use crate::keys::Keys;

/// What `Exchange.activity` gives.
type ActivityTaken<'py> =
    (u64, u16, Bound<'py, PyString>, Bound<'py, PyString>, Option<Bound<'py, PyString>>);

/// A request in hand and the duty to answer it.
///
/// What is read of it is copied when it is asked for; the body, by ``body``, is not. After
/// the answer asking raises AlreadyAnswered. One that is dropped unanswered is answered
/// with 500. From any thread; the answer from one at a time, the body from one at a time.
#[pyclass(frozen, weakref, freelist = 128, module = "slotway")]
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) inner: Arc<Inner>,
    /// The index of the route that matched, among all that were registered.
    #[pyo3(get)]
    key: u32,
    /// The view of the whole body, once it was asked for.
    view: Mutex<Option<Py<PyAny>>>,
}

impl Exchange {
    pub(crate) fn new(exchange: sdk::Exchange, keys: &Keys) -> Exchange {
        let key = keys.key(exchange.registration(), exchange.route_index());
        let inner = Arc::new(Inner::new(exchange.into_raw()));
        Exchange { inner, key, view: Mutex::new(None) }
    }

    /// The request's head, for `look` to make text and bytes of (P3).
    #[inline]
    pub(crate) fn head<T>(
        &self,
        py: Python<'_>,
        look: impl FnOnce(&RequestHead<'_>) -> T,
    ) -> PyResult<T> {
        self.inner.readable(py)?;
        // SAFETY: the head is used up before anybody can answer: this thread stays attached,
        // and `look` makes only str and bytes (P1, P3).
        Ok(look(unsafe { self.inner.raw.head() }))
    }

    pub(crate) fn view<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        let view = self.view.lock().unwrap_or_else(PoisonError::into_inner);
        view.as_ref().map(|view| view.bind(py).clone())
    }

    pub(crate) fn keep_view(&self, view: &Bound<'_, PyAny>) {
        let mut kept = self.view.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(view.clone().unbind());
    }

    /// Ends the view that was handed out; slices of it live on.
    pub(crate) fn release_view(&self, py: Python<'_>) {
        let view = self.view.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(view) = view {
            // It cannot be while somebody looks through it. Then it keeps the slot.
            let _ = view.call_method0(py, intern!(py, "release"));
        }
    }
}

/// Copies of names and values, as bytes.
pub(crate) fn copied<'py>(
    py: Python<'py>,
    fields: Fields<'_>,
) -> Vec<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
    fields.map(|(name, value)| (PyBytes::new(py, name), PyBytes::new(py, value))).collect()
}

#[pymethods]
impl Exchange {
    /// The method as it was sent.
    #[getter]
    fn method<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        self.head(py, |head| PyString::intern(py, head.method()))
    }

    /// The path without its percent-encoding; what is not UTF-8 is replaced.
    #[getter]
    fn path<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        self.head(py, |head| unquoted(py, head.path()))
    }

    /// The path as it was sent.
    #[getter]
    fn raw_path<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.head(py, |head| PyBytes::new(py, head.path()))
    }

    /// What follows the question mark, as it was sent; empty without one.
    #[getter]
    fn query<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.head(py, |head| PyBytes::new(py, head.query().unwrap_or(&[])))
    }

    /// The pattern that matched.
    #[getter]
    fn route<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyString>> {
        self.head(py, |head| PyString::new(py, head.route()))
    }

    /// The index of the registration that matched.
    #[getter]
    fn registration(&self, py: Python<'_>) -> PyResult<u32> {
        self.head(py, |head| head.registration())
    }

    /// The index of the route that matched, in its registration.
    #[getter]
    fn route_index(&self, py: Python<'_>) -> PyResult<u32> {
        self.head(py, |head| head.route_index())
    }

    /// The path's parameters, without percent-encoding.
    #[getter]
    fn params<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fields = self.head(py, |head| {
            let params = head.params();
            params.map(|(name, value)| (utf8(py, name), utf8(py, value))).collect::<Vec<_>>()
        })?;
        let params = PyDict::new(py);
        for (name, value) in fields {
            params.set_item(name, value)?;
        }
        Ok(params)
    }

    /// One of the path's parameters; None if the pattern has none of that name.
    fn param<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyString>>> {
        self.head(py, |head| head.param(name).map(|value| utf8(py, value)))
    }

    /// The headers in order, names in lower case.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let fields = self.head(py, |head| copied(py, head.headers()))?;
        PyList::new(py, fields)
    }

    /// The first value of a header, its name in any case of letters; None without one.
    fn header<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyString>>> {
        self.head(py, |head| head.header(name).map(|value| latin1(py, value)))
    }

    /// The activity that it is: the hub's number for it, for how many times it was begun, its
    /// queue, its type, and its key or None. None for any other request.
    #[getter]
    fn activity<'py>(&self, py: Python<'py>) -> PyResult<Option<ActivityTaken<'py>>> {
        self.head(py, |head| {
            let activity = Activity::of(head)?;
            let text = |text| PyString::new(py, text);
            Some((
                activity.id(),
                activity.attempt(),
                text(activity.queue()),
                text(activity.kind()),
                activity.key().map(text),
            ))
        })
    }

    /// "1.0", "1.1" or "2".
    #[getter]
    fn http_version(&self, py: Python<'_>) -> PyResult<&'static str> {
        self.head(py, |head| match head.http_version() {
            10 => "1.0",
            20 => "2",
            _ => "1.1",
        })
    }

    /// Address and port of who sent it; None over a Unix socket.
    #[getter]
    fn peer(&self, py: Python<'_>) -> PyResult<Option<(String, u16)>> {
        let peer = self.head(py, |head| head.peer())?;
        Ok(peer.map(|peer| (peer.ip().to_string(), peer.port())))
    }

    /// The body's length if the client stated it.
    #[getter]
    fn content_length(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        self.head(py, |head| head.content_length())
    }

    /// What ``Core.take_notices`` tells this request by.
    #[getter]
    fn token(&self) -> u64 {
        self.inner.raw.token()
    }

    /// Whether nobody waits for the answer any more.
    #[getter]
    fn cancelled(&self) -> bool {
        self.inner.raw.cancelled()
    }

    /// Like ``cancelled``; if not, a notice comes when it is.
    fn poll_cancelled(&self) -> bool {
        self.inner.raw.poll_cancelled()
    }

    /// Waits until nobody waits for the answer any more; False when the time is over or
    /// the request was answered.
    #[pyo3(signature = (timeout = None))]
    fn wait_cancelled(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<bool> {
        let timeout = self::timeout(timeout)?;
        Ok(py.detach(|| self.inner.raw.wait_cancelled(timeout)))
    }

    /// Seconds until the answer is due; None for ever.
    #[getter]
    fn time_left(&self) -> Option<f64> {
        self.inner.raw.time_left().map(|left| left.as_secs_f64())
    }

    /// Waits for the whole body and gives a view of it where it lies, read-only.
    ///
    /// The view ends with the answer: using it later raises ValueError. A body that the
    /// slot does not hold at once is copied. A second call gives the same view.
    #[pyo3(signature = (timeout = None))]
    fn body<'py>(&self, py: Python<'py>, timeout: Option<f64>) -> PyResult<Bound<'py, PyAny>> {
        self.whole(py, self::timeout(timeout)?)
    }

    /// As ``body``, if all of it lies in the slot now; else None, and ``try_read`` reads
    /// it in pieces.
    fn try_body<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.whole_now(py)
    }

    /// Some of the body, so many bytes at most, waiting for the first; empty at its end.
    #[pyo3(signature = (size = None, timeout = None))]
    fn read<'py>(
        &self,
        py: Python<'py>,
        size: Option<isize>,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        self.read_some(py, limit(size)?, self::timeout(timeout)?)
    }

    /// Some of the body if there is some now; empty at its end. None: a notice comes
    /// when there is more.
    #[pyo3(signature = (size = None))]
    fn try_read<'py>(
        &self,
        py: Python<'py>,
        size: Option<isize>,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        self.try_read_some(py, limit(size)?)
    }

    /// The rest of the body, waiting for all of it.
    #[pyo3(signature = (timeout = None))]
    fn read_all<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        self.read_rest(py, self::timeout(timeout)?)
    }

    /// Whether all of the body has been read, or there is none.
    #[getter]
    fn at_end(&self, py: Python<'_>) -> PyResult<bool> {
        self.is_at_end(py)
    }

    /// Answers in one call; text goes as UTF-8. A body that the slot does not hold at
    /// once flows as the client takes it, and this waits for it.
    #[pyo3(signature = (status, headers = None, body = None))]
    fn respond(
        &self,
        py: Python<'_>,
        status: u16,
        headers: Option<&Bound<'_, PyAny>>,
        body: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        self.answer(py, status, &Headers::new(headers)?, body, true).map(|_| ())
    }

    /// As ``respond``, but False, and nothing has happened, when the slot does not hold
    /// the body at once: then ``start`` and ``try_write`` it.
    #[pyo3(signature = (status, headers = None, body = None))]
    fn try_respond(
        &self,
        py: Python<'_>,
        status: u16,
        headers: Option<&Bound<'_, PyAny>>,
        body: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<bool> {
        self.answer(py, status, &Headers::new(headers)?, body, false)
    }

    /// Begins a streamed answer. A content-length is held to.
    #[pyo3(signature = (status, headers = None))]
    fn start(
        &self,
        py: Python<'_>,
        status: u16,
        headers: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        self.begin(py, status, &Headers::new(headers)?)
    }

    /// Adds to a streamed answer, waiting for room.
    #[pyo3(signature = (data, timeout = None))]
    fn write(&self, py: Python<'_>, data: &Bound<'_, PyAny>, timeout: Option<f64>) -> PyResult<()> {
        let timeout = self::timeout(timeout)?;
        let given = Given::new(Some(data))?;
        let _turn = self.inner.answering(py)?;
        self.inner.readable(py)?;
        let bytes = given.as_bytes();
        py.detach(|| self.inner.raw.write(bytes, timeout)).or_raise(py)
    }

    /// Adds as much as there is room for; how many bytes. None: a notice comes when
    /// there is room.
    fn try_write(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
        let given = Given::new(Some(data))?;
        let _turn = self.inner.answering(py)?;
        self.inner.readable(py)?;
        self.inner.raw.try_write(given.as_bytes()).or_raise(py)
    }

    /// Sends what there is of a streamed answer, its head at least.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        let _turn = self.inner.answering(py)?;
        self.inner.readable(py)?;
        self.inner.raw.flush().or_raise(py)
    }

    /// Ends a streamed answer.
    fn finish(&self, py: Python<'_>) -> PyResult<()> {
        self.end(py, Owed::Finish)
    }

    /// Breaks the answer off.
    ///
    /// The client gets 502, or a broken connection if the answer had begun.
    fn abort(&self, py: Python<'_>) -> PyResult<()> {
        self.end(py, Owed::Abort)
    }

    /// Whether the answer's head is written.
    #[getter]
    fn started(&self, py: Python<'_>) -> PyResult<bool> {
        if !self.inner.is_readable() {
            return Ok(true);
        }
        let _turn = self.inner.answering(py)?;
        Ok(self.inner.raw.is_started())
    }

    /// Whether the answer is complete.
    #[getter]
    fn answered(&self) -> bool {
        !self.inner.is_readable() || !self.inner.raw.is_open()
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let head = self.head(py, |head| {
            let path = String::from_utf8_lossy(head.path()).into_owned();
            format!("<slotway.Exchange {} {path}>", head.method())
        });
        head.unwrap_or_else(|_| "<slotway.Exchange, answered>".to_owned())
    }
}

/// A number of bytes to read; below 0 as many as there are.
fn limit(size: Option<isize>) -> PyResult<usize> {
    if size == Some(0) {
        return Err(PyValueError::new_err(
            "0 bytes are to be read; no bytes would look like the body's end",
        ));
    }
    Ok(size.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX))
}

impl Drop for Exchange {
    /// An exchange that nobody can answer any more is answered now, also when views of it
    /// keep what belongs to it.
    fn drop(&mut self) {
        if !self.inner.is_readable() || !self.inner.raw.is_open() {
            return;
        }
        // Without an interpreter there is nobody with a view either.
        if Python::try_attach(|py| self.give_up(py)).is_none() {
            self.inner.raw.give_up();
        }
    }
}
