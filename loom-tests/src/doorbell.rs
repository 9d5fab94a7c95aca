//! An eventfd: readable from a ring until it is drained.

use loom::sync::{Condvar, Mutex};

#[derive(Debug, Default)]
pub(crate) struct Doorbell {
    rung: Mutex<bool>,
    readable: Condvar,
}

impl Doorbell {
    /// Makes it readable.
    pub(crate) fn ring(&self) {
        *self.rung.lock().expect("no thread of a model panics") = true;
        self.readable.notify_one();
    }

    /// Sleeps until it is readable, and drains it.
    pub(crate) fn wait(&self) {
        let mut rung = self.rung.lock().expect("no thread of a model panics");
        while !*rung {
            rung = self.readable.wait(rung).expect("no thread of a model panics");
        }
        *rung = false;
    }
}
