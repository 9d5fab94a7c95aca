//! Slotway's bus.

use std::sync::Arc;

use bytes::Bytes;
use slotway_hub::bus::{self, Delivery, Draft, Interest, Routed, Subscription};

use super::driver::{Bus, PAYLOAD};

pub(crate) struct Ours {
    bus: bus::Bus,
    payload: Bytes,
    principals: Vec<Arc<str>>,
}

impl Bus for Ours {
    type Plain = Counting;
    type Routed = Counting;

    fn new() -> Ours {
        Ours {
            bus: bus::Bus::default(),
            payload: Bytes::from(vec![b'x'; PAYLOAD]),
            principals: Vec::new(),
        }
    }

    fn plain(&self) -> Counting {
        self.subscribe(Interest::new("#"))
    }

    fn routed(&self, pattern: &str) -> Counting {
        self.subscribe(Interest::new(pattern).routed(Routed::default()))
    }

    fn prepare(&mut self, principals: usize) {
        self.principals = (0..principals).map(|at| format!("principal-{at}").into()).collect();
    }

    fn publish(&self, principal: usize) {
        let draft = Draft::new("bench.0.event")
            .principal(&self.principals[principal])
            .payload(self.payload.clone());
        self.bus.publish(draft).expect("an event as it should be");
    }

    fn take_plain(plain: &mut Counting) -> usize {
        plain.take()
    }

    fn take_routed(routed: &mut Counting) -> usize {
        routed.take()
    }

    async fn next(plain: &mut Counting) {
        plain.subscription.recv().await;
    }
}

/// A subscription with a buffer to receive into.
pub(crate) struct Counting {
    subscription: Subscription,
    buffer: Vec<Delivery>,
}

impl Counting {
    fn take(&mut self) -> usize {
        let mut events = 0;
        while self.subscription.try_recv_many(&mut self.buffer, 1_024, usize::MAX) > 0 {
            let is_event = |delivery: &Delivery| matches!(delivery, Delivery::Event(_));
            events += self.buffer.drain(..).filter(is_event).count();
        }
        events
    }
}

impl Ours {
    fn subscribe(&self, interest: Interest) -> Counting {
        let subscription = self.bus.subscribe(interest).expect("a pattern as it should be");
        Counting { subscription, buffer: Vec::new() }
    }
}
