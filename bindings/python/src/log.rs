//! What the library has to say that no call can give, that the hub is away for example, for
//! Python's `logging`, as the logger "slotway".
//!
//! A thread of its own hands the lines over: the one that has something to say may hold a
//! lock that a thread of Python waits for.

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{Sender, channel};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use sdk::log::{self, Level, Listener};

/// The least level that `logging` wants, in its numbers.
static WANTED: AtomicI32 = AtomicI32::new(30);

/// The logger, once the log is set up.
static LOGGER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

fn number(level: &Level) -> i32 {
    match *level {
        Level::ERROR => 40,
        Level::WARN => 30,
        Level::INFO => 20,
        _ => 10,
    }
}

/// Asks `logging` what it wants to hear, and sees to it that it does.
pub(crate) fn prepare(py: Python<'_>) -> PyResult<()> {
    let logger = LOGGER.get_or_try_init(py, || {
        let logger = py.import("logging")?.call_method1("getLogger", ("slotway",))?;
        let (sender, lines) = channel::<(i32, String)>();
        // The thread lives as long as the process, and waits for its next line.
        std::thread::Builder::new().name("slotway-log".to_owned()).spawn(move || {
            for (level, text) in lines {
                // Nobody hears it any more when the interpreter is at its end.
                let _ = Python::try_attach(|py| hand_over(py, level, &text));
            }
        })?;
        // Somebody else's subscriber, if there is one, is a better place for it.
        let _ = log::listen(Lines(sender));
        PyResult::Ok(logger.unbind())
    })?;
    let wanted = logger.call_method0(py, "getEffectiveLevel")?.extract::<i32>(py)?;
    WANTED.store(wanted, Ordering::Relaxed);
    Ok(())
}

fn hand_over(py: Python<'_>, level: i32, text: &str) {
    let Some(logger) = LOGGER.get(py) else { return };
    if let Err(error) = logger.call_method1(py, "log", (level, "%s", text)) {
        error.write_unraisable(py, None);
    }
}

/// Whoever has something to say goes on at once.
struct Lines(Sender<(i32, String)>);

impl Listener for Lines {
    fn wants(&self, level: &Level) -> bool {
        // Relaxed: who misses a change goes by the level of a moment ago.
        number(level) >= WANTED.load(Ordering::Relaxed)
    }

    fn hear(&self, level: &Level, line: String) {
        // The thread that listens does not end.
        let _ = self.0.send((number(level), line));
    }
}
