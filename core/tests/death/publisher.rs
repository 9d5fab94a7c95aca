//! A worker dies, or stands still, while it publishes events.

use core::cell::RefCell;
use std::fs::File;
use std::sync::{Arc, OnceLock};

use slotway_core::hub::{HubSide, Lease};
use slotway_core::map::{Doorbell, Mapping};
use slotway_core::record::{self, FromWorker, Publish};
use slotway_core::worker::WorkerSide;
use slotway_core::{EventRings, RegionRef, Watch};

use crate::alone;
use crate::rig::{Hub, SPEC, Worker};
use crate::stepped::{Stepped, Stop, pause};
use crate::trace::Trace;

/// Payloads; the last does not fit the ring beside the others.
const LENGTHS: [usize; 4] = [40, 700, 2900, 900];
static BYTES: [u8; 4096] = [7; 4096];

fn event(number: usize) -> Publish<'static> {
    let payload = &BYTES[..LENGTHS[number]];
    Publish { topic: "a.b", kind: "t", payload, ticket: number as u32, ..Publish::default() }
}

/// Both sides, and what the hub has taken.
struct Scene {
    hub: Hub,
    worker: Worker,
    hub_doorbell: Doorbell,
    file: File,
    words: usize,
    taken: RefCell<Vec<u8>>,
}

impl Scene {
    fn begin() -> Option<(Scene, Stepped)> {
        let rings = EventRings { outbox_bytes: 4096, inbox_bytes: 4096 };
        let theirs = Mapping::create_with_events(SPEC, Some(rings)).expect("a small region");
        theirs.reserve_outbox().expect("memory");
        let file = theirs.fd().try_clone_to_owned().expect("a descriptor").into();
        let ours = theirs.fd().try_clone_to_owned().expect("a descriptor");
        let ours = Mapping::open(ours).expect("what was just created");
        // Up to the last word of the lanes; the rings come behind.
        let words = theirs.region().layout().header().inbox as usize + 512;
        let leases = (0..SPEC.slots).map(|_| Lease::default()).collect();
        let scene = Scene {
            hub: HubSide::new(Arc::new(theirs), leases),
            worker: WorkerSide::new(Arc::new(ours)),
            hub_doorbell: Doorbell::new().expect("a descriptor"),
            file,
            words,
            taken: RefCell::default(),
        };
        assert_eq!(scene.hub.watch_outbox(), Watch::Armed);
        assert!(scene.hub.prepare_sleep(), "nothing has happened yet");
        let child = Stepped::start(|| scene.publish())?;
        Some((scene, child))
    }

    /// The worker's part, in a process of its own.
    fn publish(&self) {
        for number in 0..LENGTHS.len() {
            let event = event(number);
            let length = event.length().expect("short");
            let space = loop {
                let space = self.worker.outbox_space();
                if space.room() >= length {
                    break space;
                }
                if self.worker.watch_outbox() == Watch::Armed {
                    pause();
                }
            };
            let mut space = space;
            event.encode(|piece| space.put(piece)).expect("short");
            if self.worker.publish_outbox(space).needed() {
                self.hub_doorbell.ring();
            }
        }
    }

    /// The hub takes what there is.
    fn drain(&self) {
        let mut piece = [0; 4096];
        let mut taken = self.taken.borrow_mut();
        loop {
            let count = self.hub.read_outbox(&mut piece).expect("an honest worker");
            taken.extend_from_slice(&piece[..count]);
            if count == 0 {
                break;
            }
            let _ = self.hub.tell_outbox();
        }
    }

    /// A hub that sleeps was called, if there is anything for it.
    fn attend(&self) {
        let rung = self.hub_doorbell.drain();
        assert!(rung || self.hub.prepare_sleep(), "the hub would sleep on");
        loop {
            self.hub.drain_attention(|slot| panic!("slot {slot} of nobody"));
            self.drain();
            while self.hub.watch_outbox() == Watch::LookAgain {
                self.drain();
            }
            if self.hub.prepare_sleep() {
                return;
            }
        }
    }

    /// What was taken are whole events in order; gives how many.
    fn whole(&self) -> usize {
        let taken = self.taken.borrow();
        let (mut at, mut count) = (0, 0);
        while at < taken.len() {
            let record = record::first(&taken[at..]).expect("records").expect("whole ones");
            assert_eq!(FromWorker::parse(record), Ok(FromWorker::Publish(event(count))));
            at += record.len();
            count += 1;
        }
        count
    }
}

fn everywhere(kill: bool) {
    static TRACE: OnceLock<Option<Trace>> = OnceLock::new();
    alone(|| {
        let record = || {
            let (scene, mut child) = Scene::begin()?;
            let file = scene.file.try_clone().expect("a descriptor");
            Some(Trace::record(&mut child, &file, scene.words, || scene.attend()))
        };
        let Some(trace) = TRACE.get_or_init(record) else {
            eprintln!("skipped: processes may not be traced here");
            return;
        };
        trace.try_everywhere(&format!("publisher, killed: {kill}"), |point| {
            let (scene, mut child) = Scene::begin().expect("as before");
            if !trace.reach(&mut child, point, || scene.attend()) {
                return false;
            }
            if kill {
                child.kill();
                scene.drain();
                assert!(scene.whole() <= LENGTHS.len());
            } else {
                // Uncalled: the worker may stand between raising the bit and ringing.
                scene.drain();
                scene.whole();
                while child.run() == Stop::Pause {
                    scene.attend();
                }
                scene.attend();
                assert_eq!(scene.whole(), LENGTHS.len(), "nothing is lost");
            }
            true
        });
    });
}

#[test]
fn a_publisher_dies_at_any_instruction() {
    everywhere(true);
}

#[test]
fn a_publisher_stands_still_while_the_hub_goes_on() {
    everywhere(false);
}
