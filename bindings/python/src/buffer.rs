//! The bytes that a caller gives: a part of an answer, or the whole of one.

use std::slice;

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyBufferError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// Bytes of whoever calls, kept alive and in place.
pub(crate) enum Given<'py> {
    Nothing,
    Bytes(Bound<'py, PyBytes>),
    Text(Bound<'py, PyString>),
    Buffer(PyBuffer<u8>),
    /// A copy: what they were a view of is to end before they are used up.
    Copied(Vec<u8>),
}

impl<'py> Given<'py> {
    /// Bytes, text (as UTF-8), anything with contiguous bytes, or `None`. This may run
    /// Python code.
    pub(crate) fn new(object: Option<&Bound<'py, PyAny>>) -> PyResult<Given<'py>> {
        let Some(object) = object else { return Ok(Given::Nothing) };
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Given::Bytes(bytes.clone()));
        }
        if let Ok(text) = object.cast::<PyString>() {
            // So that it fails here, and not when nothing may fail any more.
            text.to_str()?;
            return Ok(Given::Text(text.clone()));
        }
        if object.is_none() {
            return Ok(Given::Nothing);
        }
        let buffer = PyBuffer::<u8>::get(object).map_err(|error| {
            PyTypeError::new_err(format!(
                "a body is str, bytes or something with bytes in it, not {} ({error})",
                object.get_type()
            ))
        })?;
        if !buffer.is_c_contiguous() {
            return Err(PyBufferError::new_err(
                "a body's bytes lie in one piece; take bytes(…) of this one",
            ));
        }
        Ok(Given::Buffer(buffer))
    }

    /// A copy of its own.
    pub(crate) fn copied(self) -> Given<'py> {
        Given::Copied(self.as_bytes().to_vec())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Given::Nothing => &[],
            Given::Bytes(bytes) => bytes.as_bytes(),
            // It was found to be UTF-8, and text does not change.
            Given::Text(text) => text.to_str().unwrap_or("").as_bytes(),
            Given::Buffer(buffer) if buffer.len_bytes() == 0 => &[],
            // SAFETY: the buffer is out until `self` ends, so its bytes stay where they are,
            // in one piece. Another thread of Python may write to them meanwhile, as it may
            // to what a file is written from; the bytes are copied and never judged.
            Given::Buffer(buffer) => unsafe {
                slice::from_raw_parts(buffer.buf_ptr().cast::<u8>(), buffer.len_bytes())
            },
            Given::Copied(bytes) => bytes,
        }
    }
}
