//! What a view of the request's body lies over.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::Arc;

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::inner::Inner;

/// What a view of a request's body lies over; ``Exchange.body`` makes it.
// Views that are out keep the slot. `Inner::give_back` is told of each that comes back.
#[pyclass(frozen, module = "slotway._slotway")]
#[derive(Debug)]
pub(crate) struct Body {
    inner: Arc<Inner>,
    bytes: *const u8,
    length: usize,
}

// SAFETY: the pointer leads into the mapping that `inner` keeps, and what is there is only
// read, under P1 and P2.
unsafe impl Send for Body {}
// SAFETY: as above.
unsafe impl Sync for Body {}

impl Body {
    /// The body that lies at `bytes`, which `inner` keeps in place until it ends.
    pub(crate) fn new(inner: Arc<Inner>, bytes: &[u8]) -> Body {
        Body { bytes: bytes.as_ptr(), length: bytes.len(), inner }
    }

    pub(crate) fn is_of(&self, inner: &Arc<Inner>) -> bool {
        Arc::ptr_eq(&self.inner, inner)
    }
}

#[pymethods]
impl Body {
    fn __len__(&self) -> usize {
        self.length
    }

    /// # Safety
    ///
    /// The interpreter's contract for this slot: `view` is its own to be filled.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let this = slf.get();
        if !this.inner.is_readable() {
            return Err(PyBufferError::new_err(
                "the request has been answered; keep what you need of its body before you answer",
            ));
        }
        // PyBuffer_FillInfo wants a pointer, also for nothing.
        let bytes = if this.length == 0 { ptr::null() } else { this.bytes };
        // SAFETY: `view` is the interpreter's, and the bytes stay where they are until
        // `__releasebuffer__`, because the exchange does not end while a buffer is out (P2).
        let filled = unsafe {
            ffi::PyBuffer_FillInfo(
                view,
                slf.as_ptr(),
                bytes.cast::<c_void>().cast_mut(),
                this.length as ffi::Py_ssize_t,
                1,
                flags,
            )
        };
        if filled != 0 {
            return Err(PyErr::fetch(slf.py()));
        }
        this.inner.export();
        Ok(())
    }

    /// # Safety
    ///
    /// The interpreter's contract for this slot: it was filled by `__getbuffer__`.
    unsafe fn __releasebuffer__(&self, _view: *mut ffi::Py_buffer) {
        self.inner.give_back();
    }
}
