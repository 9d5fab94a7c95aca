//! The fifth invariant: between publish and completion nothing is allocated, on either side,
//! however an exchange goes and however it ends.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::thread;

use slotway_core::head::{RequestHead, RequestLine, ResponseHead};
use slotway_core::hub::{Abandoned, HubSide, Lease, NotEnded, Progress, Ticket};
use slotway_core::map::Mapping;
use slotway_core::worker::{Claim, Spin, WorkerSide};
use slotway_core::{End, RegionRef, RegionSpec};
use slotway_counting::{Counting, count_this_thread, counts_of_this_thread};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SPEC: RegionSpec =
    RegionSpec { slots: 4, head_bytes: 4096, request_bytes: 4096, response_bytes: 4096 };
const WATCHDOG: Option<Duration> = Some(Duration::from_secs(60));

type Hub = HubSide<Arc<Mapping>, Box<[Lease]>>;
type Worker = WorkerSide<Arc<Mapping>>;

fn sides() -> (Hub, Worker) {
    let mapping = Arc::new(Mapping::create(SPEC).expect("a small region"));
    let leases = (0..SPEC.slots).map(|_| Lease::default()).collect();
    (HubSide::with_probe(Arc::clone(&mapping), leases), WorkerSide::new(mapping))
}

fn publish(hub: &Hub, body: &[u8]) -> Ticket {
    let mut ticket = hub.acquire().expect("an honest worker").expect("a free slot");
    let line = RequestLine { path: b"/a", method: b"POST", ..RequestLine::default() };
    hub.encode_head(&ticket, &line, |head| {
        head.param("id", b"17")?;
        head.header(b"accept", b"*/*")
    })
    .expect("it fits");
    let (count, _) = hub.write_body(&ticket, body).expect("an honest worker");
    assert_eq!(count, body.len());
    let _ = hub.end_body(&ticket, End::Finished);
    let _ = hub.publish(&mut ticket).expect("room in the queue");
    ticket
}

fn answer(worker: &Worker, claim: Claim) {
    let head = RequestHead::parse(worker.request_head(&claim)).expect("a head");
    assert_eq!(head.param("id"), Some(&b"17"[..]));
    let mut body = [0; 128];
    let (count, end, _) = worker.read_request(&claim, &mut body);
    assert_eq!(end, End::Finished);
    assert_eq!(worker.write_response(&claim, &body[..count]), count);
    worker
        .encode_head(&claim, 200, Some(count as u64), |head| head.header(b"a", b"b"))
        .expect("it fits");
    let _ = worker.finish(claim);
}

fn take(hub: &Hub, ticket: Ticket, expected: &[u8]) {
    let Ok(Progress::Done { head_length }) = hub.progress(&ticket) else {
        panic!("not done: {:?}", hub.progress(&ticket));
    };
    let mut head = [0; 256];
    let head = &mut head[..head_length as usize];
    hub.copy_head(&ticket, head);
    assert_eq!(ResponseHead::parse(head).expect("a head").status(), 200);
    let mut body = [0; 128];
    let count = hub.read_body(&ticket, &mut body).expect("an honest worker");
    assert_eq!(&body[..count], expected);
    hub.release(ticket).expect("it is done");
}

/// What one round of every way through an exchange does.
fn every_way(hub: &Hub, worker: &Worker) {
    // There and back, noticed through the map.
    let ticket = publish(hub, b"hello");
    answer(worker, worker.claim().expect("it is queued"));
    hub.drain_attention(|slot| assert_eq!(slot, ticket.slot()));
    // The first finds the ring that ended the sleep of the round before.
    assert!(hub.prepare_sleep() || hub.prepare_sleep());
    take(hub, ticket, b"hello");

    // Never published, withdrawn, and the stale cell skipped.
    hub.discard(hub.acquire().expect("honest").expect("free")).expect("unpublished");
    hub.withdraw(publish(hub, b"x")).expect("nobody claimed it");
    assert!(worker.claim().is_none());

    // Abandoned in the worker's hands: cancelled, waited for, reaped.
    let ticket = publish(hub, b"y");
    let slot = ticket.slot();
    let claim = worker.claim().expect("it is queued");
    let Err(NotEnded::Busy(ticket)) = hub.withdraw(ticket) else { panic!("withdrawn") };
    let _ = worker.watch_cancel(&claim);
    let Ok(Abandoned::Pending(_)) = hub.abandon(ticket) else { panic!("freed") };
    assert!(worker.cancelled(&claim));
    worker.take_notices(|found| assert_eq!(found, slot));
    let _ = worker.abort(claim);
    hub.drain_attention(|slot| assert_eq!(hub.reap(slot), Ok(true)));

    // A probe.
    let (ticket, _) = hub.probe().expect("honest").expect("free");
    worker.take_notices(|slot| {
        let _ = worker.answer_probe(slot);
    });
    hub.release(ticket).expect("answered");
    hub.drain_attention(|_| {});

    // All slots in use, nothing to claim, a wait that is over.
    let (a, b, c) = (publish(hub, b""), publish(hub, b""), publish(hub, b""));
    assert!(hub.acquire().expect("honest").is_none());
    for ticket in [a, b, c] {
        assert!(matches!(hub.abandon(ticket), Ok(Abandoned::Freed)));
    }
    assert!(worker.claim().is_none());
    let _ = worker.wait(&mut Spin::new(8), Some(Duration::ZERO), || false);
    let _ = worker.arm();
    let _ = hub.counts();
}

