//! From a worker's claim to the hub's freeing of the slot, and a whole exchange. Bounded
//! where a model would take more than some seconds.

use slotway_core::head::{RequestHead, RequestLine, ResponseHead};
use slotway_core::hub::{Progress, Ticket};
use slotway_core::worker::Claim;
use slotway_core::{End, Watch};

use crate::model::models;
use crate::sides::{HEAD_BYTES, Sides};

models! {
    an_answers_head_is_there_before_it_is_done needs [
        "slot.head" Release, "slot.head" Acquire,
        "slot.done" Release, "slot.done" Acquire,
    ];
    the_completion_is_the_workers_last_word needs ["slot.done" Release, "slot.done" Acquire];
    a_completion_wakes_the_hub_by_its_doorbell preemptions 4 needs [];
    a_completion_wakes_the_hub_that_sleeps_as_a_thread preemptions 4 needs [];
    an_announcement_wakes_the_hub_that_watches preemptions 4 needs [];
    a_notice_reaches_the_armed_loop preemptions 5 needs ["bell" SeqCst];
    an_upload_passes_a_full_ring preemptions 3 needs [];
    a_cancellation_ends_the_workers_wait needs [];
    an_exchange_is_answered preemptions 3 needs [];
}

/// The bytes of an answer's head without fields.
const ANSWER_BYTES: u32 = 16;

fn encode(sides: &Sides, claim: &Claim) {
    sides.worker.encode_head(claim, 200, None, |_| Ok(())).expect("it fits");
}

/// Without the Release or the Acquire of `slot.head` the hub copies a head that is still
/// being written; of `slot.done`, it believes that a complete answer has no head.
fn an_answers_head_is_there_before_it_is_done() {
    let sides = Sides::new(1);
    let ticket = sides.published();
    let claim = sides.worker.claim().expect("it was published");
    let worker = sides.spawn(|sides| {
        encode(sides, &claim);
        sides.finish(claim);
    });
    match sides.hub.progress(&ticket).expect("the worker is correct") {
        Progress::Claimed => {}
        Progress::Answering { head_length } | Progress::Done { head_length } => {
            assert_eq!(head_length, ANSWER_BYTES);
            let mut head = [0; ANSWER_BYTES as usize];
            sides.hub.copy_head(&ticket, &mut head);
            assert_eq!(ResponseHead::parse(&head).expect("it is complete").status(), 200);
        }
        Progress::Queued => panic!("it was claimed"),
    }
    worker.join().expect("it does not wait");
}

/// Who sees Done sees the end, and may use the slot again at once: the worker writes
/// nothing into it any more. Without the Release or the Acquire of `slot.done` the end may
/// be missing.
fn the_completion_is_the_workers_last_word() {
    let sides = Sides::new(1);
    let ticket = sides.published();
    let claim = sides.worker.claim().expect("it was published");
    let worker = sides.spawn(|sides| sides.finish(claim));
    let progress = sides.hub.progress(&ticket).expect("the worker is correct");
    if progress == (Progress::Done { head_length: 0 }) {
        let end = |ticket: &Ticket| sides.hub.readable(ticket).expect("the worker is correct").end;
        assert_eq!(end(&ticket), End::Finished);
        assert!(sides.hub.release(ticket).is_ok(), "it is done");
        let next = sides.acquire();
        worker.join().expect("it does not wait");
        assert_eq!(end(&next), End::Open);
    } else {
        worker.join().expect("it does not wait");
    }
}

/// Two workers' threads complete while the region task goes to sleep: it hears of both.
fn a_completion_wakes_the_hub_by_its_doorbell() {
    complete_two(|sides| {
        if sides.hub.prepare_sleep() {
            sides.hub_doorbell.wait();
        }
    });
}

/// The same for a hub that waits with a thread.
fn a_completion_wakes_the_hub_that_sleeps_as_a_thread() {
    complete_two(|sides| assert!(sides.hub.sleep(None), "there is no timeout"));
}

