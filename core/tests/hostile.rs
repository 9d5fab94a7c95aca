//! A worker that writes what it likes into every word of a region: the hub does not panic,
//! does not hang, and never hands out a slot that is in use.

use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use proptest::prelude::*;
use slotway_core::head::RequestLine;
use slotway_core::hub::{Abandoned, HubSide, Lease, NotEnded, Progress, Ticket};
use slotway_core::map::Mapping;
use slotway_core::worker::WorkerSide;
use slotway_core::{End, EventRings, RegionRef, RegionSpec};

const SPEC: RegionSpec =
    RegionSpec { slots: 3, head_bytes: 4096, request_bytes: 4096, response_bytes: 4096 };

const RINGS: EventRings = EventRings { outbox_bytes: 4096, inbox_bytes: 4096 };

type Hub = HubSide<Arc<Mapping>, Box<[Lease]>>;

/// What a hostile worker has: the region's file, and where its words lie.
struct Hostile {
    file: File,
    words: Vec<u64>,
}

impl Hostile {
    fn new(mapping: &Mapping) -> Hostile {
        let header = mapping.region().layout().header();
        let mut words = Vec::new();
        let mut add = |range: Range<u64>| words.extend(range.step_by(4));
        header.spoken().for_each(&mut add);
        for slot in 0..u64::from(header.slots) {
            let response_head = header.payloads + slot * header.payload_stride + 4096;
            add(response_head..response_head + 16);
        }
        let fd = mapping.fd().try_clone_to_owned().expect("a descriptor");
        Hostile { file: File::from(fd), words }
    }

    fn write(&self, which: usize, value: u32) {
        let offset = self.words[which % self.words.len()];
        self.file.write_all_at(&value.to_le_bytes(), offset).expect("a sealed file is writable");
    }
}

fn hub() -> (Hub, Hostile, WorkerSide<Arc<Mapping>>) {
    let mapping = Mapping::create_with_events(SPEC, Some(RINGS)).expect("a small region");
    let mapping = Arc::new(mapping);
    let hostile = Hostile::new(&mapping);
    let leases = (0..SPEC.slots).map(|_| Lease::default()).collect();
    (HubSide::new(Arc::clone(&mapping), leases), hostile, WorkerSide::new(mapping))
}

/// Everything that a hub does with an exchange but end it. What it reads stays in bounds.
fn use_exchange(hub: &Hub, ticket: &mut Ticket, step: u8) {
    match step % 10 {
        0 if !ticket.is_published() => {
            hub.encode_head(ticket, &RequestLine::default(), |_| Ok(())).expect("it fits");
        }
        1 if !ticket.is_published() => drop(hub.publish(ticket).map(|rung| rung.doorbell())),
        2 => drop(hub.write_body(ticket, &[7; 3000]).map(|(count, _)| assert!(count <= 3000))),
        3 => drop(hub.end_body(ticket, End::Finished)),
        4 => {
            if let Ok(Progress::Answering { head_length } | Progress::Done { head_length }) =
                hub.progress(ticket)
            {
                assert!(head_length <= SPEC.head_bytes);
                hub.copy_head(ticket, &mut vec![0; head_length as usize]);
            }
        }
        5 => drop(hub.readable(ticket).map(|found| assert!(found.length <= 4096))),
        6 => {
            let mut into = [0; 3000];
            let _ = hub.read_body(ticket, &mut into).map(|count| assert!(count <= into.len()));
        }
        7 => drop((hub.watch_response(ticket), hub.watch_request(ticket))),
        8 => drop(hub.tell_room(ticket)),
        9 => drop(hub.cancel(ticket)),
        _ => {}
    }
}

