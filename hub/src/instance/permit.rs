//! The right to one exchange of a registration.

use std::sync::Arc;

use super::{Instance, Registration};

/// Counts against its registration's limit until it is dropped; then it calls whoever
/// waits. It is to be dropped after its slot is free.
#[derive(Debug)]
pub(crate) struct Permit {
    registration: Arc<Registration>,
    calls: bool,
}

impl Permit {
    pub(super) fn new(registration: Arc<Registration>) -> Permit {
        Permit { registration, calls: true }
    }

    pub(crate) fn registration(&self) -> &Arc<Registration> {
        &self.registration
    }

    pub(crate) fn instance(&self) -> &Arc<Instance> {
        &self.registration.instance
    }

    /// Gives it back unused, by the request that is first in line: a call would reach
    /// that request itself and send it around in circles.
    pub(crate) fn give_back_in_line(mut self) {
        self.calls = false;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.registration.end();
        if self.calls {
            // Other names of the same worker may wait for the slot too.
            self.registration.instance.call_waiting();
        }
    }
}
