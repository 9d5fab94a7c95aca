//! Lossy subscriptions beside a model that is too simple to be wrong: whatever is published,
//! read, joined and left, each sees what a queue of its own would give it.

use std::task::{Context, Waker};

use proptest::prelude::*;
use slotway_hub::bus::{
    Bus, Delivery, Draft, EVENT_OVERHEAD, Interest, Lossy, Overflow, Subscription,
};

#[derive(Debug, Clone)]
enum Step {
    Publish {
        topic: usize,
        principal: bool,
        payload: usize,
    },
    /// By a publisher that does not wait.
    PublishMust {
        topic: usize,
        payload: usize,
    },
    Read {
        who: usize,
        count: usize,
    },
    Join {
        pattern: usize,
        capacity: usize,
        bytes: usize,
        newest: bool,
    },
    Leave {
        who: usize,
    },
}

const TOPICS: [&str; 2] = ["a.b", "a.c"];
const PATTERNS: [&str; 3] = ["a.b", "a.*", "#"];
/// Payloads of events, and what a subscriber may have unread. Each event counts for 64 bytes
/// and the 7 of its type besides, so the largest are too large for some subscribers.
const PAYLOADS: [usize; 4] = [0, 30, 200, 500];
const BYTES: [usize; 4] = [1 << 20, 300, 600, 71];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..2usize, any::<bool>(), 0..4usize)
            .prop_map(|(topic, principal, payload)| Step::Publish { topic, principal, payload }),
        2 => (0..2usize, 0..4usize)
            .prop_map(|(topic, payload)| Step::PublishMust { topic, payload }),
        4 => (0..8usize, 1..6usize).prop_map(|(who, count)| Step::Read { who, count }),
        1 => (0..3usize, 1..6usize, 0..4usize, any::<bool>()).prop_map(
            |(pattern, capacity, bytes, newest)| Step::Join { pattern, capacity, bytes, newest },
        ),
        1 => (0..8usize).prop_map(|who| Step::Leave { who }),
    ]
}

#[derive(Debug, Clone, PartialEq)]
enum Item {
    Event { seq: u64, must: bool, principal: bool, size: usize },
    Gap(u64),
}

/// One subscription and what it has to give.
struct Model {
    real: Subscription,
    pattern: usize,
    capacity: usize,
    bytes: usize,
    newest: bool,
    items: Vec<Item>,
    matched: u64,
    delivered: u64,
    dropped: u64,
    dropped_of_principals: u64,
}

impl Model {
    fn wants(&self, topic: usize) -> bool {
        self.pattern > 0 || topic == 0
    }

    fn queued(&self) -> usize {
        self.items.iter().filter(|item| matches!(item, Item::Event { .. })).count()
    }

    /// Bytes that are queued, or of these what may not be lost.
    fn queued_bytes(&self, only_must: bool) -> usize {
        let bytes = |item: &Item| match item {
            Item::Event { must, size, .. } if *must || !only_must => *size,
            _ => 0,
        };
        self.items.iter().map(bytes).sum()
    }

    fn publish(&mut self, event: Item, must: bool) {
        let Item::Event { size, .. } = event else { unreachable!() };
        self.matched += 1;
        let never = self.queued_bytes(true) + size > self.bytes;
        self.items.push(event);
        while self.queued() > self.capacity || self.queued_bytes(false) > self.bytes {
            let last = self.items.len() - 1;
            let oldest =
                self.items.iter().position(|item| matches!(item, Item::Event { must: false, .. }));
            let itself = must || self.newest || never;
            let lost = if itself { last } else { oldest.unwrap_or(last) };
            self.lose(lost);
            if lost == last {
                break;
            }
        }
        self.merge();
    }

    fn lose(&mut self, lost: usize) {
        let Item::Event { principal, .. } = self.items[lost] else { unreachable!() };
        self.dropped += 1;
        self.dropped_of_principals += u64::from(principal);
        self.items[lost] = Item::Gap(1);
    }

    /// What was lost one after another is one gap.
    fn merge(&mut self) {
        let mut merged: Vec<Item> = Vec::new();
        for item in self.items.drain(..) {
            match (merged.last_mut(), &item) {
                (Some(Item::Gap(before)), Item::Gap(count)) => *before += count,
                _ => merged.push(item),
            }
        }
        self.items = merged;
    }

