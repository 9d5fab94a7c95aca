//! Who waits for which exchange.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use crate::exchange::RawExchange;
use crate::sync::lock;

/// What a task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    Request = 0,
    Response = 1,
    Cancel = 2,
}

/// The tasks that wait, by exchange. A notice wakes all of an exchange's: it does not say
/// what it is for.
#[derive(Debug, Default)]
pub(super) struct Wakers {
    waiting: Mutex<HashMap<u64, [Option<Waker>; 3]>>,
}

impl Wakers {
    /// Has the task woken by the next notice. Before it looks for what it waits for.
    pub(super) fn wait(&self, token: u64, wait: Wait, cx: &Context<'_>) {
        let mut waiting = lock(&self.waiting);
        let waker = &mut waiting.entry(token).or_default()[wait as usize];
        match waker {
            Some(known) => known.clone_from(cx.waker()),
            None => *waker = Some(cx.waker().clone()),
        }
    }

    /// A notice came.
    pub(super) fn wake(&self, token: u64) {
        let woken = lock(&self.waiting).remove(&token);
        for waker in woken.into_iter().flatten().flatten() {
            waker.wake();
        }
    }
}

/// Ends when nobody waits for the answer any more; never once it is complete.
pub(super) async fn cancelled(raw: &RawExchange, wakers: &Wakers) {
    poll_fn(|cx| {
        if !raw.is_open() {
            // Nothing will come of it, and nobody would take the waker away again.
            return Poll::Pending;
        }
        // Before the look, so that a notice that comes after it wakes the task.
        wakers.wait(raw.token(), Wait::Cancel, cx);
        if raw.poll_cancelled() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
