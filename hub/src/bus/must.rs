//! A must-deliver publish after the bus's lock: it waits for whoever has no room.

use std::future::poll_fn;
use std::mem::take;
use std::sync::Arc;
use std::task::Poll;

use super::aftermath::Aftermath;
use super::bus::{Published, Shared};
use super::event::Event;
use super::state::{Waits, lock};

/// A must-deliver event that some have not taken yet. Dropping it takes the event back
/// from them.
#[derive(Debug)]
pub(super) struct Waiting {
    shared: Arc<Shared>,
    event: Event,
    waits: Waits,
    after: Aftermath,
    published: Published,
}

impl Waiting {
    pub(super) fn new(
        shared: Arc<Shared>,
        event: Event,
        waits: Waits,
        after: Aftermath,
    ) -> Waiting {
        let (matched, dropped) = (after.matched, after.dropped);
        let published = Published { seq: event.seq(), matched, dropped };
        Waiting { shared, event, waits, after, published }
    }

    /// Wakes, logs and calls observers; to be called with no lock held.
    pub(super) fn settle(mut self) -> Waiting {
        take(&mut self.after).settle();
        self.shared.backlog.drain();
        self
    }

    /// Waits until everybody has taken it or the deadline has passed.
    pub(super) async fn finish(mut self) -> Published {
        if self.waits.ticket.waits() {
            let ticket = self.waits.ticket.clone();
            let taken = poll_fn(|cx| {
                ticket.waker.register(cx.waker());
                if ticket.waits() { Poll::Pending } else { Poll::Ready(()) }
            });
            // What is left at the deadline is taken back, and counted, below.
            let _ = tokio::time::timeout(self.shared.settings.must_deadline, taken).await;
        }
        self.published.dropped += self.take_back();
        self.published
    }

    /// Takes the event back from those that have not taken it, and gives how many these
    /// were.
    fn take_back(&mut self) -> u64 {
        let places = take(&mut self.waits.at);
        if places.is_empty() {
            return 0;
        }
        let mut after = Aftermath::default();
        let now_us = lock(&self.shared.state).now_us();
        let mut late = 0;
        for place in places {
            late += u64::from(place.withdraw(&self.event, now_us, &mut after));
        }
        after.settle();
        late
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        take(&mut self.after).settle();
        self.take_back();
    }
}
