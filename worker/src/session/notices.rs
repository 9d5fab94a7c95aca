//! Notices that this process gives itself, and the descriptor that tells of them.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Mutex;

use slotway_core::map::Doorbell;

use crate::sync::lock;

/// What an event loop is to hear besides what the hub tells it: exchanges whose waits
/// ended on this side, and that the connection's state has changed.
#[derive(Debug)]
pub(crate) struct Notices {
    tokens: Mutex<Vec<u64>>,
    bell: Doorbell,
}

impl Notices {
    pub(crate) fn new(bell: Doorbell) -> Notices {
        Notices { tokens: Mutex::default(), bell }
    }

    /// Adds a notice and wakes the event loop.
    pub(crate) fn push(&self, token: u64) {
        lock(&self.tokens).push(token);
        self.bell.ring();
    }

    /// Adds a notice for the caller itself to take.
    pub(crate) fn keep(&self, token: u64) {
        lock(&self.tokens).push(token);
    }

    pub(crate) fn take(&self) -> Vec<u64> {
        std::mem::take(&mut *lock(&self.tokens))
    }

    /// The bell alone: the state has changed.
    pub(crate) fn ring(&self) {
        self.bell.ring();
    }

    pub(crate) fn drain_bell(&self) {
        self.bell.drain();
    }
}

impl AsFd for Notices {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}
