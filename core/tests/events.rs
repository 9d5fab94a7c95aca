//! Outbox and inbox of one region, from both sides.

use core::time::Duration;
use std::sync::Arc;
use std::thread;

use slotway_core::hub::{HubSide, Lease};
use slotway_core::map::Mapping;
use slotway_core::record::{self, Delivery, FromHub, FromWorker, Publish};
use slotway_core::worker::WorkerSide;
use slotway_core::{EventRings, RegionSpec, Watch};

const SPEC: RegionSpec =
    RegionSpec { slots: 1, head_bytes: 4096, request_bytes: 4096, response_bytes: 4096 };
const RINGS: EventRings = EventRings { outbox_bytes: 4096, inbox_bytes: 4096 };

type Hub = HubSide<Arc<Mapping>, Box<[Lease]>>;
type Worker = WorkerSide<Arc<Mapping>>;

fn sides() -> (Hub, Worker) {
    let mapping = Mapping::create_with_events(SPEC, Some(RINGS)).expect("a small region");
    mapping.reserve_outbox().expect("memory");
    mapping.reserve_inbox().expect("memory");
    let mapping = Arc::new(mapping);
    let leases = [Lease::default()].into_iter().collect();
    (HubSide::new(mapping.clone(), leases), WorkerSide::new(mapping))
}

fn event(number: u32, payload: &[u8]) -> Publish<'_> {
    Publish { topic: "a.b", kind: "t", payload, ticket: number, ..Publish::default() }
}

/// Puts an event into the outbox whole. `false`: there is no room.
fn publish(worker: &Worker, event: &Publish<'_>) -> bool {
    let mut space = worker.outbox_space();
    if event.length().expect("short") > space.room() {
        return false;
    }
    event.encode(|piece| space.put(piece)).expect("short");
    let _ = worker.publish_outbox(space);
    true
}

/// Goal: a region without rings says so, and one with them too.
#[test]
fn who_has_events_says_so() {
    let (hub, worker) = sides();
    assert!(hub.has_events() && worker.has_events());
    let plain = Arc::new(Mapping::create(SPEC).expect("a small region"));
    let leases: Box<[Lease]> = [Lease::default()].into_iter().collect();
    let hub: Hub = HubSide::new(plain.clone(), leases);
    let worker: Worker = WorkerSide::new(plain);
    assert!(!hub.has_events() && !worker.has_events());
}

/// Goal: what fits is seen whole; what does not fit is not begun; room comes back.
#[test]
fn records_are_whole_and_in_order() {
    let (hub, worker) = sides();
    let (mut published, mut seen) = (0, 0);
    let mut bytes = Vec::new();
    while seen < 1000 {
        while publish(&worker, &event(published, &vec![7; published as usize % 500])) {
            published += 1;
        }
        let mut buffer = [0; 700];
        let count = hub.read_outbox(&mut buffer).expect("an honest worker");
        bytes.extend_from_slice(&buffer[..count]);
        let mut at = 0;
        while let Some(record) = record::first(&bytes[at..]).expect("records") {
            let Ok(FromWorker::Publish(read)) = FromWorker::parse(record) else {
                panic!("an event")
            };
            assert_eq!(read, event(seen, &vec![7; seen as usize % 500]));
            seen += 1;
            at += record.len();
        }
        bytes.drain(..at);
    }
}

