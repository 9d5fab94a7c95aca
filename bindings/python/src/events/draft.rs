//! An event to be published, as Python gives it.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use crate::buffer::Given;

/// What an event says: bytes, text, or what JSON can say. This may run Python code.
pub(crate) fn payload<'py>(given: Option<&Bound<'py, PyAny>>) -> PyResult<Given<'py>> {
    let is_json = |given: &&Bound<'py, PyAny>| {
        given.is_instance_of::<PyDict>() || given.is_instance_of::<PyList>()
    };
    match given.filter(is_json) {
        None => Given::new(given),
        Some(value) => {
            let dumps = value.py().import("slotway._response")?.getattr("dumps")?;
            Given::new(Some(&dumps.call1((value,))?))
        }
    }
}

/// Text of whoever calls, kept alive.
#[derive(Debug)]
pub(crate) struct Text<'py>(Bound<'py, PyString>);

impl<'py> Text<'py> {
    pub(crate) fn new(text: Bound<'py, PyString>) -> PyResult<Text<'py>> {
        // So that it fails here, and not when nothing may fail any more.
        text.to_str()?;
        Ok(Text(text))
    }

    fn of(what: &str, object: &Bound<'py, PyAny>) -> PyResult<Text<'py>> {
        match object.cast::<PyString>() {
            Ok(text) => Text::new(text.clone()),
            Err(_) => {
                let kind = object.get_type();
                let words = format!("the event's {what} is str, not {}", kind.name()?);
                Err(PyTypeError::new_err(words))
            }
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        // It was found to be UTF-8, and text does not change.
        self.0.to_str().unwrap_or_default()
    }
}

/// Whose event it is.
pub(super) enum Principal<'py> {
    Worker,
    System,
    Named(Text<'py>),
}

impl<'py> Principal<'py> {
    /// `None` for the worker's own, `True` for the system, else a name.
    fn new(given: Option<&Bound<'py, PyAny>>) -> PyResult<Principal<'py>> {
        let Some(given) = given.filter(|given| !given.is_none()) else {
            return Ok(Principal::Worker);
        };
        if is_system(given)? {
            return Ok(Principal::System);
        }
        Ok(Principal::Named(Text::of("principal", given)?))
    }
}

/// Whether it is `slotway.SYSTEM`: the one member of an enumeration that says so.
pub(super) fn is_system(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    if given.is_instance_of::<PyString>() {
        return Ok(false);
    }
    let system = given.py().import("slotway._system")?.getattr("SYSTEM")?;
    Ok(given.is(&system))
}

/// An event to be published.
pub(super) struct Draft<'py> {
    pub(super) topic: Text<'py>,
    pub(super) payload: Given<'py>,
    pub(super) kind: Option<Text<'py>>,
    pub(super) id: Option<Text<'py>>,
    pub(super) principal: Principal<'py>,
    pub(super) key: Option<Text<'py>>,
    pub(super) must_deliver: bool,
    pub(super) terminal: bool,
    pub(super) ticket: u32,
}

/// What is said of an event besides its topic and payload.
#[derive(Debug, Default)]
pub(super) struct Said<'a, 'py> {
    pub(super) kind: Option<Bound<'py, PyString>>,
    pub(super) id: Option<Bound<'py, PyString>>,
    pub(super) principal: Option<&'a Bound<'py, PyAny>>,
    pub(super) must_deliver: bool,
    pub(super) key: Option<Bound<'py, PyString>>,
    pub(super) terminal: bool,
    pub(super) ticket: u32,
}

impl<'py> Draft<'py> {
    /// This may run Python code.
    pub(super) fn new(
        topic: Bound<'py, PyString>,
        payload: Option<&Bound<'py, PyAny>>,
        said: Said<'_, 'py>,
    ) -> PyResult<Draft<'py>> {
        Ok(Draft {
            topic: Text::new(topic)?,
            payload: self::payload(payload)?,
            kind: said.kind.map(Text::new).transpose()?,
            id: said.id.map(Text::new).transpose()?,
            principal: Principal::new(said.principal)?,
            key: said.key.map(Text::new).transpose()?,
            must_deliver: said.must_deliver,
            terminal: said.terminal,
            ticket: said.ticket,
        })
    }

    /// From a tuple: topic, payload and, as far as they are there, type, id, principal,
    /// must_deliver, key, terminal, ticket.
    fn of(tuple: &Bound<'py, PyTuple>) -> PyResult<Draft<'py>> {
        let length = tuple.len();
        if !(1..=9).contains(&length) {
            return Err(PyValueError::new_err(format!(
                "an event to be published has 1 to 9 parts, topic and payload first, not {length}"
            )));
        }
        let part = |at: usize| tuple.get_item(at).ok().filter(|part| !part.is_none());
        let text = |what: &str, at: usize| part(at).map(|it| Text::of(what, &it)).transpose();
        let flag = |at: usize| part(at).map_or(Ok(false), |it| it.is_truthy());
        Ok(Draft {
            topic: Text::of("topic", &tuple.get_item(0)?)?,
            payload: payload(part(1).as_ref())?,
            kind: text("type", 2)?,
            id: text("id", 3)?,
            principal: Principal::new(part(4).as_ref())?,
            must_deliver: flag(5)?,
            key: text("key", 6)?,
            terminal: flag(7)?,
            ticket: part(8).map_or(Ok(0), |it| it.extract())?,
        })
    }

    /// All of an iterable of tuples.
    pub(super) fn all(events: &Bound<'py, PyAny>) -> PyResult<Vec<Draft<'py>>> {
        let mut drafts = Vec::with_capacity(events.len().unwrap_or(0));
        for (index, event) in events.try_iter()?.enumerate() {
            let event = event?;
            let Ok(tuple) = event.cast::<PyTuple>() else {
                let kind = event.get_type();
                return Err(PyTypeError::new_err(format!(
                    "event {index} is a Draft, or a tuple of topic and payload, not {}",
                    kind.name()?
                )));
            };
            drafts.push(Draft::of(tuple)?);
        }
        Ok(drafts)
    }

    /// As the layer below wants it.
    pub(super) fn event(&self) -> sdk::Event<'_> {
        let mut event = sdk::Event::new(self.topic.as_str()).payload(self.payload.as_bytes());
        if let Some(kind) = &self.kind {
            event = event.kind(kind.as_str());
        }
        if let Some(id) = &self.id {
            event = event.id(id.as_str());
        }
        match &self.principal {
            Principal::Worker => {}
            Principal::System => event = event.system(),
            Principal::Named(name) => event = event.principal(name.as_str()),
        }
        if let Some(key) = &self.key {
            event = event.key(key.as_str());
        }
        if self.must_deliver {
            event = event.must_deliver();
        }
        if self.terminal {
            event = event.terminal();
        }
        event.ticket(self.ticket)
    }
}