    fn read(&mut self, count: usize) {
        for _ in 0..count {
            let expected = (!self.items.is_empty()).then(|| self.items.remove(0));
            let got = self.real.try_recv().ok().map(|delivery| match delivery {
                Delivery::Event(event) => Item::Event {
                    seq: event.seq(),
                    must: event.is_must(),
                    principal: event.principal().is_some(),
                    size: event.size(),
                },
                Delivery::Gap { missed, .. } => Item::Gap(missed.count()),
            });
            assert_eq!(got, expected);
            self.delivered += u64::from(matches!(got, Some(Item::Event { .. })));
        }
    }

    fn check(&self) {
        let tally = self.real.tally();
        assert_eq!(tally.matched(), self.matched);
        assert_eq!(tally.delivered(), self.delivered);
        assert_eq!(tally.dropped(), self.dropped);
        assert_eq!(tally.dropped_of_principals, self.dropped_of_principals);
        assert_eq!(self.real.queued(), self.queued());
    }
}

fn size(payload: usize) -> usize {
    EVENT_OVERHEAD + "message".len() + PAYLOADS[payload]
}

proptest! {
    // A failure prints its steps; there is no file to keep them in beside a test.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn b01_b03_every_subscriber_has_what_its_own_queue_would_give(
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _guard = runtime.enter();
        let bus = Bus::default();
        let mut models: Vec<Model> = Vec::new();
        let mut gone = (0, 0);
        for step in steps {
            match step {
                Step::Publish { topic, principal, payload } => {
                    let mut draft = Draft::new(TOPICS[topic]).payload(vec![0; PAYLOADS[payload]]);
                    if principal {
                        draft = draft.principal("p");
                    }
                    let seq = bus.publish(draft).unwrap().seq;
                    for model in models.iter_mut().filter(|model| model.wants(topic)) {
                        let size = size(payload);
                        model.publish(Item::Event { seq, must: false, principal, size }, false);
                    }
                }
                Step::PublishMust { topic, payload } => {
                    let seq = bus.last_seq() + 1;
                    let draft = Draft::new(TOPICS[topic]).payload(vec![0; PAYLOADS[payload]]);
                    let mut publish = Box::pin(bus.publish_must(draft));
                    let _ = publish.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                    drop(publish);
                    for model in models.iter_mut().filter(|model| model.wants(topic)) {
                        let (principal, size) = (false, size(payload));
                        model.publish(Item::Event { seq, must: true, principal, size }, true);
                    }
                }
                Step::Read { who, count } => {
                    if let Some(model) = models.get_mut(who) {
                        model.read(count);
                    }
                }
                Step::Join { pattern, capacity, bytes, newest } if models.len() < 8 => {
                    let bytes = BYTES[bytes];
                    let overflow = if newest { Overflow::Newest } else { Overflow::Oldest };
                    let interest = Interest::new(PATTERNS[pattern]);
                    let lossy = Lossy { capacity, bytes, overflow };
                    let real = bus.subscribe(interest.lossy(lossy)).unwrap();
                    models.push(Model {
                        real,
                        pattern,
                        capacity,
                        bytes,
                        newest,
                        items: Vec::new(),
                        matched: 0,
                        delivered: 0,
                        dropped: 0,
                        dropped_of_principals: 0,
                    });
                }
                Step::Join { .. } => {}
                Step::Leave { who } if who < models.len() => {
                    let model = models.remove(who);
                    let left = model.queued() as u64;
                    let tally = model.real.close();
                    assert_eq!(tally.dropped(), model.dropped + left);
                    gone.0 += tally.matched();
                    gone.1 += tally.dropped();
                }
                Step::Leave { .. } => {}
            }
            models.iter().for_each(Model::check);
        }
        let total = bus.snapshot().total;
        let matched: u64 = models.iter().map(|model| model.matched).sum();
        let dropped: u64 = models.iter().map(|model| model.dropped).sum();
        prop_assert_eq!((total.matched(), total.dropped()), (gone.0 + matched, gone.1 + dropped));
        for model in &mut models {
            model.read(10);
            model.check();
        }
    }
}
