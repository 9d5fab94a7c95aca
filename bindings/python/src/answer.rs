//! Answering, and what happens to views of the request's body when it is answered.
//!
//! The view that was handed out is released: using it late raises ValueError. Slices of it
//! may live on, and cannot be ended from here. Then the answer is sent as a stream of
//! declared length, which the client has whole at once, and only the exchange's end waits
//! until the last slice is gone, because with it the slot goes to another request.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyMemoryView;
use sdk::{Error, Header};

use crate::body::Body;
use crate::buffer::Given;
use crate::convert::Headers;
use crate::error::OrRaise;
use crate::exchange::Exchange;
use crate::inner::{Inner, Owed};

/// Longer copies are made detached from the interpreter. To detach costs 51 ns, to copy so
/// much some microseconds.
const COPY_BYTES_MAX: usize = 16 << 10;

impl Exchange {
    /// Answers in one call. `false`: that would mean to wait, and nothing has happened.
    pub(crate) fn answer(
        &self,
        py: Python<'_>,
        status: u16,
        headers: &Headers<'_>,
        body: Option<&Bound<'_, PyAny>>,
        may_wait: bool,
    ) -> PyResult<bool> {
        let mut given = Given::new(body)?;
        let inner = &*self.inner;
        let _turn = inner.answering(py)?;
        inner.readable(py)?;
        if !may_wait && given.as_bytes().len() > inner.raw.response_capacity() {
            return Ok(false);
        }
        if inner.has_exports() {
            given = self.release_views(py, body, given);
        }
        let bytes = given.as_bytes();
        inner.close();
        let result = if inner.has_exports() {
            let headers: Vec<_> = headers.iter().collect();
            send_and_owe(py, inner, status, &headers, bytes)
        } else if bytes.len() > COPY_BYTES_MAX {
            let headers: Vec<_> = headers.iter().collect();
            py.detach(|| inner.raw.respond(status, headers.iter().copied(), bytes))
        } else {
            inner.raw.respond(status, headers.iter(), bytes)
        };
        if result.is_err() && inner.raw.is_open() && !inner.owes() {
            inner.reopen();
        } else if inner.is_lent() {
            // A view of a copy ends with the answer too.
            drop(given);
            self.release_view(py);
        }
        result.or_raise(py).map(|()| true)
    }

    /// Begins a streamed answer.
    pub(crate) fn begin(&self, py: Python<'_>, status: u16, headers: &Headers<'_>) -> PyResult<()> {
        let _turn = self.inner.answering(py)?;
        self.inner.readable(py)?;
        self.inner.raw.start(status, headers.iter()).or_raise(py)
    }

    /// Ends the exchange as `end` does, or has it end when the last view has come back.
    pub(crate) fn end(&self, py: Python<'_>, owed: Owed) -> PyResult<()> {
        let inner = &*self.inner;
        let _turn = inner.answering(py)?;
        inner.readable(py)?;
        self.release_view(py);
        if inner.has_exports() {
            let sent = inner.raw.flush();
            if owed == Owed::Finish {
                sent.or_raise(py)?;
            }
            inner.close();
            inner.owe(owed);
            return Ok(());
        }
        inner.close();
        let result = match owed {
            Owed::Abort => inner.raw.abort(),
            Owed::Finish | Owed::Nothing => inner.raw.finish(),
        };
        if result.is_err() && inner.raw.is_open() {
            inner.reopen();
        }
        result.or_raise(py)
    }

    /// Answers for a handler that gave no answer.
    pub(crate) fn give_up(&self, py: Python<'_>) {
        self.release_view(py);
        if !self.inner.has_exports() {
            self.inner.close();
            self.inner.raw.give_up();
            return;
        }
        let headers = [(b"content-type".as_slice(), b"text/plain".as_slice())];
        let text = b"The worker ended the request without an answer.\n";
        let begun = self.inner.raw.is_started();
        self.inner.close();
        if begun || send_and_owe(py, &self.inner, 500, &headers, text).is_err() {
            self.inner.owe(Owed::Abort);
        }
    }

    /// Ends the views of the request's body that can be ended. An answer that is one of
    /// them is copied before.
    fn release_views<'py>(
        &self,
        py: Python<'py>,
        body: Option<&Bound<'py, PyAny>>,
        given: Given<'py>,
    ) -> Given<'py> {
        let Given::Buffer(_) = &given else {
            self.release_view(py);
            return given;
        };
        let copied = given.copied();
        if let Some(view) = body.filter(|body| self.is_view(body)) {
            // It may not be: somebody looks through it. Then it keeps the slot.
            let _ = view.call_method0(intern!(py, "release"));
        }
        self.release_view(py);
        copied
    }

    /// Whether an object is a view of this request's body.
    fn is_view(&self, object: &Bound<'_, PyAny>) -> bool {
        object.cast::<PyMemoryView>().is_ok_and(|view| {
            view.getattr(intern!(view.py(), "obj"))
                .is_ok_and(|of| of.cast::<Body>().is_ok_and(|body| body.get().is_of(&self.inner)))
        })
    }
}

/// Sends an answer whole while views of the request are out, and has the exchange end when
/// the last of them comes back.
fn send_and_owe(
    py: Python<'_>,
    inner: &Inner,
    status: u16,
    headers: &[Header<'_>],
    body: &[u8],
) -> Result<(), Error> {
    let length = body.len().to_string();
    let has_length = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(b"content-length"));
    let declared = (!has_length).then_some((b"content-length".as_slice(), length.as_bytes()));
    inner.raw.start(status, headers.iter().copied().chain(declared))?;
    let sent = py.detach(|| inner.raw.write(body, None).and_then(|()| inner.raw.flush()));
    let owed = if sent.is_ok() { Owed::Finish } else { Owed::Abort };
    if inner.has_exports() {
        inner.owe(owed);
        return sent;
    }
    // The last came back while the answer was written.
    match owed {
        Owed::Abort => inner.raw.abort()?,
        Owed::Finish | Owed::Nothing => inner.raw.finish()?,
    }
    sent
}
