//! Telling workers of clients that are gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tracing::debug;

use super::Word;
use super::ask::{Asked, Subject, ask};
use super::client::{Heard, Path};
use super::head::Head;
use crate::shared::Shared;

/// A client that is gone and that its worker has not been told of.
#[derive(Debug)]
pub(crate) struct Untold {
    pub(super) id: u64,
    pub(super) path: Arc<Path>,
    pub(super) head: Head,
    pub(super) heard: Heard,
}

/// Where they are left. It holds as many as there were clients: whoever lets new ones in
/// looks at [`waiting`](Teller::waiting).
#[derive(Debug, Clone)]
pub(super) struct Teller {
    sender: UnboundedSender<Untold>,
    waiting: Arc<AtomicUsize>,
}

impl Teller {
    pub(super) fn new() -> (Teller, UnboundedReceiver<Untold>) {
        let (sender, receiver) = unbounded_channel();
        (Teller { sender, waiting: Arc::default() }, receiver)
    }

    /// Tells its worker, if that is there; later.
    pub(super) fn tell(&self, untold: Untold) {
        if untold.heard.owner.is_live() {
            // Relaxed, here and below: a bound that need not be exact.
            self.waiting.fetch_add(1, Ordering::Relaxed);
            if self.sender.send(untold).is_err() {
                // The hub is closed.
                self.told();
            }
        }
    }

    /// Departures that were not told yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    fn told(&self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Tells the worker of one.
pub(super) async fn tell(shared: Arc<Shared>, untold: Untold) {
    let Untold { id, path, head, heard } = untold;
    // It is never closed.
    let turn = heard.owner.turns.acquire().await;
    // When the hub itself goes, workers have that to go by.
    if heard.owner.is_live() && !shared.is_draining() {
        let place = heard.place();
        let subject = Subject { id, head: &head, path: &path, client: None };
        match ask(&shared, Word::Disconnect, &subject, Some(&place)).await {
            Asked::Answered(_) => path.counts.told.add_one(),
            missed => {
                let (worker, pid) = heard.owner.registration.instance.who.ids();
                debug!(worker, pid, connection = id, ?missed, "a departure was not told");
            }
        }
    }
    drop(turn);
    shared.delegated.teller().told();
}
