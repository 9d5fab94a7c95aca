//! The worker dies, or stands still.

use std::sync::OnceLock;

use crate::alone;
use crate::rig::{Exchange, Fate, Look, Rig, SPEC, attend, serve};
use crate::stepped::{Stepped, Stop};
use crate::trace::Trace;

/// What a worker is asked: the lengths of the bodies that it echoes, and its way.
struct Script {
    name: &'static str,
    lengths: &'static [usize],
    trace: OnceLock<Option<Trace>>,
}

/// Three small ones, of which each waits in line behind the one before.
static SMALL: Script =
    Script { name: "three small exchanges", lengths: &[40, 0, 200], trace: OnceLock::new() };
/// One that flows through both rings.
static LARGE: Script =
    Script { name: "a body that flows", lengths: &[6000], trace: OnceLock::new() };

/// What is done once the worker stands at an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    /// It is killed.
    Kill,
    /// The hub does everything that it can; then the worker goes on.
    Attend(Look),
    /// Every client leaves; then the worker goes on.
    Abandon,
}

/// The hub's side of a script.
struct Scene {
    rig: Rig,
    exchanges: Vec<Exchange>,
    /// The hub has rung for the worker since the worker last waited.
    rang: bool,
}

impl Scene {
    fn begin(lengths: &[usize]) -> Option<(Scene, Stepped)> {
        let rig = Rig::new();
        let publish = |(number, &length)| Exchange::publish(&rig.hub, number, length).0;
        let exchanges = (0_u8..).zip(lengths).map(publish).collect();
        assert!(rig.hub.prepare_sleep(), "nothing has happened yet");
        let child = Stepped::start(|| serve(&rig.worker, &rig.hub_doorbell))?;
        Some((Scene { rig, exchanges, rang: false }, child))
    }

    /// The worker waits for the hub.
    fn paused(&mut self) {
        self.hub_is_woken();
        self.rang |= attend(&self.rig.hub, &mut self.exchanges, Look::Called);
        assert!(self.rang, "the worker would sleep on");
        self.rang = false;
    }

    /// A hub that sleeps has been woken if there is anything for it.
    fn hub_is_woken(&mut self) {
        let rung = self.rig.hub_doorbell.drain();
        assert!(rung || self.rig.hub.prepare_sleep(), "the hub would sleep on");
    }

    /// Lets the worker run to its end.
    fn finish(&mut self, mut child: Stepped) {
        while child.run() == Stop::Pause {
            self.paused();
        }
        self.hub_is_woken();
        let _ = attend(&self.rig.hub, &mut self.exchanges, Look::Called);
    }

    fn killed(&mut self, child: Stepped) {
        child.kill();
        let hub = &self.rig.hub;
        hub.drain_attention(|_| ());
        let fates: Vec<Fate> = self.exchanges.drain(..).map(|one| one.bury(hub)).collect();
        assert!(fates.is_sorted(), "first in, first out: {fates:?}");
        let lost = fates.iter().filter(|&&fate| fate == Fate::Lost).count() as u32;
        assert!(lost <= 1, "one at a time: {fates:?}");
        let counts = hub.counts();
        assert_eq!((counts.free, counts.abandoned), (SPEC.slots - lost, lost));
    }

    fn attended(&mut self, child: Stepped, look: Look) {
        self.rang |= attend(&self.rig.hub, &mut self.exchanges, look);
        self.finish(child);
        assert!(self.exchanges.iter().all(Exchange::is_over), "all are answered");
        assert_eq!(self.rig.hub.counts().free, SPEC.slots);
    }

    fn abandoned(&mut self, child: Stepped) {
        for exchange in &mut self.exchanges {
            self.rang |= exchange.abandon(&self.rig.hub).doorbell();
        }
        self.finish(child);
        assert_eq!(self.rig.hub.counts().free, SPEC.slots, "every slot has come back");
    }
}

fn record(lengths: &[usize]) -> Option<Trace> {
    let (mut scene, mut child) = Scene::begin(lengths)?;
    let file = scene.rig.file.try_clone().expect("a descriptor");
    let words = scene.rig.words;
    Some(Trace::record(&mut child, &file, words, || scene.paused()))
}

fn everywhere(script: &'static Script, deed: Deed) {
    alone(|| {
        let Some(trace) = script.trace.get_or_init(|| record(script.lengths)) else {
            eprintln!("skipped: processes may not be traced here");
            return;
        };
        trace.try_everywhere(&format!("worker, {}, {deed:?}", script.name), |point| {
            let (mut scene, mut child) = Scene::begin(script.lengths).expect("as before");
            let reached = trace.reach(&mut child, point, || scene.paused());
            if reached {
                match deed {
                    Deed::Kill => scene.killed(child),
                    Deed::Attend(look) => scene.attended(child, look),
                    Deed::Abandon => scene.abandoned(child),
                }
            }
            reached
        });
    });
}

#[test]
fn a_worker_dies_with_small_exchanges() {
    everywhere(&SMALL, Deed::Kill);
}

#[test]
fn a_worker_dies_with_an_exchange_that_flows() {
    everywhere(&LARGE, Deed::Kill);
}

#[test]
fn a_worker_stands_still_while_the_hub_goes_on() {
    everywhere(&SMALL, Deed::Attend(Look::All));
}

#[test]
fn a_worker_stands_still_while_a_body_flows() {
    everywhere(&LARGE, Deed::Attend(Look::All));
}

#[test]
fn a_worker_stands_still_while_every_client_leaves() {
    everywhere(&SMALL, Deed::Abandon);
}

#[test]
fn a_worker_stands_still_in_a_body_while_every_client_leaves() {
    everywhere(&LARGE, Deed::Abandon);
}

#[test]
fn a_worker_stands_still_while_the_hub_goes_by_its_calls() {
    everywhere(&SMALL, Deed::Attend(Look::Called));
}

#[test]
fn a_worker_stands_still_in_a_body_while_the_hub_goes_by_its_calls() {
    everywhere(&LARGE, Deed::Attend(Look::Called));
}
