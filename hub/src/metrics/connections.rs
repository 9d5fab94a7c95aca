//! Connections of clients, by listener.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Counter;

/// All listeners'.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    listeners: Mutex<Vec<Arc<Listener>>>,
}

/// One listener's.
#[derive(Debug)]
pub(crate) struct Listener {
    /// Its address, as it is configured.
    pub(crate) name: String,
    pub(crate) accepted: Counter,
    pub(crate) ended: Counter,
    /// TLS handshakes that came to nothing.
    pub(crate) handshakes_failed: Counter,
}

/// A connection that is open until this is dropped.
#[derive(Debug)]
pub(crate) struct Connected(Arc<Listener>);

impl Connections {
    /// The counters of a listener.
    pub(crate) fn listener(&self, name: &str) -> Arc<Listener> {
        let mut listeners = self.lock();
        if let Some(known) = listeners.iter().find(|known| known.name == name) {
            return known.clone();
        }
        let listener = Arc::new(Listener {
            name: name.to_owned(),
            accepted: Counter::default(),
            ended: Counter::default(),
            handshakes_failed: Counter::default(),
        });
        listeners.push(listener.clone());
        listener
    }

    pub(crate) fn all(&self) -> Vec<Arc<Listener>> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Listener>>> {
        // Nothing that can panic runs under the lock.
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// A connection was accepted.
    pub(crate) fn connected(self: &Arc<Self>) -> Connected {
        self.accepted.add_one();
        Connected(self.clone())
    }

    /// How many are open.
    pub(crate) fn open(&self) -> u64 {
        // In this order: what ends between the two looks was accepted before.
        let ended = self.ended.get();
        self.accepted.get().saturating_sub(ended)
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.ended.add_one();
    }
}