fn complete_two(sleep: fn(&Sides)) {
    let sides = Sides::new(2);
    let tickets = [sides.published(), sides.published()];
    let workers = tickets.each_ref().map(|_| {
        let claim = sides.worker.claim().expect("it was published");
        sides.spawn(|sides| sides.finish(claim))
    });
    let mut done = 0;
    while done != 0b11 {
        sides.hub.drain_attention(|slot| {
            let progress = sides.hub.progress(&tickets[slot as usize]);
            if progress.expect("the worker is correct") == (Progress::Done { head_length: 0 }) {
                done |= 1 << slot;
            }
        });
        if done != 0b11 {
            sleep(&sides);
        }
    }
    for worker in workers {
        worker.join().expect("it does not wait");
    }
}

/// More of an answer calls the hub only if it watches: it sees the head, then the byte,
/// then the end, or all at once.
fn an_announcement_wakes_the_hub_that_watches() {
    let sides = Sides::new(1);
    let ticket = sides.published();
    let claim = sides.worker.claim().expect("it was published");
    let worker = sides.spawn(|sides| {
        encode(sides, &claim);
        sides.ring_hub(sides.worker.announce(&claim));
        assert_eq!(sides.worker.write_response(&claim, b"a"), 1);
        sides.ring_hub(sides.worker.announce(&claim));
        sides.finish(claim);
    });
    let mut body = Vec::new();
    sides.attend(|sides, _| receive(sides, &ticket, &mut body));
    assert_eq!(body, b"a");
    worker.join().expect("it does not wait");
}

/// Reads what there is of an answer and watches for more; `true` when it is complete.
fn receive(sides: &Sides, ticket: &Ticket, body: &mut Vec<u8>) -> bool {
    loop {
        let end = sides.hub.readable(ticket).expect("the worker is correct").end;
        let mut byte = [0];
        let count = sides.hub.read_body(ticket, &mut byte).expect("the worker is correct");
        body.extend_from_slice(&byte[..count]);
        if count > 0 {
            sides.ring_worker(sides.hub.tell_room(ticket));
        } else if end == End::Finished {
            let progress = sides.hub.progress(ticket).expect("the worker is correct");
            if progress == (Progress::Done { head_length: ANSWER_BYTES }) {
                return true;
            }
            // The end is there and the word not yet: the completion calls.
            return false;
        } else if sides.hub.watch_response(ticket) == Watch::Armed {
            return false;
        }
    }
}

/// An event loop hears of more of a request by its doorbell and a notice. Without the
/// fence in `ring` or in `arm` it polls on.
fn a_notice_reaches_the_armed_loop() {
    let sides = Sides::new(1);
    let ticket = sides.published();
    let claim = sides.worker.claim().expect("it was published");
    let worker = sides.spawn(move |sides| {
        let mut has_notice = true;
        loop {
            if has_notice {
                let (length, end) = sides.worker.request_readable(&claim);
                if end == End::Finished {
                    return length;
                }
                has_notice = sides.worker.watch_request(&claim) == Watch::LookAgain;
            }
            sides.worker.take_notices(|_| has_notice = true);
            if !has_notice && sides.worker.arm() {
                sides.worker_doorbell.wait();
            }
        }
    });
    let (count, rung) = sides.hub.write_body(&ticket, b"a").expect("the worker is correct");
    sides.ring_worker(rung.and(sides.hub.end_body(&ticket, End::Finished)));
    assert_eq!(worker.join().expect("it heard of it"), count);
}

