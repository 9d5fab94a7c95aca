//! A call as Python gives it.

use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use sdk::Call;

use crate::buffer::Given;
use crate::convert::timeout;
use crate::events::{Text, payload};

/// What is said of a call besides its payload.
#[derive(Debug)]
pub(super) struct Said<'py> {
    pub(super) timeout: Option<f64>,
    pub(super) attempts: u16,
    pub(super) backoff: f64,
    pub(super) idempotent: bool,
    pub(super) key: Option<Bound<'py, PyString>>,
    pub(super) content_type: Option<Bound<'py, PyString>>,
}

/// A call, kept alive.
pub(super) struct Wanted<'py> {
    queue: Text<'py>,
    activity: Text<'py>,
    pub(super) payload: Given<'py>,
    /// The type that the payload has by itself.
    usual_type: &'static str,
    content_type: Option<Text<'py>>,
    pub(super) timeout: Option<Duration>,
    attempts: u16,
    backoff: Duration,
    idempotent: bool,
    key: Option<Text<'py>>,
}

impl<'py> Wanted<'py> {
    /// This may run Python code.
    pub(super) fn new(
        queue: Bound<'py, PyString>,
        activity: Bound<'py, PyString>,
        given: Option<&Bound<'py, PyAny>>,
        said: Said<'py>,
    ) -> PyResult<Wanted<'py>> {
        let usual_type = match given {
            Some(given) if given.is_instance_of::<PyString>() => "text/plain; charset=utf-8",
            Some(given) if given.is_instance_of::<PyDict>() || given.is_instance_of::<PyList>() => {
                "application/json"
            }
            _ => "",
        };
        Ok(Wanted {
            queue: Text::new(queue)?,
            activity: Text::new(activity)?,
            payload: payload(given)?,
            usual_type,
            content_type: said.content_type.map(Text::new).transpose()?,
            timeout: timeout(said.timeout)?,
            attempts: said.attempts,
            backoff: timeout(Some(said.backoff))?.unwrap_or(Duration::MAX),
            idempotent: said.idempotent,
            key: said.key.map(Text::new).transpose()?,
        })
    }

    /// As the layer below wants it.
    pub(super) fn call(&self) -> Call<'_> {
        let content_type = self.content_type.as_ref().map_or(self.usual_type, Text::as_str);
        let (queue, activity) = (self.queue.as_str(), self.activity.as_str());
        let mut call = Call::new(queue, activity, self.payload.as_bytes())
            .content_type(content_type)
            .retry(self.attempts, self.backoff);
        if let Some(timeout) = self.timeout {
            call = call.timeout(timeout);
        }
        if self.idempotent {
            call = call.idempotent();
        }
        if let Some(key) = &self.key {
            call = call.key(key.as_str());
        }
        call
    }
}
