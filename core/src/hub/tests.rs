//! A whole exchange on a mapped region, and what a hostile worker can write.

use std::boxed::Box;
use std::string::ToString;
use std::sync::Arc;
use std::vec::Vec;

use super::{Abandoned, HubSide, Lease, NotEnded, Progress, PublishError, Ticket};
use crate::head::{RequestHead, RequestLine, ResponseHead};
use crate::map::Mapping;
use crate::worker::WorkerSide;
use crate::{End, RegionRef, RegionSpec, Shared, Violation, Watch};

type Hub = HubSide<Arc<Mapping>, Box<[Lease]>, Shared>;
type Worker = WorkerSide<Arc<Mapping>, Shared>;

const SPEC: RegionSpec =
    RegionSpec { slots: 4, head_bytes: 4096, request_bytes: 4096, response_bytes: 4096 };

/// Both sides with a mapping of their own, as in two processes.
fn pair(spec: RegionSpec) -> (Hub, Worker) {
    let theirs = Mapping::create(spec).expect("a small region");
    let fd = theirs.fd().try_clone_to_owned().expect("a descriptor");
    let ours = Mapping::open(fd).expect("what was just created");
    let leases = (0..spec.slots).map(|_| Lease::default()).collect();
    (HubSide::new(Arc::new(theirs), leases), WorkerSide::new(Arc::new(ours)))
}

fn acquire(hub: &Hub) -> Ticket {
    hub.acquire().expect("an honest worker").expect("a free slot")
}

fn publish(hub: &Hub, path: &[u8], body: &[u8]) -> Ticket {
    let mut ticket = acquire(hub);
    let line = RequestLine { path, method: b"POST", ..RequestLine::default() };
    hub.encode_head(&ticket, &line, |head| head.header(b"x-a", b"\xff")).expect("it fits");
    let (count, _) = hub.write_body(&ticket, body).expect("an honest worker");
    assert_eq!(count, body.len());
    let _ = hub.end_body(&ticket, End::Finished);
    let _ = hub.publish(&mut ticket).expect("room in the queue");
    ticket
}

#[test]
fn an_exchange_goes_there_and_back() {
    let (hub, worker) = pair(SPEC);
    let ticket = publish(&hub, b"/a", b"question");
    assert_eq!(hub.progress(&ticket), Ok(Progress::Queued));

    let claim = worker.claim().expect("it is queued");
    assert_eq!(hub.progress(&ticket), Ok(Progress::Claimed));
    let head = RequestHead::parse(worker.request_head(&claim)).expect("a head");
    assert_eq!((head.method(), head.path()), ("POST", &b"/a"[..]));
    assert_eq!(head.header("X-A"), Some(&b"\xff"[..]));
    // SAFETY: nothing is consumed before the claim is finished.
    let body = unsafe { worker.request_body(&claim) };
    assert_eq!(body, (&b"question"[..], End::Finished));

    assert_eq!(worker.write_response(&claim, b"answer"), 6);
    worker.encode_head(&claim, 201, Some(6), |head| head.header(b"y", b"1")).expect("it fits");
    assert!(hub.prepare_sleep(), "nothing was announced yet");
    assert!(worker.finish(claim).needed(), "the hub slept");
    let mut called = Vec::new();
    hub.drain_attention(|slot| called.push(slot));
    assert_eq!(called, [ticket.slot()]);

    let Ok(Progress::Done { head_length }) = hub.progress(&ticket) else {
        panic!("not done: {:?}", hub.progress(&ticket));
    };
    let mut head = std::vec![0; head_length as usize];
    hub.copy_head(&ticket, &mut head);
    let head = ResponseHead::parse(&head).expect("a head");
    assert_eq!((head.status(), head.content_length()), (201, Some(6)));
    assert_eq!(head.headers().get(b"Y"), Some(&b"1"[..]));
    let mut body = [0; 16];
    assert_eq!(hub.read_body(&ticket, &mut body), Ok(6));
    assert_eq!(&body[..6], b"answer");
    hub.release(ticket).expect("it is done");
    assert_eq!(hub.counts().free, SPEC.slots);
}

#[test]
fn slots_are_reused_last_in_first_out_with_a_new_generation() {
    let (hub, _worker) = pair(SPEC);
    let first = acquire(&hub);
    let (slot, generation) = (first.slot(), first.generation());
    hub.discard(first).expect("unpublished");
    let second = acquire(&hub);
    assert_eq!((second.slot(), second.generation()), (slot, generation + 1));
    hub.discard(second).expect("unpublished");
}