/// Everything that a hub does with outbox and inbox. What it reads and writes stays in bounds.
fn use_events(hub: &Hub, step: u8) {
    match step % 4 {
        0 => {
            let mut into = [0; 3000];
            let _ = hub.read_outbox(&mut into).map(|count| assert!(count <= into.len()));
        }
        1 => drop((hub.watch_outbox(), hub.tell_outbox())),
        2 => drop(hub.inbox_space().map(|mut space| {
            assert!(space.room() <= space.capacity());
            space.put(&[7; 3000][..space.room().min(3000)]);
            hub.publish_inbox(space)
        })),
        _ => drop(hub.watch_inbox()),
    }
}

/// What is said of a word holds: one that is queued can be taken back, one that is done can
/// be released. A hub that looks again when it cannot would look for ever.
#[test]
fn what_a_word_says_can_be_acted_on() {
    for bits in 0..16 {
        let (hub, hostile, _worker) = hub();
        let mut ticket = hub.acquire().expect("a fresh region").expect("a free slot");
        let _ = hub.publish(&mut ticket).expect("room in the queue");
        let header = hub.get_ref().region().layout().header();
        let at = header.slot_headers + u64::from(ticket.slot()) * header.slot_header_stride;
        let word = ticket.generation() << 4 | bits;
        hostile.file.write_all_at(&word.to_le_bytes(), at).expect("a sealed file is writable");
        let acted = match hub.progress(&ticket) {
            Ok(Progress::Queued) => hub.withdraw(ticket).is_ok(),
            Ok(Progress::Done { .. }) => hub.release(ticket).is_ok(),
            Ok(Progress::Claimed | Progress::Answering { .. }) => hub.abandon(ticket).is_ok(),
            Err(_) => true,
        };
        assert!(acted, "a word of {bits:#06b}");
    }
}

/// Ends an exchange in one of four ways; gives it back if it cannot end that way, and
/// otherwise says whether its slot may come back.
fn end_exchange(hub: &Hub, ticket: Ticket, step: u8) -> Result<bool, Ticket> {
    let ended = match step % 4 {
        0 if !ticket.is_published() => return Ok(hub.discard(ticket).is_ok()),
        1 if ticket.is_published() => hub.withdraw(ticket),
        2 if ticket.is_published() => hub.release(ticket),
        _ => match hub.abandon(ticket) {
            Ok(Abandoned::Freed | Abandoned::Pending(_)) => return Ok(true),
            Err(_) => return Ok(false),
        },
    };
    match ended {
        Ok(()) => Ok(true),
        Err(NotEnded::Violated(_)) => Ok(false),
        Err(NotEnded::Busy(ticket)) => Err(ticket),
    }
}

