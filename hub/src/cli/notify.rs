//! What the service manager is told (`Type=notify-reload`). Without one nothing happens.

use sd_notify::NotifyState;
use tracing::debug;

/// The hub listens, or has read its configuration anew.
pub(super) fn ready() {
    send(&[NotifyState::Ready]);
}

/// The hub reads its configuration; [`ready`] follows.
pub(super) fn reloading() {
    // The manager has to know which signal this is the answer to.
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        send(&[NotifyState::Reloading, now]);
    }
}

/// The hub shuts down.
pub(super) fn stopping() {
    send(&[NotifyState::Stopping]);
}

/// Says that the hub lives, as often as the manager wants to hear it (`WatchdogSec=`).
/// Never completes.
pub(super) async fn watchdog() {
    let Some(patience) = sd_notify::watchdog_enabled() else {
        return std::future::pending().await;
    };
    let mut beats = tokio::time::interval(patience / 2);
    loop {
        beats.tick().await;
        send(&[NotifyState::Watchdog]);
    }
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        debug!(%error, "the service manager cannot be told");
    }
}