#[test]
fn slots_run_out_and_come_back() {
    let (hub, _worker) = pair(SPEC);
    let tickets: Vec<_> = (0..SPEC.slots).map(|_| acquire(&hub)).collect();
    assert!(hub.acquire().expect("an honest worker").is_none());
    for ticket in tickets {
        hub.discard(ticket).expect("unpublished");
    }
    assert_eq!(hub.counts().free, SPEC.slots);
}

#[test]
fn a_withdrawn_exchange_is_skipped() {
    let (hub, worker) = pair(SPEC);
    let withdrawn = publish(&hub, b"/withdrawn", b"");
    hub.withdraw(withdrawn).expect("nobody claimed it");
    let kept = publish(&hub, b"/kept", b"");
    let claim = worker.claim().expect("one is left");
    let head = RequestHead::parse(worker.request_head(&claim)).expect("a head");
    assert_eq!(head.path(), b"/kept");
    assert!(worker.claim().is_none());
    let Err(NotEnded::Busy(kept)) = hub.withdraw(kept) else {
        panic!("withdrawn from under a worker");
    };
    let _ = worker.finish(claim);
    hub.release(kept).expect("it is done");
}

#[test]
fn an_abandoned_exchange_comes_back_when_its_worker_is_done() {
    let (hub, worker) = pair(SPEC);
    let ticket = publish(&hub, b"/", b"");
    let slot = ticket.slot();
    let claim = worker.claim().expect("it is queued");
    assert!(!worker.cancelled(&claim));
    assert!(matches!(hub.abandon(ticket), Ok(Abandoned::Pending(_))));
    assert!(worker.cancelled(&claim));
    assert_eq!(hub.reap(slot), Ok(false), "the worker still has it");
    assert_eq!(hub.counts().abandoned, 1);
    let _ = worker.finish(claim);
    assert_eq!(hub.reap(slot), Ok(true));
    assert_eq!(hub.reap(slot), Ok(false), "once");
    assert_eq!(hub.counts().free, SPEC.slots);
}

#[test]
fn a_body_larger_than_the_ring_flows_through_it() {
    let (hub, worker) = pair(SPEC);
    let body: Vec<u8> = (0..20_000_u32).map(|i| (i % 251) as u8).collect();
    let mut ticket = acquire(&hub);
    hub.encode_head(&ticket, &RequestLine::default(), |_| Ok(())).expect("it fits");
    let _ = hub.publish(&mut ticket).expect("room in the queue");
    let claim = worker.claim().expect("it is queued");
    let (mut sent, mut received) = (0, Vec::new());
    let mut piece = [0; 700];
    loop {
        let (count, _) = hub.write_body(&ticket, &body[sent..]).expect("an honest worker");
        sent += count;
        if sent == body.len() {
            let _ = hub.end_body(&ticket, End::Finished);
        } else if count == 0 {
            assert_eq!(hub.watch_request(&ticket), Watch::Armed);
        }
        let (count, end, _) = worker.read_request(&claim, &mut piece);
        received.extend_from_slice(&piece[..count]);
        if end == End::Finished && received.len() == body.len() {
            break;
        }
    }
    assert_eq!(received, body);
    let _ = worker.abort(claim);
    hub.release(ticket).expect("it is done");
}

#[test]
fn a_watched_wait_of_an_event_loop_gets_a_notice() {
    let (hub, worker) = pair(SPEC);
    let mut ticket = acquire(&hub);
    hub.encode_head(&ticket, &RequestLine::default(), |_| Ok(())).expect("it fits");
    let _ = hub.publish(&mut ticket).expect("room in the queue");
    let claim = worker.claim().expect("it is queued");
    assert_eq!(worker.watch_request(&claim), Watch::Armed);
    assert!(worker.arm());
    let (_, rung) = hub.write_body(&ticket, b"more").expect("an honest worker");
    assert!(rung.doorbell());
    assert!(!worker.arm(), "there is a notice to take");
    let mut noticed = Vec::new();
    worker.take_notices(|slot| noticed.push(slot));
    assert_eq!(noticed, [claim.slot()]);
    assert_eq!(worker.watch_request(&claim), Watch::LookAgain);
    let _ = worker.finish(claim);
    hub.release(ticket).expect("it is done");
}

#[test]
fn the_queue_refuses_what_does_not_fit() {
    let (hub, _worker) = pair(RegionSpec { slots: 1, ..SPEC });
    for _ in 0..2 {
        hub.withdraw(publish(&hub, b"/", b"")).expect("nobody claims");
    }
    let mut ticket = acquire(&hub);
    hub.encode_head(&ticket, &RequestLine::default(), |_| Ok(())).expect("it fits");
    assert_eq!(hub.publish(&mut ticket), Err(PublishError::Full));
    assert!(!ticket.is_published());
    hub.discard(ticket).expect("unpublished");
    assert_eq!(hub.counts().free, 1);
}