#[test]
fn no_exchange_allocates_however_it_goes() {
    let (hub, worker) = sides();
    count_this_thread();
    for _ in 0..1000 {
        every_way(&hub, &worker);
    }
    assert_eq!(counts_of_this_thread().allocations, 0);
}

/// Two threads that sleep for each other, and bodies that are larger than the ring.
#[test]
fn no_stream_and_no_sleep_allocates() {
    const BYTES: usize = 100_000;
    const ROUNDS: usize = 20;
    let (hub, worker) = sides();
    let hub = &hub;
    let over = &AtomicBool::new(false);
    thread::scope(|scope| {
        let worker = &worker;
        let echo = scope.spawn(move || {
            count_this_thread();
            let mut spin = Spin::new(64);
            while !over.load(Ordering::Acquire) {
                let Some(claim) = worker.claim() else {
                    let _ = worker.wait(&mut spin, WATCHDOG, || over.load(Ordering::Acquire));
                    continue;
                };
                echo(worker, claim);
            }
            counts_of_this_thread().allocations
        });
        let client = scope.spawn(move || {
            count_this_thread();
            for _ in 0..ROUNDS {
                there_and_back(hub, BYTES);
            }
            let found = counts_of_this_thread().allocations;
            over.store(true, Ordering::Release);
            found
        });
        let of_hub = client.join().expect("the hub is content");
        worker.wake_all();
        let of_worker = echo.join().expect("the worker is content");
        assert_eq!((of_hub, of_worker), (0, 0));
    });
}

fn echo(worker: &Worker, claim: Claim) {
    worker.encode_head(&claim, 200, None, |_| Ok(())).expect("it fits");
    let _ = worker.announce(&claim);
    let mut piece = [0; 1000];
    loop {
        let (count, end, _) = worker.read_request(&claim, &mut piece);
        let mut rest = &piece[..count];
        while !rest.is_empty() {
            let written = worker.write_response(&claim, rest);
            rest = &rest[written..];
            let _ = worker.announce(&claim);
            if written == 0 {
                worker.park_response(&claim, Some(Duration::from_millis(100)));
            }
        }
        match end {
            End::Open if count == 0 => {
                worker.park_request(&claim, Some(Duration::from_millis(100)));
            }
            End::Open => {}
            End::Finished | End::Aborted => break,
        }
    }
    let _ = worker.finish(claim);
}

/// A hub that sleeps on its bell with one thread.
fn there_and_back(hub: &Hub, bytes: usize) {
    let mut ticket = hub.acquire().expect("honest").expect("free");
    hub.encode_head(&ticket, &RequestLine::default(), |_| Ok(())).expect("it fits");
    let _ = hub.publish(&mut ticket).expect("room");
    let (mut sent, mut received) = (0, 0);
    let mut piece = [0; 1500];
    loop {
        let part = [7; 1500];
        let part = &part[..part.len().min(bytes - sent)];
        let (written, _) = hub.write_body(&ticket, part).expect("honest");
        sent += written;
        if sent == bytes && !part.is_empty() {
            let _ = hub.end_body(&ticket, End::Finished);
        }
        let count = hub.read_body(&ticket, &mut piece).expect("honest");
        assert!(piece[..count].iter().all(|&byte| byte == 7));
        received += count;
        let _ = hub.tell_room(&ticket);
        if written == 0 && count == 0 {
            if matches!(hub.progress(&ticket), Ok(Progress::Done { .. })) && received == bytes {
                break;
            }
            let (request, response) = (hub.watch_request(&ticket), hub.watch_response(&ticket));
            if [request, response].contains(&slotway_core::Watch::LookAgain) {
                continue;
            }
            hub.sleep(Some(Duration::from_millis(100)));
            hub.drain_attention(|_| {});
        }
    }
    hub.release(ticket).expect("it is done");
    assert_eq!(hub.get_ref().region().slots(), SPEC.slots);
}
