//! Text, bytes, headers and times, from Python and to Python.

use std::borrow::Cow;
use std::time::Duration;

use percent_encoding::percent_decode;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};
use sdk::ErrorCode;

use crate::error::coded;

/// Text that came as bytes and is UTF-8 by rights; what is not is replaced.
pub(crate) fn utf8<'py>(py: Python<'py>, bytes: &[u8]) -> Bound<'py, PyString> {
    PyString::new(py, &String::from_utf8_lossy(bytes))
}

/// A header's value as text: each byte is one character, as in ISO 8859-1.
pub(crate) fn latin1<'py>(py: Python<'py>, bytes: &[u8]) -> Bound<'py, PyString> {
    match str::from_utf8(bytes) {
        Ok(text) if bytes.is_ascii() => PyString::new(py, text),
        _ => PyString::new(py, &bytes.iter().map(|&byte| char::from(byte)).collect::<String>()),
    }
}

/// A path without its percent-encoding.
pub(crate) fn unquoted<'py>(py: Python<'py>, path: &[u8]) -> Bound<'py, PyString> {
    utf8(py, &percent_decoded(path))
}

/// The bytes that percent-encoding stands for. What is no valid escape stays.
pub(crate) fn percent_decoded(path: &[u8]) -> Cow<'_, [u8]> {
    percent_decode(path).into()
}

/// A number of seconds; `None` waits for ever.
pub(crate) fn timeout(seconds: Option<f64>) -> PyResult<Option<Duration>> {
    let Some(seconds) = seconds else { return Ok(None) };
    if seconds.is_nan() {
        return Err(PyValueError::new_err("a timeout is a number of seconds, not NaN"));
    }
    // Longer than can be said is for ever.
    Ok(Duration::try_from_secs_f64(seconds.max(0.0)).ok())
}

/// One name or value of a header, kept alive.
struct Text<'py> {
    object: Bound<'py, PyAny>,
    /// What is neither ASCII nor bytes, as ISO 8859-1.
    encoded: Option<Vec<u8>>,
}

impl<'py> Text<'py> {
    fn new(object: Bound<'py, PyAny>) -> PyResult<Text<'py>> {
        let encoded = match object.cast::<PyString>() {
            Err(_) if object.is_instance_of::<PyBytes>() => None,
            Err(_) => {
                return Err(PyTypeError::new_err(format!(
                    "a header's name and value are str or bytes, not {}",
                    object.get_type().name()?
                )));
            }
            Ok(text) => {
                let text = text.to_str()?;
                if text.is_ascii() { None } else { Some(encode(object.py(), text)?) }
            }
        };
        Ok(Text { object, encoded })
    }

    fn as_bytes(&self) -> &[u8] {
        if let Some(encoded) = &self.encoded {
            return encoded;
        }
        if let Ok(bytes) = self.object.cast::<PyBytes>() {
            return bytes.as_bytes();
        }
        // It was text and ASCII when it came, and text does not change.
        self.object.cast::<PyString>().map_or(&[], |text| text.to_str().unwrap_or("").as_bytes())
    }
}

fn encode(py: Python<'_>, text: &str) -> PyResult<Vec<u8>> {
    text.chars().map(|c| u8::try_from(c).ok()).collect::<Option<Vec<u8>>>().ok_or_else(|| {
        coded(
            py,
            ErrorCode::InvalidHead,
            &format!(
                "the header {text:?} holds a character that ISO 8859-1 does not have; encode it, \
                 for instance by percent-encoding"
            ),
        )
    })
}

/// The headers of an answer, kept alive while it is written.
pub(crate) struct Headers<'py>(Vec<(Text<'py>, Text<'py>)>);

impl<'py> Headers<'py> {
    /// From a sequence of pairs. This may run Python code.
    pub(crate) fn new(headers: Option<&Bound<'py, PyAny>>) -> PyResult<Headers<'py>> {
        let Some(headers) = headers else { return Ok(Headers(Vec::new())) };
        let mut pairs = Vec::with_capacity(8);
        for pair in headers.try_iter()? {
            let pair = pair?;
            let (name, value) = if let Ok(pair) = pair.cast::<PyTuple>()
                && pair.len() == 2
            {
                (pair.get_item(0)?, pair.get_item(1)?)
            } else if let Ok(pair) = pair.cast::<PyList>()
                && pair.len() == 2
            {
                // Some applications write them so.
                (pair.get_item(0)?, pair.get_item(1)?)
            } else {
                return Err(PyTypeError::new_err("headers are pairs of a name and a value"));
            };
            pairs.push((Text::new(name)?, Text::new(value)?));
        }
        Ok(Headers(pairs))
    }

    /// As the layer below wants them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = sdk::Header<'_>> + Clone {
        self.0.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()))
    }
}
