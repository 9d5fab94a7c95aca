//! The phases of a hub's life, as every task of it sees them.

use tokio::sync::watch;

/// A phase. There is no way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
pub(crate) struct PhaseSender(watch::Sender<Phase>);

/// One who listens. Whoever holds one is waited for.
#[derive(Debug, Clone)]
pub(crate) struct Phases(watch::Receiver<Phase>);

/// The beginning.
pub(crate) fn phases() -> (PhaseSender, Phases) {
    let (sender, receiver) = watch::channel(Phase::Serving);
    (PhaseSender(sender), Phases(receiver))
}

impl PhaseSender {
    pub(crate) fn set(&self, phase: Phase) {
        self.0.send_replace(phase);
    }

    /// Completes when nobody listens any more.
    pub(crate) async fn all_gone(&self) {
        self.0.closed().await;
    }
}

impl Phases {
    /// Completes when the phase is reached or passed. A hub that was dropped is closed.
    pub(crate) async fn at_least(&mut self, phase: Phase) {
        let _ = self.0.wait_for(|now| *now >= phase).await;
    }

    /// Whether the phase is reached or passed.
    pub(crate) fn is_at_least(&self, phase: Phase) -> bool {
        *self.0.borrow() >= phase
    }
}
