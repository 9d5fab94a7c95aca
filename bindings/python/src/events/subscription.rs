//! What receives.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyList;
use sdk::{Delivery, Error, Topics};

use super::draft::is_system;
use super::received::delivered;
use crate::connection::Core;
use crate::convert::timeout;
use crate::error::{OrRaise, raised};
use crate::fork::Maker;
use crate::patience::Patience;

/// The events of some topics, as they are published.
///
/// Iterating waits for each, and ends with the connection, or when it is closed. Methods with
/// a timeout hear signals while they wait.
#[pyclass(frozen, subclass, weakref, name = "BaseSubscription", module = "slotway")]
#[derive(Debug)]
pub(crate) struct Subscription {
    /// Taken out when it is closed.
    subscription: Mutex<Option<Arc<sdk::Subscription>>>,
    token: u64,
    maker: Maker,
}

impl Subscription {
    /// `None` after a close.
    fn here(&self, py: Python<'_>) -> PyResult<Option<Arc<sdk::Subscription>>> {
        self.maker.check(py)?;
        Ok(self.subscription.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn receive(
        &self,
        py: Python<'_>,
        timeout: Option<Duration>,
    ) -> PyResult<sdk::Result<Option<Delivery>>> {
        let Some(subscription) = self.here(py)? else { return Ok(Err(Error::Closed)) };
        // The usual way: there is one. An event's way takes less than letting go.
        match subscription.try_recv() {
            Ok(None) if timeout.is_none_or(|timeout| !timeout.is_zero()) => {}
            found => return Ok(found),
        }
        Patience::new(timeout).wait(py, |left| subscription.recv(left))
    }
}

/// What a subscription asks for.
fn topics(
    topics: Vec<String>,
    mode: &str,
    capacity: Option<u32>,
    overflow: &str,
    principal: Option<&Bound<'_, PyAny>>,
    after: Option<u64>,
    queue: Option<usize>,
) -> PyResult<Topics> {
    let mut topics = Topics::new(topics);
    match mode {
        "lossy" => {}
        "routed" => topics = topics.routed(),
        other => {
            let words = format!("a subscription's mode is \"lossy\" or \"routed\", not {other:?}");
            return Err(PyValueError::new_err(words));
        }
    }
    match overflow {
        "oldest" => {}
        "newest" => topics = topics.drop_newest(),
        other => {
            let words = format!("what is lost is \"oldest\" or \"newest\", not {other:?}");
            return Err(PyValueError::new_err(words));
        }
    }
    if let Some(principal) = principal.filter(|principal| !principal.is_none()) {
        topics = if is_system(principal)? {
            topics.of_system()
        } else {
            topics.of_principal(principal.extract::<String>()?)
        };
    }
    if let Some(capacity) = capacity {
        topics = topics.capacity(capacity);
    }
    if let Some(after) = after {
        topics = topics.after(after);
    }
    if let Some(queue) = queue {
        topics = topics.queue(queue);
    }
    Ok(topics)
}

#[pymethods]
impl Subscription {
    /// Begins to subscribe, and returns.
    #[new]
    #[pyo3(signature = (
        core, patterns, *, mode = "lossy", capacity = None, overflow = "oldest",
        principal = None, after = None, queue = None,
    ))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        core: &Core,
        patterns: Vec<String>,
        mode: &str,
        capacity: Option<u32>,
        overflow: &str,
        principal: Option<&Bound<'_, PyAny>>,
        after: Option<u64>,
        queue: Option<usize>,
    ) -> PyResult<Subscription> {
        let topics = topics(patterns, mode, capacity, overflow, principal, after, queue)?;
        let subscription = core.here(py)?.subscribe_in_background(&topics).or_raise(py)?;
        let token = subscription.token();
        let subscription = Mutex::new(Some(Arc::new(subscription)));
        Ok(Subscription { subscription, token, maker: Maker::this() })
    }

    /// Waits until the hub has said that events come: those published from then on will.
    /// False when the time is over.
    #[pyo3(signature = (timeout = None))]
    fn wait_live(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<bool> {
        let timeout = self::timeout(timeout)?;
        let Some(subscription) = self.here(py)? else { return Err(raised(py, &Error::Closed)) };
        let waited =
            Patience::new(timeout).wait(py, |left| subscription.wait_live(left).map(Some))?;
        Ok(waited.or_raise(py)?.is_some())
    }

    /// Whether the hub at the other end sends its events now.
    #[getter]
    fn is_live(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.here(py)?.is_some_and(|subscription| subscription.is_live()))
    }

    /// The next event, or a Gap where some were lost; None when the time is over. Raises
    /// Closed after the end.
    #[pyo3(signature = (timeout = None))]
    fn next<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<f64>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let found = self.receive(py, self::timeout(timeout)?)?.or_raise(py)?;
        found.map(|delivery| delivered(py, delivery)).transpose()
    }

    /// For event loops: whether events come; if not, ``Core.take_notices`` gives ``token`` when
    /// that may be so.
    fn poll_live(&self, py: Python<'_>) -> PyResult<bool> {
        let Some(subscription) = self.here(py)? else { return Err(raised(py, &Error::Closed)) };
        subscription.poll_live().or_raise(py)
    }

    /// As many as there are now, at most so many, waiting for the first; none when the time
    /// is over. Raises Closed after the end.
    #[pyo3(signature = (limit = 256, timeout = None))]
    fn take<'py>(
        &self,
        py: Python<'py>,
        limit: usize,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyList>> {
        if limit == 0 {
            return Err(PyValueError::new_err(
                "0 events are to be taken; none would look as if the time were over",
            ));
        }
        let taken = PyList::empty(py);
        let first = self.receive(py, self::timeout(timeout)?)?.or_raise(py)?;
        let Some(first) = first else { return Ok(taken) };
        taken.append(delivered(py, first)?)?;
        let Some(subscription) = self.here(py)? else { return Ok(taken) };
        while taken.len() < limit {
            // An error comes again with the next call; what was taken is to be seen first.
            let Ok(Some(delivery)) = subscription.try_recv() else { break };
            taken.append(delivered(py, delivery)?)?;
        }
        Ok(taken)
    }

    /// For event loops: the next event if there is one now; None: ``Core.take_notices`` gives
    /// ``token`` when there may be one. Raises Closed after the end.
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(subscription) = self.here(py)? else { return Err(raised(py, &Error::Closed)) };
        let found: Option<Delivery> = subscription.poll_recv().or_raise(py)?;
        found.map(|delivery| delivered(py, delivery)).transpose()
    }

    /// What ``Core.take_notices`` tells this subscription by.
    #[getter]
    fn token(&self) -> u64 {
        self.token
    }

    /// Events that were lost in this process because it had too many that nobody took: a part
    /// of what gaps have told.
    #[getter]
    fn lost_here(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.here(py)?.map_or(0, |subscription| subscription.lost_here()))
    }

    /// Ends it: nothing comes any more, and whoever waits for something sees its end.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.maker.check(py)?;
        let taken = self.subscription.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(subscription) = taken {
            subscription.close();
        }
        Ok(())
    }

    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.receive(py, None)? {
            Ok(found) => found.map(|delivery| delivered(py, delivery)).transpose(),
            Err(Error::Closed) => Ok(None),
            Err(error) => Err(raised(py, &error)),
        }
    }
}

impl Drop for Subscription {
    /// A child's copy leaves the parent's alone.
    fn drop(&mut self) {
        if !self.maker.is_this() {
            let slot = self.subscription.get_mut().unwrap_or_else(PoisonError::into_inner);
            std::mem::forget(slot.take());
        }
    }
}
