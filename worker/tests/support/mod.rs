//! A hub for tests, in the test's own process: the real region, doorbells and control
//! messages, and a request is a function call.
//!
//! Each test binary uses its own part of it.
#![allow(dead_code, unused_imports, unreachable_pub, missing_docs, clippy::missing_panics_doc)]

pub mod hub;
pub mod request;

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use slotway::{Backoff, Options};

pub use hub::{FakeHub, HubSession};
pub use request::{Answer, Ask};

/// Whatever takes longer than this hangs.
pub const WATCHDOG: Duration = Duration::from_secs(30);

/// Options for a worker of this hub that comes back quickly.
pub fn options(hub: &FakeHub) -> Options {
    let backoff = Backoff {
        base: Duration::from_millis(5),
        jitter: Duration::from_millis(5),
        cap: Duration::from_millis(50),
        ..Backoff::default()
    };
    Options::new().hub(hub.path()).backoff(backoff).drain_deadline(Duration::from_secs(10))
}

/// Waits until `condition` holds.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < WATCHDOG, "{what}: never came");
        thread::yield_now();
    }
}

/// Runs `body` on a thread and takes its result, or fails when it hangs.
pub fn within_watchdog<T: Send + 'static>(
    what: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> T {
    let (done, result) = mpsc::channel();
    let thread = thread::spawn(move || {
        let _ = done.send(body());
    });
    match result.recv_timeout(WATCHDOG) {
        Ok(result) => {
            thread.join().expect("it has sent its result");
            result
        }
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{what}: hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => unreachable!("a thread that ends well sends"),
        },
    }
}

/// Bytes that are easy to tell apart.
pub fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 + i / 251) as u8).collect()
}
