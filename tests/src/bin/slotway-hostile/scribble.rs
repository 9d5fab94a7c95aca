//! A region whose words say what they like.

use std::time::Duration;

use slotway_core::worker::Claim;
use slotway_tests::Rng;
use slotway_tests::raw::{RawRegion, RawWorker};

/// Where things lie, learned before the header is spoilt.
struct Places {
    /// Bells, queue and maps: from here to the first slot.
    words: u64,
    slots: u64,
    /// The first payload.
    payloads: u64,
    length: u64,
    count: u64,
}

impl Places {
    fn of(region: &RawRegion) -> Places {
        let count = region.slots();
        Places {
            words: 4096,
            slots: region.slot(0),
            payloads: region.slot(count),
            length: region.length(),
            count: count.into(),
        }
    }
}

fn put(region: &RawRegion, at: u64, value: u32) {
    region.write(at, &value.to_le_bytes());
}

/// One stroke somewhere.
fn stroke(region: &RawRegion, places: &Places, rng: &mut Rng) {
    let slot = places.slots + rng.below(places.count) * 256;
    // The words that slots use: four lines.
    let in_slot = [0, 4, 8, 16, 20, 24, 64, 68, 72, 76, 128, 132, 192, 196, 200];
    let word = slot + in_slot[rng.below(in_slot.len() as u64) as usize];
    let at = match rng.below(8) {
        0 => places.words + rng.below((places.slots - places.words) / 4) * 4,
        1 => rng.below(64) * 4,
        2 => places.payloads + rng.below((places.length - places.payloads) / 4) * 4,
        _ => word,
    };
    let now = region.u32(at.min(places.length - 8));
    let value = match rng.below(12) {
        0 => rng.next_u64() as u32,
        1 => now ^ 1 << rng.below(32),
        // A state, a flag, and a generation nearby.
        2 => now & !0b1111 | rng.below(16) as u32,
        3 => now.wrapping_add(16),
        4 => now.wrapping_sub(16),
        // A position that runs backwards, or far ahead.
        5 => now.wrapping_sub(rng.below(5000) as u32),
        6 => now.wrapping_add(rng.below(100_000) as u32),
        7 => u32::MAX,
        8 => 1 << 31,
        9 => rng.below(9) as u32,
        // A neighbour's.
        10 => region.u32(places.slots + rng.below(places.count) * 256),
        _ => 65_536 + rng.below(3) as u32 - 1,
    };
    put(region, at.min(places.length - 4), value);
}

/// Strokes, between and inside answers if it is half honest. Gives whether the hub ended
/// the connection.
pub(super) fn scribble(worker: &mut RawWorker, rng: &mut Rng, honest: bool) -> bool {
    let places = Places::of(&worker.region);
    let attention = worker.region.attention();
    let rounds = rng.below(60) + 1;
    for _ in 0..rounds {
        if honest && let Some(claim) = worker.claim_within(Duration::from_millis(20)) {
            half_answer(worker, claim, &places, rng);
        }
        // Half honest lives are to last a while.
        let strokes = if honest { u64::from(rng.below(6) == 0) } else { 1 + rng.below(20) };
        for _ in 0..strokes {
            stroke(&worker.region, &places, rng);
        }
        if is_ended_by(worker, attention) {
            return true;
        }
    }
    settle(worker)
}

/// An answer that may be disturbed at any place.
fn half_answer(worker: &RawWorker, claim: Claim, places: &Places, rng: &mut Rng) {
    let mut disturb = || {
        if rng.below(10) == 0 {
            stroke(&worker.region, places, rng);
        }
    };
    disturb();
    let _ = worker.side.read_request(&claim, &mut [0; 10_000]);
    disturb();
    let header = |head: &mut slotway_core::head::ResponseEncoder<'_>| head.header(b"x-a", b"b");
    let _ = worker.side.encode_head(&claim, 200, None, header);
    worker.wake(worker.side.announce(&claim));
    disturb();
    let _ = worker.side.write_response(&claim, &[b'h'; 30_000]);
    worker.wake(worker.side.announce(&claim));
    disturb();
    worker.wake(worker.side.finish(claim));
}

/// Calls the hub to every slot, by the attention map's place as it was before anything was
/// spoilt. `true`: the hub has ended the connection.
fn is_ended_by(worker: &mut RawWorker, attention: u64) -> bool {
    put(&worker.region, attention + 128, u32::MAX);
    put(&worker.region, attention, u32::MAX);
    worker.ring_hub();
    worker.control.is_ended()
}

/// Takes memory away while exchanges are under way.
pub(super) fn punch(worker: &mut RawWorker, rng: &mut Rng) -> bool {
    let places = Places::of(&worker.region);
    let attention = worker.region.attention();
    for _ in 0..rng.below(20) + 1 {
        let claim = worker.claim_within(Duration::from_millis(10));
        let (at, length) = match rng.below(3) {
            0 => (0, places.length),
            1 => (places.payloads, places.length - places.payloads),
            _ => {
                let at = rng.below(places.length / 4096) * 4096;
                (at, (rng.below(64) + 1) * 4096)
            }
        };
        let _ = worker.region.punch(at, length);
        if let Some(claim) = claim {
            half_answer(worker, claim, &places, rng);
        }
        if is_ended_by(worker, attention) {
            return true;
        }
    }
    settle(worker)
}

/// Calls for attention as fast as it can, for a while.
pub(super) fn ring(worker: &mut RawWorker, rng: &mut Rng) -> bool {
    let attention = worker.region.attention();
    for _ in 0..rng.below(20_000) {
        put(&worker.region, attention + 128, u32::MAX);
        put(&worker.region, attention, u32::MAX);
        worker.ring_hub();
    }
    settle(worker)
}

/// Waits a moment for the hub's judgement.
fn settle(worker: &mut RawWorker) -> bool {
    for _ in 0..10 {
        if worker.control.is_ended() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}
