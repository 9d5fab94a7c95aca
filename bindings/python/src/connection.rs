//! A worker's connection to its hub.

use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyList;
use sdk::{Connection, RegistrationState};

use crate::convert::timeout;
use crate::error::OrRaise;
use crate::exchange::Exchange;
use crate::options::{self, Given, RegistrationGiven};

/// A worker's connection to its hub: requests come out of it.
#[pyclass(frozen, weakref, module = "slotway._slotway")]
#[derive(Debug)]
pub(crate) struct Core {
    /// Taken out when it is dropped.
    connection: Option<Connection>,
    /// The key of each registration's first route.
    firsts: Box<[u32]>,
    /// An error that came behind exchanges, to be raised by the next call.
    late: Mutex<Option<sdk::Error>>,
}

impl Core {
    fn connection(&self) -> &Connection {
        match &self.connection {
            Some(connection) => connection,
            None => unreachable!("only `drop` takes the connection out"),
        }
    }
}

#[pymethods]
impl Core {
    #[new]
    #[pyo3(signature = (
        registrations, *, hub = None, slots = None, head_bytes = None, request_bytes = None,
        response_bytes = None, spin = None, drain_deadline = None, generation = None,
        connect = None,
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
    ) -> PyResult<Core> {
        let given = Given {
            hub,
            slots,
            head_bytes,
            request_bytes,
            response_bytes,
            spin,
            drain_deadline,
            generation,
        };
        let options = given.options(options::connect(connect)?)?;
        let registrations = options::registrations(registrations)?;
        let firsts = registrations
            .iter()
            .scan(0, |next, registration| {
                let first = *next;
                *next += registration.routes().len() as u32;
                Some(first)
            })
            .collect();
        let connection = Connection::open_in_background(options, registrations).or_raise(py)?;
        Ok(Core { connection: Some(connection), firsts, late: Mutex::new(None) })
    }

    fn wait_live(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.connection().wait_live()).or_raise(py)
    }

    #[pyo3(signature = (timeout = None))]
    fn next(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<Option<Exchange>> {
        let timeout = self::timeout(timeout)?;
        let next = py.detach(|| self.connection().next(timeout)).or_raise(py)?;
        Ok(next.map(|exchange| Exchange::new(exchange, &self.firsts)))
    }

    fn fileno(&self) -> i32 {
        self.connection().as_raw_fd()
    }

    #[pyo3(signature = (limit = 64))]
    fn take<'py>(&self, py: Python<'py>, limit: usize) -> PyResult<Bound<'py, PyList>> {
        let taken = PyList::empty(py);
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(error) = late {
            return Err(error).or_raise(py);
        }
        for _ in 0..limit {
            match self.connection().try_next() {
                Ok(Some(exchange)) => taken.append(Exchange::new(exchange, &self.firsts))?,
                Ok(None) => break,
                Err(error) if taken.is_empty() => return Err(error).or_raise(py),
                // What was taken is to be answered first.
                Err(error) => {
                    *self.late.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    break;
                }
            }
        }
        Ok(taken)
    }

    fn take_notices(&self) -> Vec<u64> {
        let mut tokens = Vec::new();
        self.connection().take_notices(|token| tokens.push(token));
        tokens
    }

    #[getter]
    fn connected(&self) -> bool {
        self.connection().is_connected()
    }

    #[getter]
    fn states(&self) -> Vec<String> {
        let states = self.connection().registration_states();
        states.into_iter().map(|state: RegistrationState| format!("{state:?}")).collect()
    }

    fn begin_shutdown(&self) {
        self.connection().begin_shutdown();
    }

    fn begin_close(&self) {
        self.connection().begin_close();
    }

    #[pyo3(signature = (timeout = None))]
    fn wait_closed(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<bool> {
        let timeout = self::timeout(timeout)?;
        py.detach(|| self.connection().wait_closed(timeout)).or_raise(py)
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.connection().close());
    }
}

impl Drop for Core {
    /// Closing waits for a thread, which may wait for the interpreter to write to its log.
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        Python::attach(|py| py.detach(|| drop(connection)));
    }
}
