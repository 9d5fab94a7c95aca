//! Waiting in the hub's memory, from a thread that may be the one that hears signals.

use std::cell::Cell;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use sdk::Error;

/// How long the main thread waits before it looks for signals. Other threads hear none.
const LOOK: Duration = Duration::from_millis(100);

thread_local! {
    /// Whether this is the main thread, once it was asked.
    static MAIN: Cell<Option<bool>> = const { Cell::new(None) };
}

fn is_main(py: Python<'_>) -> PyResult<bool> {
    if let Some(main) = MAIN.get() {
        return Ok(main);
    }
    let threading = py.import("threading")?;
    let current = threading.call_method0("current_thread")?;
    let main = current.is(&threading.call_method0("main_thread")?);
    MAIN.set(Some(main));
    Ok(main)
}

/// Until when somebody waits.
#[derive(Debug)]
pub(crate) struct Patience {
    until: Option<Instant>,
}

impl Patience {
    /// `None` waits for ever.
    pub(crate) fn new(timeout: Option<Duration>) -> Patience {
        Patience { until: timeout.and_then(|timeout| Instant::now().checked_add(timeout)) }
    }

    /// Calls `wait`, without the interpreter, with what is left, or pieces of it on the main
    /// thread, until it finds something; `None` when the time is over. What a signal's handler
    /// raises is the outer error.
    pub(crate) fn wait<T: Send>(
        &self,
        py: Python<'_>,
        mut wait: impl FnMut(Option<Duration>) -> sdk::Result<Option<T>> + Send,
    ) -> PyResult<sdk::Result<Option<T>>> {
        let most = is_main(py)?.then_some(LOOK);
        loop {
            let left = self.until.map(|until| until.saturating_duration_since(Instant::now()));
            let last = left.is_some_and(|left| most.is_none_or(|most| left <= most));
            let piece = if last { left } else { most };
            match py.detach(|| wait(piece)) {
                Ok(None) | Err(Error::Timeout) => {}
                found => return Ok(found),
            }
            py.check_signals()?;
            if last {
                return Ok(Ok(None));
            }
        }
    }
}
