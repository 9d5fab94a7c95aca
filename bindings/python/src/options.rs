//! What a connection is made with, as Python says it.

use std::path::PathBuf;
use std::time::Duration;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use sdk::{Connect, Heartbeat, Options, Registration};

use crate::convert::timeout;

/// One route: its method, its pattern, its host if it has one, whether its requests may be
/// sent twice; and, where it is said, whether its clients stay for events.
#[derive(Debug)]
pub(crate) struct RouteGiven(String, String, Option<String>, bool, bool);

impl FromPyObject<'_, '_> for RouteGiven {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, '_, PyAny>) -> PyResult<RouteGiven> {
        let stays = given.len()? == 5;
        let given = given.cast::<PyTuple>()?;
        if stays {
            let (method, pattern, host, idempotent, sse) = given.extract()?;
            return Ok(RouteGiven(method, pattern, host, idempotent, sse));
        }
        let (method, pattern, host, idempotent) = given.extract()?;
        Ok(RouteGiven(method, pattern, host, idempotent, false))
    }
}

/// One queue: its name, the types that are taken, how many at a time.
#[derive(Debug, FromPyObject)]
pub(crate) struct QueueGiven(String, Vec<String>, Option<u32>);

/// One registration: its name, its routes, how many exchanges at a time; and, where they are
/// said, its queues, and which of its name it is.
#[derive(Debug)]
pub(crate) struct RegistrationGiven(
    String,
    Vec<RouteGiven>,
    Option<u32>,
    Vec<QueueGiven>,
    Option<String>,
);

impl FromPyObject<'_, '_> for RegistrationGiven {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, '_, PyAny>) -> PyResult<RegistrationGiven> {
        let given = given.cast::<PyTuple>()?;
        if given.len() == 5 {
            let (name, routes, max_concurrent, queues, instance) = given.extract()?;
            return Ok(RegistrationGiven(name, routes, max_concurrent, queues, instance));
        }
        let (name, routes, max_concurrent) = given.extract()?;
        Ok(RegistrationGiven(name, routes, max_concurrent, Vec::new(), None))
    }
}

/// The registrations as the layer below wants them.
pub(crate) fn registrations(given: Vec<RegistrationGiven>) -> PyResult<Vec<Registration>> {
    given.into_iter().map(registration).collect()
}

/// The same for one.
pub(crate) fn registration(given: RegistrationGiven) -> PyResult<Registration> {
    let RegistrationGiven(name, routes, max_concurrent, queues, instance) = given;
    let mut registration = Registration::new(name);
    if let Some(instance) = instance {
        registration = registration.instance(instance);
    }
    if let Some(exchanges) = max_concurrent {
        registration = registration.max_concurrent(exchanges);
    }
    let mut limited = false;
    for RouteGiven(method, pattern, host, idempotent, sse) in routes {
        match host {
            Some(host) => {
                registration = registration.host(host);
                limited = true;
            }
            None if limited => {
                return Err(PyValueError::new_err(format!(
                    "the route {method} {pattern} has no host and follows one that has; list \
                     routes without a host first"
                )));
            }
            None => {}
        }
        registration = if sse {
            if method != "GET" || idempotent {
                return Err(PyValueError::new_err(format!(
                    "clients stay on {method} {pattern}: its method is GET, and it is not sent twice"
                )));
            }
            registration.sse_route(&pattern)
        } else if idempotent {
            registration.idempotent_route(&method, &pattern)
        } else {
            registration.route(&method, &pattern)
        };
    }
    for QueueGiven(queue, activities, capacity) in queues {
        registration = registration.queue(queue, activities);
        if let Some(activities) = capacity {
            registration = registration.capacity(activities);
        }
    }
    Ok(registration)
}

/// What connecting waits for: `None` for the hub, "once" for one attempt, seconds for so long.
pub(crate) fn connect(given: Option<&Bound<'_, PyAny>>) -> PyResult<Connect> {
    let Some(given) = given.filter(|given| !given.is_none()) else {
        return Ok(Connect::UntilLive);
    };
    if given.extract::<&str>().is_ok_and(|word| word == "once") {
        return Ok(Connect::Once);
    }
    let seconds = given.extract::<f64>().map_err(|_| {
        PyTypeError::new_err(format!(
            "connect is None (wait for the hub), \"once\", or a number of seconds, not {given}"
        ))
    })?;
    Ok(timeout(Some(seconds))?.map_or(Connect::UntilLive, Connect::Within))
}

/// What may be said of a connection.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) hub: Option<PathBuf>,
    pub(crate) slots: Option<u32>,
    pub(crate) head_bytes: Option<u32>,
    pub(crate) request_bytes: Option<u32>,
    pub(crate) response_bytes: Option<u32>,
    pub(crate) spin: Option<u32>,
    pub(crate) drain_deadline: Option<f64>,
    pub(crate) generation: Option<u64>,
    pub(crate) keep_open: bool,
    pub(crate) heartbeat: Option<(f64, f64)>,
}

impl Given {
    /// As the layer below wants it.
    pub(crate) fn options(self, connect: Connect) -> PyResult<Options> {
        let mut options =
            Options::new().sdk(concat!("python/", env!("CARGO_PKG_VERSION"))).connect(connect);
        if let Some(hub) = self.hub {
            options = options.hub(hub);
        }
        if let Some(slots) = self.slots {
            options = options.slots(slots);
        }
        if let Some(bytes) = self.head_bytes {
            options = options.head_bytes(bytes);
        }
        if let Some(bytes) = self.request_bytes {
            options = options.request_bytes(bytes);
        }
        if let Some(bytes) = self.response_bytes {
            options = options.response_bytes(bytes);
        }
        if let Some(looks) = self.spin {
            options = options.spin_cap(looks);
        }
        if self.drain_deadline.is_some() {
            let deadline = timeout(self.drain_deadline)?;
            options = options.drain_deadline(deadline.unwrap_or(Duration::MAX));
        }
        if let Some(generation) = self.generation {
            options = options.generation(generation);
        }
        if let Some((interval, silence)) = self.heartbeat {
            let interval = timeout(Some(interval))?.unwrap_or(Duration::MAX);
            let timeout = timeout(Some(silence))?.unwrap_or(Duration::MAX);
            options = options.heartbeat(Heartbeat { interval, timeout });
        }
        Ok(options.keep_open(self.keep_open))
    }
}
