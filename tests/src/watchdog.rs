//! Waiting for conditions, and ending what waits for ever.

use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::process;

/// Ends the whole test program when a case has not ended in time, after showing what
/// every process said.
#[derive(Debug)]
pub struct Watchdog {
    // Dropping it wakes the thread.
    _alive: mpsc::Sender<()>,
}

impl Watchdog {
    /// Watches until it is dropped.
    pub fn new(case: &str, limit: Duration) -> Watchdog {
        let (alive, ended) = mpsc::channel::<()>();
        let case = case.to_owned();
        let watch = move || {
            if ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                // Past the capture of the test's output, which nobody would see any more.
                let line = format!("watchdog: the case {case} has not ended within {limit:?}\n");
                let _ = io::stderr().write_all(line.as_bytes());
                process::give_up();
            }
        };
        thread::Builder::new().name("watchdog".to_owned()).spawn(watch).expect("a thread");
        Watchdog { _alive: alive }
    }
}

/// Looks until `look` gives something.
///
/// # Panics
///
/// When it has not after `limit`; says what was waited for.
#[track_caller]
pub fn eventually<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited {limit:?} in vain for: {what}");
        // The interval of a poll, not a synchronisation.
        thread::sleep(Duration::from_millis(2));
    }
}