/// Values that mean something in one word or another.
fn value() -> impl Strategy<Value = u32> {
    prop_oneof![
        0..=8_u32,
        (0..=4_u32, 0..=5_u32, any::<bool>())
            .prop_map(|(state, generation, flag)| state | u32::from(flag) << 3 | generation << 4),
        4090..=4100_u32,
        Just(u32::MAX),
        Just(1 << 31),
        any::<u32>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_step_after_another(steps in prop::collection::vec((any::<u8>(), any::<usize>(), value()), 1..120)) {
        let (hub, hostile, worker) = hub();
        let mut held: Vec<Ticket> = Vec::new();
        // Slots whose exchange was abandoned and that were not seen to come back.
        let mut abandoned: HashSet<u32> = HashSet::new();
        let mut claims = Vec::new();
        for (step, which, value) in steps {
            let at = if held.is_empty() { None } else { Some(which % held.len()) };
            match (step % 8, at) {
                (0 | 1, _) => hostile.write(which, value),
                (2, _) => {
                    if let Ok(Some(ticket)) = hub.acquire() {
                        let slot = ticket.slot();
                        prop_assert!(slot < SPEC.slots);
                        prop_assert!(held.iter().all(|other| other.slot() != slot), "in use");
                        prop_assert!(!abandoned.contains(&slot), "in use");
                        held.push(ticket);
                    }
                }
                (3, _) => {
                    let mut seen = Vec::new();
                    hub.drain_attention(|slot| seen.push(slot));
                    for slot in seen {
                        prop_assert!(slot < SPEC.slots);
                        if hub.reap(slot) == Ok(true) {
                            prop_assert!(abandoned.remove(&slot), "nobody abandoned it");
                        }
                    }
                    let _ = hub.prepare_sleep();
                }
                (4, _) if step >= 128 => use_events(&hub, step / 8),
                (4, _) => claims.extend(worker.claim()),
                (5, _) => drop(claims.pop().map(|claim| worker.finish(claim))),
                (6, Some(at)) => {
                    let ticket = held.swap_remove(at);
                    let (slot, free) = (ticket.slot(), hub.counts().free);
                    match end_exchange(&hub, ticket, step / 8) {
                        Err(ticket) => held.push(ticket),
                        Ok(_) if hub.counts().free == free => drop(abandoned.insert(slot)),
                        Ok(_) => {}
                    }
                }
                (_, Some(at)) => use_exchange(&hub, &mut held[at], step / 8),
                (_, None) => {}
            }
            let counts = hub.counts();
            let sum = counts.free + counts.writing + counts.ready + counts.claimed
                + counts.done + counts.abandoned;
            prop_assert_eq!(sum, SPEC.slots);
        }
    }
}

/// Numbers without a pattern.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Two hub threads and a region task, while the worker writes all the time. A slot whose
/// word was spoilt is lost to the hub, so there are many rounds with a fresh region each.
#[test]
fn everything_at_once() {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let exchanges: usize = (1..=300).map(round).sum();
        let _ = done.send(exchanges);
    });
    match is_done.recv_timeout(Duration::from_secs(120)) {
        // How many come about depends on who runs when; thousands, as a rule.
        Ok(exchanges) => assert!(exchanges > 0, "no exchange was tried"),
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("the hub hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => panic!("the hub panicked"),
    }
}

fn round(seed: u64) -> usize {
    let (hub, hostile, _worker) = hub();
    let stop = AtomicBool::new(false);
    let in_use: [AtomicBool; SPEC.slots as usize] = Default::default();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut noise = Noise(seed);
            while !stop.load(Ordering::Relaxed) {
                let value = (noise.next() >> 8) as u32;
                // Mostly states and positions that the hub takes for possible.
                let value = if noise.next().is_multiple_of(4) { value } else { value & 0xff };
                hostile.write(noise.next() as usize, value);
            }
        });
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                hub.drain_attention(|slot| assert!(slot < SPEC.slots));
                for slot in 0..SPEC.slots {
                    let _ = hub.reap(slot);
                }
                let _ = hub.prepare_sleep();
            }
        });
        scope.spawn(|| {
            let mut noise = Noise(11 * seed);
            while !stop.load(Ordering::Relaxed) {
                use_events(&hub, (noise.next() >> 8) as u8);
            }
        });
        let hubs = [5, 7].map(|factor| {
            let (hub, in_use) = (&hub, &in_use);
            scope.spawn(move || exchanges(hub, in_use, Noise(factor * seed)))
        });
        let count = hubs.map(|hub| hub.join().expect("the hub does not panic"));
        stop.store(true, Ordering::Relaxed);
        count.into_iter().sum()
    })
}

fn exchanges(hub: &Hub, in_use: &[AtomicBool], mut noise: Noise) -> usize {
    let mut count = 0;
    for _ in 0..200 {
        let Ok(Some(mut ticket)) = hub.acquire() else {
            continue;
        };
        count += 1;
        let mine = &in_use[ticket.slot() as usize];
        assert!(!mine.swap(true, Ordering::AcqRel), "a slot was handed out twice");
        for _ in 0..6 {
            use_exchange(hub, &mut ticket, (noise.next() >> 8) as u8);
        }
        loop {
            // Before the end: the next owner may come at once.
            mine.store(false, Ordering::Release);
            match end_exchange(hub, ticket, (noise.next() >> 8) as u8) {
                Ok(_) => break,
                Err(still) => {
                    ticket = still;
                    mine.store(true, Ordering::Release);
                }
            }
        }
    }
    count
}
