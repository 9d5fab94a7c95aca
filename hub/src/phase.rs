//! The phases of a hub's life, as every task of it sees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::watch;

/// A phase. There is no way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Everything is open.
    Serving,
    /// Nothing new is accepted; what is in flight finishes.
    Draining,
    /// Everything ends now.
    Closed,
}

/// The one who says what phase it is.
#[derive(Debug)]
pub(crate) struct PhaseSender {
    sender: watch::Sender<Phase>,
    now: Arc<AtomicU8>,
}

/// One who listens. Whoever holds one is waited for.
#[derive(Debug, Clone)]
pub(crate) struct Phases {
    receiver: watch::Receiver<Phase>,
    now: Arc<AtomicU8>,
}

/// The phase for somebody who looks very often and is woken by [`Phases`] anyway.
#[derive(Debug)]
pub(crate) struct PhaseNow(Arc<AtomicU8>);

/// The beginning.
pub(crate) fn phases() -> (PhaseSender, Phases) {
    let (sender, receiver) = watch::channel(Phase::Serving);
    let now = Arc::new(AtomicU8::new(Phase::Serving as u8));
    (PhaseSender { sender, now: now.clone() }, Phases { receiver, now })
}

impl PhaseSender {
    pub(crate) fn set(&self, phase: Phase) {
        // Before the wake-up, whose locks order it, so that whoever is woken sees it.
        self.now.store(phase as u8, Ordering::Relaxed);
        self.sender.send_replace(phase);
    }

    /// Completes when nobody listens any more.
    pub(crate) async fn all_gone(&self) {
        self.sender.closed().await;
    }
}

impl Phases {
    /// Completes when the phase is reached or passed. A hub that was dropped is closed.
    pub(crate) async fn at_least(&mut self, phase: Phase) {
        let _ = self.receiver.wait_for(|now| *now >= phase).await;
    }

    /// A cheap look at the same.
    pub(crate) fn now(&self) -> PhaseNow {
        PhaseNow(self.now.clone())
    }

    /// Whether the phase is reached or passed.
    pub(crate) fn is_at_least(&self, phase: Phase) -> bool {
        *self.receiver.borrow() >= phase
    }
}

impl PhaseNow {
    /// Whether the phase is reached or passed.
    pub(crate) fn is_at_least(&self, phase: Phase) -> bool {
        // Relaxed: see `PhaseSender::set`.
        self.0.load(Ordering::Relaxed) >= phase as u8
    }
}

impl Drop for PhaseSender {
    fn drop(&mut self) {
        // A hub that was dropped is closed.
        self.set(Phase::Closed);
    }
}
