//! The hub dies, or stands still. Its worker learns of a death by the control socket; until
//! then what it finds in the region must make it neither panic nor hang, and nothing that
//! it claims may be half a request.

use std::sync::OnceLock;

use crate::alone;
use crate::rig::{EventLoop, Exchange, Look, Rig, SPEC, attend};
use crate::stepped::{Stepped, Stop, pause};
use crate::trace::Trace;

/// Bodies that the hub sends, one that fits its slot and one that flows.
const LENGTHS: [usize; 2] = [40, 6000];

/// What the hub does with its exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// It sees them through.
    Stay,
    /// It gives up on them when it has waited once.
    Leave,
}

/// What is done once the hub stands at an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    /// It is killed.
    Kill,
    /// The worker does everything that it can; then the hub goes on.
    Serve,
}

/// The hub's part, in a process of its own. It waits by [`pause`].
fn exchanges(rig: &Rig, manner: Manner) {
    let hub = &rig.hub;
    let ring = |rang: bool| {
        if rang {
            rig.worker_doorbell.ring();
        }
    };
    let mut exchanges = [(0, LENGTHS[0]), (1, LENGTHS[1])].map(|(number, length)| {
        let (exchange, rung) = Exchange::publish(hub, number, length);
        ring(rung.doorbell());
        exchange
    });
    let mut rested = false;
    loop {
        if rested && manner == Manner::Leave {
            for exchange in &mut exchanges {
                ring(exchange.abandon(hub).doorbell());
            }
        }
        ring(attend(hub, &mut exchanges, Look::Called));
        if hub.counts().free == SPEC.slots {
            return;
        }
        rested = true;
        pause();
    }
}

/// The worker's side.
struct Scene<'r> {
    rig: &'r Rig,
    worker: EventLoop,
    /// The worker has rung for the hub since the hub last waited.
    rang: bool,
}

impl<'r> Scene<'r> {
    fn begin(rig: &'r Rig, manner: Manner) -> Option<(Scene<'r>, Stepped)> {
        let mut scene = Scene { rig, worker: EventLoop::default(), rang: false };
        scene.serve();
        let child = Stepped::start(|| exchanges(rig, manner))?;
        Some((scene, child))
    }

    fn serve(&mut self) {
        self.rang |= self.worker.turn(&self.rig.worker);
    }

    /// The hub waits for the worker.
    fn paused(&mut self) {
        let rung = self.rig.worker_doorbell.drain();
        assert!(rung || self.rig.worker.arm(), "the worker would sleep on");
        self.serve();
        assert!(self.rang, "the hub would sleep on");
        self.rang = false;
    }
}

fn everywhere(trace: &'static OnceLock<Option<Trace>>, manner: Manner, deed: Deed) {
    alone(|| {
        let record = || {
            let rig = Rig::new();
            let (mut scene, mut child) = Scene::begin(&rig, manner)?;
            Some(Trace::record(&mut child, &rig.file, rig.words, || scene.paused()))
        };
        let Some(trace) = trace.get_or_init(record) else {
            eprintln!("skipped: processes may not be traced here");
            return;
        };
        trace.try_everywhere(&format!("hub, {manner:?}, {deed:?}"), |point| {
            let rig = Rig::new();
            let (mut scene, mut child) = Scene::begin(&rig, manner).expect("as before");
            if !trace.reach(&mut child, point, || scene.paused()) {
                return false;
            }
            if deed == Deed::Kill {
                child.kill();
                scene.serve();
            } else {
                scene.serve();
                // It checks its answers itself.
                while child.run() == Stop::Pause {
                    scene.paused();
                }
                scene.serve();
            }
            let claimed = scene.worker.bury(&rig.worker);
            assert!(claimed <= LENGTHS.len(), "{claimed} exchanges out of two");
            assert!(rig.worker.claim().is_none(), "each is claimed once");
            true
        });
    });
}

static STAY: OnceLock<Option<Trace>> = OnceLock::new();
static LEAVE: OnceLock<Option<Trace>> = OnceLock::new();

#[test]
fn a_hub_dies_with_exchanges_under_way() {
    everywhere(&STAY, Manner::Stay, Deed::Kill);
}

#[test]
fn a_hub_stands_still_while_the_worker_goes_on() {
    everywhere(&STAY, Manner::Stay, Deed::Serve);
}

#[test]
fn a_hub_dies_while_it_gives_up() {
    everywhere(&LEAVE, Manner::Leave, Deed::Kill);
}

#[test]
fn a_hub_stands_still_while_it_gives_up() {
    everywhere(&LEAVE, Manner::Leave, Deed::Serve);
}
