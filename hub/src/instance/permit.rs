//! The right to one exchange of a registration.

use std::sync::Arc;

use super::{Instance, Registration};
use crate::delegated::Client;
use crate::gate::Pass;

/// Counts against its registration's limit until it is dropped; then it calls whoever
/// waits. It is to be dropped after its slot is free.
#[derive(Debug)]
pub(crate) struct Permit {
    registration: Arc<Registration>,
    /// Which of its shares it counts against as well.
    share: Option<u32>,
    calls: bool,
    /// Given back after everything else: who waits for it finds the slot free.
    pass: Option<Arc<Pass>>,
    /// Whom the exchange tells its worker about: not gone before the worker is through.
    client: Option<Arc<Client>>,
}

impl Permit {
    pub(super) fn new(registration: Arc<Registration>) -> Permit {
        Permit { registration, share: None, calls: true, pass: None, client: None }
    }

    /// Counts against one of the registration's shares, too.
    pub(super) fn of_share(mut self, index: u32) -> Permit {
        self.share = Some(index);
        self
    }

    /// Keeps a right to be in flight as long as this one.
    pub(crate) fn hold(&mut self, pass: Option<Arc<Pass>>) {
        self.pass = pass;
    }

    /// Keeps a client that stays from being gone as long as this one.
    pub(crate) fn hold_client(&mut self, client: Arc<Client>) {
        self.client = Some(client);
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
        if let Some(share) = self.share {
            self.registration.shares[share as usize].end();
        }
        self.registration.end();
        if self.calls {
            // Other names of the same worker may wait for the slot too.
            self.registration.instance.call_waiting();
        }
    }
}
