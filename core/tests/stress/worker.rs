//! The worker's threads and its event loop. Both send the complement of every byte back.

use rustix::event::{PollFd, PollFlags, poll};
use slotway_core::head::RequestHead;
use slotway_core::worker::{Claim, Spin};
use slotway_core::{End, Watch};

use crate::{Rig, SPEC, Tally, byte};

/// One exchange and how far its answer is.
struct Work {
    claim: Claim,
    length: usize,
    read: usize,
    /// Bytes that are read and not written yet.
    rest: Vec<u8>,
    end: End,
}

/// What a step came to.
#[derive(PartialEq)]
enum Step {
    /// Something was read or written.
    Moved,
    /// There is neither more to read nor room to write.
    Stuck,
    /// Everything is written, or nobody wants it.
    Over(End),
}

impl Work {
    fn claim(rig: &Rig) -> Option<Work> {
        let claim = rig.worker.claim()?;
        Tally::add(&rig.tally.claimed, 1);
        let head = RequestHead::parse(rig.worker.request_head(&claim)).expect("the hub's");
        let path = core::str::from_utf8(head.path()).expect("the hub's");
        let mut numbers = path.split('/').skip(1).map(|word| word.parse().expect("a number"));
        let mut next = || -> usize { numbers.next().expect("three numbers") };
        let (slot, generation, length) = (next(), next(), next());
        assert_eq!(
            (claim.slot() as usize, claim.generation() as usize),
            (slot, generation),
            "another exchange's head"
        );
        let generation = claim.generation().to_le_bytes();
        rig.worker
            .encode_head(&claim, 200, None, |head| head.header(b"generation", &generation))
            .expect("it fits");
        Some(Work { claim, length, read: 0, rest: Vec::new(), end: End::Open })
    }

    fn step(&mut self, rig: &Rig) -> Step {
        if rig.worker.cancelled(&self.claim) {
            return Step::Over(End::Aborted);
        }
        if !self.rest.is_empty() {
            let count = rig.worker.write_response(&self.claim, &self.rest);
            self.rest.drain(..count);
            rig.wake(rig.worker.announce(&self.claim));
            return if count > 0 { Step::Moved } else { Step::Stuck };
        }
        if self.end != End::Open {
            assert_eq!((self.read, self.end), (self.length, End::Finished));
            return Step::Over(End::Finished);
        }
        let mut piece = [0; 700];
        let (count, end, wake) = rig.worker.read_request(&self.claim, &mut piece);
        rig.wake(wake);
        let (slot, generation) = (self.claim.slot(), self.claim.generation());
        for (position, &found) in (self.read..).zip(&piece[..count]) {
            assert_eq!(found, byte(slot, generation, position), "another exchange's byte");
        }
        self.read += count;
        self.end = end;
        self.rest.extend(piece[..count].iter().map(|byte| !byte));
        if count > 0 || end != End::Open { Step::Moved } else { Step::Stuck }
    }

    fn finish(self, rig: &Rig, end: End) {
        // Before the hub can see the end, and count it.
        Tally::add(&rig.tally.completed, 1);
        let wake = match end {
            End::Aborted => rig.worker.abort(self.claim),
            End::Open | End::Finished => rig.worker.finish(self.claim),
        };
        rig.wake(wake);
    }
}

/// A thread that sleeps on the bell, and on an exchange's streams.
pub(crate) fn thread(rig: &Rig, spin: u32) {
    let mut spin = Spin::new(spin);
    loop {
        let Some(mut work) = Work::claim(rig) else {
            if rig.is_over() {
                return;
            }
            let _ = rig.worker.wait(&mut spin, None, || rig.is_over());
            continue;
        };
        let end = loop {
            match work.step(rig) {
                Step::Moved => {}
                Step::Over(end) => break end,
                // A cancellation ends both waits.
                Step::Stuck if work.rest.is_empty() => {
                    rig.worker.park_request(&work.claim, None);
                }
                Step::Stuck => {
                    rig.worker.park_response(&work.claim, None);
                }
            }
        };
        work.finish(rig, end);
    }
}

/// A loop that polls its doorbell, with many exchanges in hand.
pub(crate) fn event_loop(rig: &Rig) {
    let mut hand: Vec<Option<Work>> = (0..SPEC.slots).map(|_| None).collect();
    loop {
        while let Some(work) = Work::claim(rig) {
            let slot = work.claim.slot() as usize;
            assert!(hand[slot].is_none(), "claimed twice");
            hand[slot] = Some(work);
            advance(rig, &mut hand[slot]);
        }
        let mut noticed = Vec::new();
        rig.worker.take_notices(|slot| noticed.push(slot as usize));
        for slot in noticed {
            advance(rig, &mut hand[slot]);
        }
        if rig.is_over() && hand.iter().all(Option::is_none) {
            return;
        }
        if rig.worker.arm() {
            let mut fds = [PollFd::new(&rig.loop_bell, PollFlags::IN)];
            poll(&mut fds, None).expect("polling");
            rig.loop_bell.drain();
        }
    }
}

/// Goes on with an exchange until it waits for the hub.
fn advance(rig: &Rig, place: &mut Option<Work>) {
    while let Some(work) = place {
        match work.step(rig) {
            Step::Moved => {}
            Step::Over(end) => {
                if let Some(work) = place.take() {
                    work.finish(rig, end);
                }
            }
            Step::Stuck => {
                let claim = &work.claim;
                let watched = match work.rest.is_empty() {
                    true => rig.worker.watch_request(claim),
                    false => rig.worker.watch_response(claim),
                };
                if watched == Watch::Armed && !rig.worker.cancelled(claim) {
                    return;
                }
            }
        }
    }
}
