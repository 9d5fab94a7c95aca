//! A service: one name, whoever serves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::wait_queue::{Crowd, WaitQueue};

/// What the instances of one name share.
#[derive(Debug)]
pub(crate) struct Service {
    name: Box<str>,
    /// Requests that wait for a slot of any instance.
    pub(crate) queue: Arc<WaitQueue>,
    instances: AtomicUsize,
}

impl Service {
    pub(crate) fn new(name: &str, waiters_max: usize, crowd: Crowd) -> Service {
        Service {
            name: name.into(),
            queue: Arc::new(WaitQueue::among(waiters_max, crowd)),
            instances: AtomicUsize::new(0),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// How many live instances the last table had.
    pub(crate) fn instances(&self) -> usize {
        // Relaxed: a hint, and a number for people.
        self.instances.load(Ordering::Relaxed)
    }

    pub(crate) fn set_instances(&self, count: usize) {
        // Relaxed: as above.
        self.instances.store(count, Ordering::Relaxed);
    }
}
