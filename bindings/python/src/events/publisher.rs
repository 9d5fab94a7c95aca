//! What publishes through a connection's outbox.

use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyString;
use sdk::{Error, ErrorCode, Offer};

use super::draft::{Draft, Said};
use crate::connection::Core;
use crate::convert::timeout;
use crate::error::{OrRaise, coded, raised};
use crate::fork::Maker;
use crate::patience::Patience;

/// Bytes that are copied with the interpreter in hand; more are copied without.
pub(crate) const ATTACHED_MAX: usize = 64 << 10;

/// Publishes events through the outbox of a connection.
///
/// Cheap to make; from any number of threads. Methods without ``try_`` wait for room and for
/// the hub, ``timeout`` seconds at most, and hear signals meanwhile.
#[pyclass(frozen, module = "slotway._slotway")]
#[derive(Debug)]
pub(crate) struct Publisher {
    publisher: sdk::Publisher,
    maker: Maker,
}

impl Publisher {
    fn here(&self, py: Python<'_>) -> PyResult<&sdk::Publisher> {
        self.maker.check(py)?;
        Ok(&self.publisher)
    }

    fn put(&self, py: Python<'_>, draft: &Draft<'_>, timeout: Option<Duration>) -> PyResult<()> {
        let publisher = self.here(py)?;
        let event = draft.event();
        // Most often there is room, and to let go of the interpreter costs more than this.
        if draft.payload.as_bytes().len() <= ATTACHED_MAX {
            match publisher.try_publish(&event) {
                Ok(Offer::Published) => return Ok(()),
                Ok(Offer::Full) | Err(Error::HubGone) => {}
                Err(error) => return Err(raised(py, &error)),
            }
        }
        let waited = Patience::new(timeout).wait(py, |left| {
            match left {
                None => publisher.publish(&event),
                Some(left) => publisher.publish_timeout(&event, left),
            }
            .map(Some)
        })?;
        waited.or_raise(py)?.ok_or_else(|| raised(py, &Error::Timeout))
    }
}

pub(crate) fn full(py: Python<'_>) -> PyErr {
    coded(py, ErrorCode::Again, "there is no room in the outbox; the hub has not taken it yet")
}

#[pymethods]
impl Publisher {
    /// A publisher of a connection.
    #[new]
    fn new(py: Python<'_>, core: &Core) -> PyResult<Publisher> {
        let publisher = core.here(py)?.publisher();
        Ok(Publisher { publisher, maker: Maker::this() })
    }

    /// Publishes one event.
    #[pyo3(signature = (
        topic, payload = None, *, r#type = None, id = None, principal = None,
        must_deliver = false, key = None, terminal = false, ticket = 0, timeout = None,
    ))]
    #[allow(clippy::too_many_arguments)]
    fn publish<'py>(
        &self,
        py: Python<'py>,
        topic: Bound<'py, PyString>,
        payload: Option<&Bound<'py, PyAny>>,
        r#type: Option<Bound<'py, PyString>>,
        id: Option<Bound<'py, PyString>>,
        principal: Option<&Bound<'py, PyAny>>,
        must_deliver: bool,
        key: Option<Bound<'py, PyString>>,
        terminal: bool,
        ticket: u32,
        timeout: Option<f64>,
    ) -> PyResult<()> {
        let timeout = self::timeout(timeout)?;
        let said = Said { kind: r#type, id, principal, must_deliver, key, terminal, ticket };
        self.put(py, &Draft::new(topic, payload, said)?, timeout)
    }

    /// Publishes one event if there is room for it now; raises Full if not, and HubGone while
    /// there is no hub.
    #[pyo3(signature = (
        topic, payload = None, *, r#type = None, id = None, principal = None,
        must_deliver = false, key = None, terminal = false, ticket = 0,
    ))]
    #[allow(clippy::too_many_arguments)]
    fn try_publish<'py>(
        &self,
        py: Python<'py>,
        topic: Bound<'py, PyString>,
        payload: Option<&Bound<'py, PyAny>>,
        r#type: Option<Bound<'py, PyString>>,
        id: Option<Bound<'py, PyString>>,
        principal: Option<&Bound<'py, PyAny>>,
        must_deliver: bool,
        key: Option<Bound<'py, PyString>>,
        terminal: bool,
        ticket: u32,
    ) -> PyResult<()> {
        let said = Said { kind: r#type, id, principal, must_deliver, key, terminal, ticket };
        let draft = Draft::new(topic, payload, said)?;
        match self.here(py)?.try_publish(&draft.event()).or_raise(py)? {
            Offer::Published => Ok(()),
            Offer::Full => Err(full(py)),
        }
    }

    /// Publishes events in order; gives how many were published when the time was over.
    #[pyo3(signature = (events, *, timeout = None))]
    fn publish_many(
        &self,
        py: Python<'_>,
        events: &Bound<'_, PyAny>,
        timeout: Option<f64>,
    ) -> PyResult<usize> {
        let timeout = self::timeout(timeout)?;
        let drafts = Draft::all(events)?;
        let publisher = self.here(py)?;
        let events: Vec<_> = drafts.iter().map(Draft::event).collect();
        let mut done = 0;
        if bytes(&drafts) <= ATTACHED_MAX {
            match publisher.try_publish_many(&events) {
                Ok(count) => done = count,
                Err(Error::HubGone) => {}
                Err(error) => return Err(raised(py, &error)),
            }
        }
        let waited = Patience::new(timeout).wait(py, |left| {
            let rest = &events[done..];
            done += match left {
                _ if rest.is_empty() => 0,
                None => publisher.publish_many(rest).map(|()| rest.len())?,
                Some(left) => publisher.publish_many_timeout(rest, left)?,
            };
            Ok((done == events.len()).then_some(()))
        })?;
        waited.or_raise(py)?;
        Ok(done)
    }

    /// Publishes as many of the events as there is room for now; gives how many.
    fn try_publish_many(&self, py: Python<'_>, events: &Bound<'_, PyAny>) -> PyResult<usize> {
        let drafts = Draft::all(events)?;
        let publisher = self.here(py)?;
        let events: Vec<_> = drafts.iter().map(Draft::event).collect();
        if bytes(&drafts) <= ATTACHED_MAX {
            return publisher.try_publish_many(&events).or_raise(py);
        }
        py.detach(|| publisher.try_publish_many(&events)).or_raise(py)
    }

    /// After there was no room: whether to try again now. If not, ``Core.take_notices``
    /// gives ``token`` when there is more.
    fn poll_room(&self, py: Python<'_>) -> PyResult<bool> {
        self.here(py)?.poll_room().or_raise(py)
    }

    /// What ``Core.take_notices`` tells room by.
    #[getter]
    fn token(&self) -> u64 {
        self.publisher.token()
    }

    /// What the hub has refused to publish since the last call: of each the ticket, the
    /// reason and how many there were.
    fn take_refusals(&self, py: Python<'_>) -> PyResult<Vec<(u32, &'static str, u32)>> {
        let mut taken = Vec::new();
        self.here(py)?.take_refusals(|refusal| {
            taken.push((refusal.ticket, refusal.reason.as_str(), refusal.count));
        });
        Ok(taken)
    }
}

fn bytes(drafts: &[Draft<'_>]) -> usize {
    drafts.iter().map(|draft| draft.payload.as_bytes().len()).sum()
}
