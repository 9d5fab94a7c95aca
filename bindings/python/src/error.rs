//! Errors, as exceptions of the module `slotway._errors`, by their stable codes.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use sdk::{Error, ErrorCode};

/// The exception's class for each code.
static CLASSES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();

fn class<'py>(py: Python<'py>, code: ErrorCode) -> PyResult<Bound<'py, PyAny>> {
    let classes = CLASSES.get_or_try_init(py, || {
        let errors = py.import("slotway._errors")?;
        PyResult::Ok(errors.getattr("BY_CODE")?.cast_into::<PyDict>()?.unbind())
    })?;
    classes.bind(py).as_any().get_item(code.as_i32())
}

/// The exception of a code, with a sentence.
pub(crate) fn coded(py: Python<'_>, code: ErrorCode, message: &str) -> PyErr {
    match class(py, code).and_then(|class| class.call1((message,))) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// The exception of an error.
pub(crate) fn raised(py: Python<'_>, error: &Error) -> PyErr {
    if let Error::Call { end, reason, retry_after } = error {
        let retry_after = retry_after.map(|time| time.as_secs_f64());
        let failed = class(py, error.code())
            .and_then(|class| class.call1((error.to_string(), end.as_str(), reason, retry_after)));
        return failed.map_or_else(|error| error, PyErr::from_value);
    }
    coded(py, error.code(), &error.to_string())
}

/// Results of the layer below, as Python wants them.
pub(crate) trait OrRaise<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> OrRaise<T> for sdk::Result<T> {
    #[inline]
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| raised(py, &error))
    }
}
