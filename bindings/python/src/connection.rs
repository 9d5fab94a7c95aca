//! A worker's connection to its hub.

use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use sdk::{Connection, Error, RegistrationState};

use crate::convert::timeout;
use crate::error::{OrRaise, raised};
use crate::exchange::Exchange;
use crate::fork::Maker;
use crate::keys::{Keys, routes};
use crate::log;
use crate::metrics::described;
use crate::options::{self, Given, RegistrationGiven};
use crate::patience::Patience;
use crate::turns::Turns;

/// A worker's connection to its hub: requests come out of it.
///
/// Making one begins to connect and to register, and returns. A registration is a name, its
/// routes (a method, a pattern, a host or None, whether a request may be sent twice, and maybe
/// whether its clients stay for events), how many requests at a time it takes at most (None: as
/// many as there are slots); and maybe the queues whose activities it takes (a name, the types,
/// how many at a time; their keys follow those of the routes), and which of its name it is.
/// Without one the connection is for events and calls alone. ``connect`` is what ``wait_live``
/// waits for; ``keep_open`` goes on when the hub has refused every registration, for others that
/// may be added; ``heartbeat`` says how often to ask the hub whether it is there, and how long it
/// may be silent; the rest is as for ``Worker``.
///
/// A thread of its own keeps it up and comes back to the next hub when this one goes away.
/// Threads call ``next``; or one event loop watches ``fileno`` and calls ``take``.
#[pyclass(frozen, weakref, module = "slotway")]
#[derive(Debug)]
pub(crate) struct Core {
    /// Taken out when it is dropped.
    connection: Option<Connection>,
    maker: Maker,
    /// The keys of each registration's routes.
    keys: Keys,
    /// An error that came behind exchanges, to be raised by the next call.
    late: Mutex<Option<sdk::Error>>,
    /// Which thread waits.
    turns: Turns,
}

impl Core {
    /// The connection, in the process that made it: in another one no thread keeps it up.
    pub(crate) fn here(&self, py: Python<'_>) -> PyResult<&Connection> {
        self.maker.check(py)?;
        Ok(self.connection())
    }

    fn connection(&self) -> &Connection {
        match &self.connection {
            Some(connection) => connection,
            None => unreachable!("only `drop` takes the connection out"),
        }
    }
}

