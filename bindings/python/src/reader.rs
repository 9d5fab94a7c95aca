//! Reading the request's body.

use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView};
use sdk::ErrorCode;

use crate::body::Body;
use crate::error::{OrRaise, coded};
use crate::exchange::Exchange;

impl Exchange {
    fn not_lent(&self, py: Python<'_>) -> PyResult<()> {
        if self.inner.is_lent() {
            return Err(coded(
                py,
                ErrorCode::OutOfOrder,
                "the body was taken whole; read it from there, or in pieces from the beginning",
            ));
        }
        Ok(())
    }

    /// What has arrived, up to `limit` bytes; `None`: nothing yet. Nothing at all is the end.
    fn take<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Option<Bound<'py, PyBytes>>> {
        self.inner.readable(py)?;
        // SAFETY: the slice is used up before anything is consumed, and before anybody can
        // answer: this thread stays attached, and makes nothing but bytes (P1, P3).
        let (arrived, complete) = unsafe { self.inner.raw.peek() }.or_raise(py)?;
        if arrived.is_empty() {
            return Ok(complete.then(|| PyBytes::new(py, &[])));
        }
        let count = arrived.len().min(limit);
        let bytes = PyBytes::new(py, &arrived[..count]);
        // SAFETY: `arrived` is not used below, and no view is out (`not_lent`).
        unsafe { self.inner.raw.consume(count) }.or_raise(py)?;
        Ok(Some(bytes))
    }

    /// Some of the body, waiting for its first byte.
    pub(crate) fn read_some<'py>(
        &self,
        py: Python<'py>,
        limit: usize,
        timeout: Option<Duration>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        self.not_lent(py)?;
        let _turn = self.inner.reading(py)?;
        let mut timeout = timeout;
        loop {
            if let Some(bytes) = self.take(py, limit)? {
                return Ok(bytes);
            }
            py.detach(|| self.inner.raw.wait_body(0, timeout)).or_raise(py)?;
            // It has waited: there is something now.
            timeout = Some(Duration::ZERO);
        }
    }

    /// Some of the body, if there is some now; else a notice will come.
    pub(crate) fn try_read_some<'py>(
        &self,
        py: Python<'py>,
        limit: usize,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        self.not_lent(py)?;
        let _turn = self.inner.reading(py)?;
        if let Some(bytes) = self.take(py, limit)? {
            return Ok(Some(bytes));
        }
        // Asks for the notice; or something has come between the two looks.
        let mut piece = vec![0; limit.min(16 << 10)];
        let count = self.inner.raw.try_read(&mut piece).or_raise(py)?;
        Ok(count.map(|count| PyBytes::new(py, &piece[..count])))
    }

    /// The rest of the body, waiting for all of it.
    pub(crate) fn read_rest<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<Duration>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let first = self.read_some(py, usize::MAX, timeout)?;
        if self.is_at_end(py)? {
            return Ok(first);
        }
        let mut whole = first.as_bytes().to_vec();
        drop(first);
        let _turn = self.inner.reading(py)?;
        let mut piece = vec![0; 64 << 10];
        // Detached: other threads go on while a large body arrives.
        let read = py.detach(|| {
            loop {
                match self.inner.raw.read(&mut piece, timeout)? {
                    0 => return Ok(()),
                    count => whole.extend_from_slice(&piece[..count]),
                }
            }
        });
        read.or_raise(py)?;
        Ok(PyBytes::new(py, &whole))
    }

    /// Whether all of the body has been read.
    pub(crate) fn is_at_end(&self, py: Python<'_>) -> PyResult<bool> {
        // Who waits for the body holds a lock that this would wait for, attached.
        let _turn = self.inner.reading(py)?;
        // SAFETY: the slice is only measured.
        let (arrived, complete) = unsafe { self.inner.raw.peek() }.or_raise(py)?;
        Ok(complete && arrived.is_empty())
    }

    /// The whole body in one piece, if all of it lies there.
    pub(crate) fn whole_now<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.inner.readable(py)?;
        if let Some(view) = self.view(py) {
            return Ok(Some(view));
        }
        let turn = self.inner.reading(py)?;
        // SAFETY: the slice is only measured.
        let (_, complete) = unsafe { self.inner.raw.peek() }.or_raise(py)?;
        drop(turn);
        if complete { self.whole(py, None).map(Some) } else { Ok(None) }
    }

    /// The whole body in one piece: where it lies, or a copy when the slot does not hold it
    /// at once.
    pub(crate) fn whole<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<Duration>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.inner.readable(py)?;
        if let Some(view) = self.view(py) {
            return Ok(view);
        }
        let turn = self.inner.reading(py)?;
        // SAFETY: the slice is only measured.
        let (_, complete) = unsafe { self.inner.raw.peek() }.or_raise(py)?;
        if !complete {
            // SAFETY: as above; what is waited for is looked up again below.
            py.detach(|| unsafe { self.inner.raw.body(timeout) }.map(|_| ())).or_raise(py)?;
            self.inner.readable(py)?;
        }
        // SAFETY: the slice goes into a `Body`, which gives it out only while the exchange
        // cannot end (P2), and from here on nobody consumes it (`is_lent`).
        let found = unsafe { self.inner.raw.body(Some(Duration::ZERO)) }.or_raise(py)?;
        let object = match found {
            Some(bytes) if !bytes.is_empty() => {
                let body = Body::new(self.inner.clone(), bytes);
                self.inner.set_lent();
                Bound::new(py, body)?.into_any()
            }
            Some(_) => PyBytes::new(py, &[]).into_any(),
            None => {
                drop(turn);
                self.read_rest(py, timeout)?.into_any()
            }
        };
        let view = PyMemoryView::from(&object)?.into_any();
        self.inner.set_lent();
        self.keep_view(&view);
        Ok(view)
    }
}