/// A hub that finds the request's ring full hears of room by its doorbell, and a worker's
/// thread of more bytes.
fn an_upload_passes_a_full_ring() {
    let sides = Sides::new(1);
    let ticket = sides.published();
    let claim = sides.worker.claim().expect("it was published");
    let worker = sides.spawn(move |sides| {
        let mut received = Vec::new();
        loop {
            let mut byte = [0];
            let (count, end, wake) = sides.worker.read_request(&claim, &mut byte);
            sides.ring_hub(wake);
            received.extend_from_slice(&byte[..count]);
            if end == End::Finished {
                return received;
            }
            if count == 0 {
                assert!(sides.worker.park_request(&claim, None), "there is no timeout");
            }
        }
    });
    let mut rest = &b"ab"[..];
    let mut upload = |sides: &Sides| {
        while !rest.is_empty() {
            let (count, rung) = sides.hub.write_body(&ticket, rest).expect("a correct worker");
            sides.ring_worker(rung);
            rest = &rest[count..];
            if count == 0 && sides.hub.watch_request(&ticket) == Watch::Armed {
                return false;
            }
        }
        sides.ring_worker(sides.hub.end_body(&ticket, End::Finished));
        true
    };
    if !upload(&sides) {
        sides.attend(|sides, _| upload(sides));
    }
    assert_eq!(worker.join().expect("it has everything"), b"ab");
}

/// A thread that waits for more of the request hears that nobody will send it.
fn a_cancellation_ends_the_workers_wait() {
    let sides = Sides::new(1);
    let ticket = sides.published();
    let claim = sides.worker.claim().expect("it was published");
    let worker = sides.spawn(move |sides| {
        while !sides.worker.cancelled(&claim) {
            assert!(sides.worker.park_request(&claim, None), "there is no timeout");
        }
        sides.finish(claim);
    });
    assert!(!sides.hub.cancel(&ticket).doorbell(), "no event loop watches");
    worker.join().expect("it heard of it");
    assert!(sides.hub.release(ticket).is_ok(), "W4");
}

/// A request with a body, an answer longer than its ring, a hub with a doorbell and a
/// worker with a thread. Bounded: three interruptions make 230,000 orders, four millions.
fn an_exchange_is_answered() {
    let sides = Sides::new(1);
    let worker = sides.spawn(|sides| {
        let claim = sides.claim_or_sleep();
        let mut head = [0; HEAD_BYTES];
        let length = sides.worker.copy_request_head(&claim, &mut head);
        assert_eq!(RequestHead::parse(&head[..length]).expect("it is complete").method(), "GET");
        let mut byte = [0];
        loop {
            let (count, end, wake) = sides.worker.read_request(&claim, &mut byte);
            sides.ring_hub(wake);
            if (count, end) == (1, End::Finished) {
                break;
            }
            assert_eq!(count, 0, "one byte and the end, or nothing");
            assert!(sides.worker.park_request(&claim, None), "there is no timeout");
        }
        encode(sides, &claim);
        for byte in [byte[0], b'b'] {
            while sides.worker.write_response(&claim, &[byte]) == 0 {
                assert!(sides.worker.park_response(&claim, None), "there is no timeout");
            }
            sides.ring_hub(sides.worker.announce(&claim));
        }
        sides.finish(claim);
    });
    let mut ticket = sides.acquire();
    sides.hub.encode_head(&ticket, &RequestLine::default(), |_| Ok(())).expect("it fits");
    let (count, _) = sides.hub.write_body(&ticket, b"a").expect("the worker is correct");
    assert_eq!(count, 1);
    sides.ring_worker(sides.hub.end_body(&ticket, End::Finished));
    sides.publish(&mut ticket);
    let mut body = Vec::new();
    sides.attend(|sides, _| receive(sides, &ticket, &mut body));
    assert_eq!(body, b"ab");
    let mut head = [0; ANSWER_BYTES as usize];
    sides.hub.copy_head(&ticket, &mut head);
    assert_eq!(ResponseHead::parse(&head).expect("it is complete").status(), 200);
    assert!(sides.hub.release(ticket).is_ok(), "it is done");
    worker.join().expect("the worker is through");
    assert_eq!(sides.free_slots(), 1);
}