#[pymethods]
impl Core {
    /// Begins to connect and register, and returns.
    #[new]
    #[pyo3(signature = (
        registrations, *, hub = None, slots = None, head_bytes = None, request_bytes = None,
        response_bytes = None, spin = None, drain_deadline = None, generation = None,
        connect = None, keep_open = false, heartbeat = None,
    ))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        registrations: Vec<RegistrationGiven>,
        hub: Option<PathBuf>,
        slots: Option<u32>,
        head_bytes: Option<u32>,
        request_bytes: Option<u32>,
        response_bytes: Option<u32>,
        spin: Option<u32>,
        drain_deadline: Option<f64>,
        generation: Option<u64>,
        connect: Option<&Bound<'_, PyAny>>,
        keep_open: bool,
        heartbeat: Option<(f64, f64)>,
    ) -> PyResult<Core> {
        log::prepare(py)?;
        let given = Given {
            hub,
            slots,
            head_bytes,
            request_bytes,
            response_bytes,
            spin,
            drain_deadline,
            generation,
            keep_open,
            heartbeat,
        };
        let options = given.options(options::connect(connect)?)?;
        let registrations = options::registrations(registrations)?;
        let keys = Keys::of(&registrations);
        let connection = Connection::open_in_background(options, registrations).or_raise(py)?;
        Ok(Core {
            connection: Some(connection),
            maker: Maker::this(),
            keys,
            late: Mutex::new(None),
            turns: Turns::new(),
        })
    }

    /// Waits until the hub sends requests here. Does not hear signals meanwhile.
    fn wait_live(&self, py: Python<'_>) -> PyResult<()> {
        let connection = self.here(py)?;
        py.detach(|| connection.wait_live()).or_raise(py)
    }

    /// The next request; None when the time is over. From any number of threads.
    ///
    /// Raises Closed after a shutdown. Does not hear signals while it waits, so it is for
    /// threads other than the main one.
    #[pyo3(signature = (timeout = None))]
    fn next(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<Option<Exchange>> {
        let timeout = self::timeout(timeout)?;
        let connection = self.here(py)?;
        self.turns.back();
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            // Taken while attached: a thread that had one and waited for the interpreter
            // would hold it up for as long as another thread computes.
            let next = connection.next(Some(Duration::ZERO)).or_raise(py)?;
            if let Some(exchange) = next {
                self.turns.took();
                return Ok(Some(Exchange::new(exchange, &self.keys)));
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(None);
            }
            let wait = |left| connection.wait(left);
            py.detach(|| self.turns.wait(until, wait)).or_raise(py)?;
        }
    }

    /// The descriptor for an event loop, the same for the connection's whole life.
    fn fileno(&self) -> i32 {
        self.connection().as_raw_fd()
    }

    /// The requests that are here, at most so many, without waiting.
    ///
    /// None at all: the descriptor becomes readable when there may be some, or notices.
    /// Call it until then, and then ``take_notices``. Raises Closed after a shutdown.
    #[pyo3(signature = (limit = 64))]
    fn take<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Bound<'py, PyList>> {
        let taken = PyList::empty(py);
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(error) = late {
            return Err(error).or_raise(py);
        }
        if limit == 0 {
            return Err(PyValueError::new_err(
                "0 requests are to be taken; none would look as if there were none",
            ));
        }
        let connection = self.here(py)?;
        // The first look asks for a ring when there is nothing, which costs system calls; the
        // further ones do not, because the next call of this looks again.
        let mut found = connection.try_next();
        loop {
            match found {
                Ok(Some(exchange)) => taken.append(Exchange::new(exchange, &self.keys))?,
                Ok(None) => break,
                Err(error) if taken.is_empty() => return Err(error).or_raise(py),
                // What was taken is to be answered first.
                Err(error) => {
                    *self.late.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    break;
                }
            }
            if taken.len() == limit {
                break;
            }
            found = connection.next(Some(Duration::ZERO));
        }
        Ok(taken)
    }

    /// The tokens of requests, subscriptions and so on for which a wait may be over that a
    /// ``try_`` or ``poll`` method began. A token may come without cause, also after the end.
    fn take_notices(&self) -> Vec<u64> {
        let mut tokens = Vec::new();
        self.connection().take_notices(|token| tokens.push(token));
        tokens
    }

    /// Whether there is a hub at the other end now.
    #[getter]
    fn connected(&self) -> bool {
        self.connection().is_connected()
    }

    /// How each registration stands, for people.
    #[getter]
    fn states(&self) -> Vec<String> {
        let states = self.connection().registration_states();
        states.into_iter().map(|state: RegistrationState| format!("{state:?}")).collect()
    }

    /// Adds a registration while the connection lives, and returns: its number, which those
    /// that were there at the beginning have from 0 on, and the key of its first route.
    fn add(&self, py: Python<'_>, registration: RegistrationGiven) -> PyResult<(usize, u32)> {
        let connection = self.here(py)?;
        let registration = options::registration(registration)?;
        let routes = routes(&registration);
        // Whoever makes an exchange of it is attached, as this thread is in between.
        let number = connection.add(registration).or_raise(py)?;
        Ok((number, self.keys.add(number, routes)))
    }

    /// The key of the first route of what is added next.
    #[getter]
    fn next_key(&self) -> u32 {
        self.keys.next()
    }

    /// Withdraws the registration of a number, and waits until nothing of it is in hand. Hears
    /// signals meanwhile. Gives what it has done, as ``metrics`` does. Raises Timeout when that
    /// takes longer; it is withdrawn all the same.
    #[pyo3(signature = (number, timeout = None))]
    fn withdraw<'py>(
        &self,
        py: Python<'py>,
        number: usize,
        timeout: Option<f64>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let patience = Patience::new(self::timeout(timeout)?);
        let connection = self.here(py)?;
        connection.begin_withdraw(number).or_raise(py)?;
        let wait = |left| connection.wait_withdrawn(number, left).map(Some);
        let metrics = patience.wait(py, wait)?.or_raise(py)?;
        described(py, &metrics.ok_or_else(|| raised(py, &Error::Timeout))?)
    }

    /// What each registration has done and met, in the order of their numbers.
    fn metrics<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        self.connection().metrics().iter().map(|metrics| described(py, metrics)).collect()
    }

    /// The same of those that were withdrawn, the last 1,024 of them, oldest first.
    fn departed<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        self.connection().departed().iter().map(|metrics| described(py, metrics)).collect()
    }

    /// Begins to drain: nothing new comes, what is in hand is to be answered.
    fn begin_shutdown(&self, py: Python<'_>) -> PyResult<()> {
        self.here(py)?.begin_shutdown();
        Ok(())
    }

    /// Begins to close without a drain: the hub answers for what is in hand.
    fn begin_close(&self, py: Python<'_>) -> PyResult<()> {
        self.here(py)?.begin_close();
        Ok(())
    }

    /// Waits until it is closed; whether everything in hand was answered by then.
    #[pyo3(signature = (timeout = None))]
    fn wait_closed(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<bool> {
        let timeout = self::timeout(timeout)?;
        let connection = self.here(py)?;
        py.detach(|| connection.wait_closed(timeout)).or_raise(py)
    }

    /// Closes without a drain, and waits for it.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let connection = self.here(py)?;
        py.detach(|| connection.close());
        Ok(())
    }
}

impl Drop for Core {
    /// Closing waits for a thread, which may wait for the interpreter to write to its log.
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if !self.maker.is_this() {
            // The thread that it would wait for is the parent's.
            std::mem::forget(connection);
            return;
        }
        Python::attach(|py| py.detach(|| drop(connection)));
    }
}