#[test]
fn impossible_words_and_positions_are_violations() {
    let (hub, worker) = pair(SPEC);
    let ticket = publish(&hub, b"/", b"");
    let claim = worker.claim().expect("it is queued");
    let slot = worker.get_ref().region().slot(ticket.slot());

    slot.header.worker.response.tail.store(5000, crate::sync::Ordering::Relaxed);
    assert_eq!(hub.readable(&ticket), Err(Violation::StreamPosition { tail: 5000, head: 0 }));
    slot.header.worker.response.tail.store(0, crate::sync::Ordering::Relaxed);

    slot.header.worker.response.end.store(9, crate::sync::Ordering::Relaxed);
    assert_eq!(hub.readable(&ticket), Err(Violation::StreamEnd(9)));

    slot.publish_head(4097);
    assert_eq!(hub.progress(&ticket), Err(Violation::HeadLength { length: 4097, area: 4096 }));
    let _ = worker.finish(claim);
    // A completion of an exchange that is not there any more moves nothing.
    hub.release(ticket).expect("it is done");
    let next = publish(&hub, b"/", b"");
    assert!(slot.word().complete(next.generation() - 1).is_err());
    assert_eq!(hub.progress(&next), Ok(Progress::Queued));
    let text = Violation::StreamEnd(9).to_string();
    assert!(text.contains('9'), "{text}");
    hub.withdraw(next).expect("nobody claimed it");
}

#[test]
#[should_panic(expected = "a claim of another region")]
fn a_claim_of_another_region_lends_nothing() {
    let (hub, worker) = pair(SPEC);
    let (_, other) = pair(SPEC);
    let _ticket = publish(&hub, b"/", b"");
    let claim = worker.claim().expect("it is queued");
    other.request_head(&claim);
}

#[test]
#[should_panic(expected = "a ticket of another region")]
fn a_ticket_of_another_region_writes_nothing() {
    let (hub, _) = pair(SPEC);
    let (other, _) = pair(SPEC);
    let ticket = acquire(&hub);
    let _ = other.write_body(&ticket, b"a");
}

#[test]
fn a_probe_has_a_slot_of_its_own() {
    let theirs = Mapping::create(SPEC).expect("a small region");
    let ours = Mapping::open(theirs.fd().try_clone_to_owned().expect("a descriptor"));
    let leases = (0..SPEC.slots).map(|_| Lease::default()).collect();
    let hub: Hub = HubSide::with_probe(Arc::new(theirs), leases);
    let worker: Worker = WorkerSide::new(Arc::new(ours.expect("what was just created")));
    let last = SPEC.slots - 1;
    assert_eq!(hub.probe_slot(), Some(last));

    // Everything that traffic may use is in use, and nobody takes from the queue.
    let tickets: Vec<_> = (0..last).map(|_| publish(&hub, b"/", b"")).collect();
    assert!(hub.acquire().expect("an honest worker").is_none(), "the last slot is for probes");
    for round in 1..=3 {
        assert!(!worker.has_notices());
        let (ticket, rung) = hub.probe().expect("an honest worker").expect("its slot is free");
        assert!(rung.doorbell(), "also for one that has not announced that it sleeps");
        assert_eq!((ticket.slot(), ticket.generation()), (last, round));
        assert_eq!(hub.progress(&ticket), Ok(Progress::Queued));
        assert!(hub.probe().expect("an honest worker").is_none(), "one at a time");
        assert_eq!(hub.counts().ready, last, "no slot that anybody could use");

        assert!(worker.has_notices());
        let mut noticed = Vec::new();
        worker.take_notices(|slot| noticed.push(slot));
        assert_eq!(noticed, [last]);
        while !hub.prepare_sleep() {
            hub.drain_attention(|slot| panic!("slot {slot} did not call"));
        }
        assert!(worker.answer_probe(last).needed(), "the hub sleeps");
        assert!(!worker.answer_probe(last).needed(), "one answer for each");
        let mut called = Vec::new();
        hub.drain_attention(|slot| called.push(slot));
        assert_eq!(called, [last]);
        assert_eq!(hub.progress(&ticket), Ok(Progress::Done { head_length: 0 }));
        hub.release(ticket).expect("it is done");
        assert!(hub.acquire().expect("an honest worker").is_none(), "it never becomes traffic's");
    }
    let claims: Vec<_> = core::iter::from_fn(|| worker.claim()).collect();
    assert_eq!(claims.len(), tickets.len());
}