/// Goal: a record that is longer than the ring flows through it.
#[test]
fn a_long_record_flows() {
    let (hub, worker) = sides();
    let payload: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    let mut record = Vec::new();
    event(1, &payload).encode(|piece| record.extend_from_slice(piece)).expect("short enough");
    let (mut sent, mut bytes) = (0, Vec::new());
    while bytes.len() < record.len() {
        let mut space = worker.outbox_space();
        let count = space.room().min(record.len() - sent);
        space.put(&record[sent..sent + count]);
        let _ = worker.publish_outbox(space);
        sent += count;
        let mut buffer = [0; 1000];
        let count = hub.read_outbox(&mut buffer).expect("an honest worker");
        bytes.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(FromWorker::parse(&bytes), Ok(FromWorker::Publish(event(1, &payload))));
}

/// Goal: a hub that has announced that it sleeps is rung for, once.
#[test]
fn a_sleeping_hub_is_called_once() {
    let (hub, worker) = sides();
    assert_eq!(hub.watch_outbox(), Watch::Armed);
    assert!(hub.prepare_sleep());
    let put = |needed| {
        let mut space = worker.outbox_space();
        event(1, b"x").encode(|piece| space.put(piece)).expect("short");
        assert_eq!(worker.publish_outbox(space).needed(), needed);
    };
    put(true);
    put(false);
    assert!(!hub.prepare_sleep(), "there is something");
    assert!(hub.drain_attention(|slot| panic!("slot {slot}")), "the outbox calls");
    assert!(hub.read_outbox(&mut [0; 4096]).expect("an honest worker") > 0);
    assert_eq!(hub.watch_outbox(), Watch::LookAgain, "the second event left a token");
    assert_eq!(hub.watch_outbox(), Watch::Armed);
    assert!(!hub.drain_attention(|_| ()));
    // An empty space calls nobody.
    assert!(hub.prepare_sleep());
    assert!(!worker.publish_outbox(worker.outbox_space()).needed());
}

/// Goal: an event loop of the worker that watches is told by a notice and the doorbell.
#[test]
fn an_event_loop_is_told() {
    let (hub, worker) = sides();
    assert_eq!(worker.watch_inbox(), Watch::Armed);
    assert!(worker.arm());
    let mut space = hub.inbox_space().expect("an honest worker");
    let delivery = Delivery { subscription: 3, topic: "a", ..Delivery::default() };
    delivery.encode(|piece| space.put(piece)).expect("short");
    assert!(hub.publish_inbox(space).doorbell());
    assert!(worker.has_notices());
    assert!(worker.take_notices(|slot| panic!("slot {slot}")));
    let mut buffer = [0; 4096];
    let count = worker.read_inbox(&mut buffer);
    assert_eq!(FromHub::parse(&buffer[..count]), Ok(FromHub::Event(delivery)));
    assert!(!worker.tell_inbox().needed(), "nobody waits for room");
}

/// Goal: threads that wait for room and for events are woken by the other side, and by
/// their own when the hub is gone.
#[test]
fn parked_threads_wake() {
    let (hub, worker) = sides();
    let (hub, worker) = (Arc::new(hub), Arc::new(worker));
    while publish(&worker, &event(0, &[0; 100])) {}
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            while !publish(&worker, &event(1, &[0; 100])) {
                assert!(worker.park_outbox(Some(Duration::from_secs(60))), "nobody woke it");
            }
        });
        hub.read_outbox(&mut [0; 4096]).expect("an honest worker");
        let _ = hub.tell_outbox();
        writer.join().expect("it has found room");
        let reader = scope.spawn(|| {
            let mut buffer = [0; 64];
            while worker.read_inbox(&mut buffer) == 0 {
                assert!(worker.park_inbox(Some(Duration::from_secs(60))), "nobody woke it");
            }
        });
        let mut space = hub.inbox_space().expect("an honest worker");
        space.put(&[1; 8]);
        let _ = hub.publish_inbox(space);
        reader.join().expect("it has read something");
        let gone = scope.spawn(|| worker.park_inbox(Some(Duration::from_secs(60))));
        worker.wake_events();
        assert!(gone.join().expect("it wakes"));
    });
}

/// Goal: nonsense of the worker's is a violation, before a byte is touched.
#[test]
fn positions_that_cannot_be_are_violations() {
    use std::os::unix::fs::FileExt;
    for (offset, value) in [(0, 4097_u32), (0, u32::MAX), (4, 7)] {
        let (hub, _worker) = sides();
        let mapping = hub.get_ref();
        let header = slotway_core::RegionRef::region(mapping).layout().header();
        let fd = mapping.fd().try_clone_to_owned().expect("a descriptor");
        let file = std::fs::File::from(fd);
        file.write_all_at(&value.to_le_bytes(), header.outbox + offset).expect("writable");
        assert!(hub.read_outbox(&mut [0; 64]).is_err(), "{value} at {offset}");
        file.write_all_at(&4097_u32.to_le_bytes(), header.inbox + 128).expect("writable");
        assert!(hub.inbox_space().is_err(), "a consumer before its producer");
    }
}
