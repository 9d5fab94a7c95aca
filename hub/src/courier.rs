//! Events between one worker and the bus: what comes out of its outbox, and what goes into
//! its inbox.
//!
//! What callers may rely on:
//!
//! - The region's task only hears that a worker calls; a task of this module's own takes what
//!   is in the outbox, a bounded piece at a time. So a worker that publishes without a break
//!   holds up no request, and a must-deliver event no more than the outbox that it came from.
//! - What a worker has published whole is published, also when it dies right after; half a
//!   record is dropped with it.
//! - A worker that does not read its inbox waits for nobody and nobody for it: what its
//!   subscriptions cannot keep is lost by their policies.
//! - No byte of the region is believed. It is copied out, bounded, and then read; of a record
//!   that is still coming the hub holds what has come.
//! - Everything here ends with the worker.

mod calls;
mod inbox;
mod keys;
mod notices;
mod outbox;
mod pouch;
mod publish;
mod push;
mod subscriptions;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::Notify;

pub(crate) use outbox::drain;
pub(crate) use subscriptions::{NotSubscribed, Subscriptions};

use calls::Calls;
use inbox::Turn;
use notices::Notices;

/// The hub's side of one worker's events.
#[derive(Debug, Default)]
pub(crate) struct Courier {
    /// The outbox calls, or the worker is gone.
    outbox: Notify,
    /// There may be room in the inbox, or the worker is gone.
    room: Notify,
    /// Whose turn it is to write into the inbox.
    inbox: tokio::sync::Mutex<Turn>,
    notices: Notices,
    calls: Calls,
    /// Who publishes what names nobody: the worker's first registration.
    principal: OnceLock<Arc<str>>,
    /// The names of its registrations, by its own numbers.
    names: Mutex<HashMap<u32, Arc<str>>>,
}

impl Courier {
    /// The worker calls attention to its outbox or its inbox, or is gone.
    pub(crate) fn called(&self) {
        self.outbox.notify_one();
        self.room.notify_one();
    }

    /// The worker has registered a name.
    pub(crate) fn registered(&self, id: u32, name: &str) {
        let name: Arc<str> = name.into();
        let _ = self.principal.set(name.clone());
        self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(id, name);
    }

    /// One of its registrations is gone.
    pub(crate) fn unregistered(&self, id: u32) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    fn name(&self, id: u32) -> Option<Arc<str>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    fn principal(&self) -> Option<&Arc<str>> {
        self.principal.get()
    }
}
