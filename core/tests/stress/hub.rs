//! The hub's threads.

use std::thread;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};
use slotway_core::head::{RequestLine, ResponseHead};
use slotway_core::hub::{Abandoned, NotEnded, Progress, PublishError, Ticket};
use slotway_core::{End, Watch};

use crate::noise::Noise;
use crate::{Rig, Tally, byte, lock};

/// What becomes of an exchange.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// Withdrawn as soon as it is published, if nobody was faster.
    Withdraw,
    /// Served to its end.
    Serve,
    /// Cancelled on the way, and its end awaited all the same.
    Cancel { at: usize },
    /// Given up on the way.
    Abandon { at: usize },
}

/// Publishes exchanges until the time is over.
pub(crate) fn thread(rig: &Rig, seed: u64, end: Instant) {
    let mut noise = Noise::new(seed);
    while Instant::now() < end {
        let Some(mut ticket) = rig.hub.acquire().expect("an honest worker") else {
            thread::yield_now();
            continue;
        };
        let length = match noise.below(3) {
            0 => 0,
            1 => noise.below(64),
            _ => noise.below(30_000),
        } as usize;
        let fate = match noise.below(8) {
            0 => Fate::Withdraw,
            1 => Fate::Cancel { at: noise.below(length as u64 + 1) as usize },
            2 => Fate::Abandon { at: noise.below(length as u64 + 1) as usize },
            _ => Fate::Serve,
        };
        let path = format!("/{}/{}/{length}", ticket.slot(), ticket.generation());
        let line = RequestLine { path: path.as_bytes(), ..RequestLine::default() };
        rig.hub.encode_head(&ticket, &line, |_| Ok(())).expect("it fits");
        // Some have their bytes, or a part, before they are published.
        let mut sent = 0;
        if noise.is_one_in(2) {
            sent = send(rig, &ticket, length, 0);
        }
        match rig.hub.publish(&mut ticket) {
            Ok(rung) => rig.ring(rung),
            Err(PublishError::Full) => {
                rig.hub.discard(ticket).expect("an honest worker");
                continue;
            }
            Err(PublishError::Violated(violation)) => panic!("{violation}"),
        }
        Tally::add(&rig.tally.published, 1);
        exchange(rig, ticket, fate, length, sent);
    }
}

/// Sends what there is room for; gives how much is sent then.
fn send(rig: &Rig, ticket: &Ticket, length: usize, sent: usize) -> usize {
    let (slot, generation) = (ticket.slot(), ticket.generation());
    let mut piece = [0; 1500];
    let count = piece.len().min(length - sent);
    for (position, place) in (sent..).zip(&mut piece[..count]) {
        *place = byte(slot, generation, position);
    }
    let (written, rung) = rig.hub.write_body(ticket, &piece[..count]).expect("an honest worker");
    rig.ring(rung);
    if sent + written == length {
        rig.ring(rig.hub.end_body(ticket, End::Finished));
    }
    sent + written
}

fn exchange(rig: &Rig, ticket: Ticket, fate: Fate, length: usize, mut sent: usize) {
    let (slot, generation) = (ticket.slot(), ticket.generation());
    let mut ticket = ticket;
    if matches!(fate, Fate::Withdraw) {
        match rig.hub.withdraw(ticket) {
            Ok(()) => return Tally::add(&rig.tally.withdrawn, 1),
            Err(NotEnded::Busy(busy)) => ticket = busy,
            Err(NotEnded::Violated(violation)) => panic!("{violation}"),
        }
    }
    *lock(&rig.waiters[slot as usize]) = Some(thread::current());
    let (mut received, mut cancelled, mut ended) = (0, false, sent == length && length > 0);
    loop {
        match fate {
            Fate::Abandon { at } if received >= at => {
                match rig.hub.abandon(ticket).expect("an honest worker") {
                    Abandoned::Freed => {}
                    Abandoned::Pending(rung) => rig.ring(rung),
                }
                return Tally::add(&rig.tally.abandoned, 1);
            }
            Fate::Cancel { at } if received >= at && !cancelled => {
                cancelled = true;
                rig.ring(rig.hub.cancel(&ticket));
            }
            _ => {}
        }
        let mut moved = false;
        if !ended {
            let before = sent;
            sent = send(rig, &ticket, length, sent);
            ended = sent == length;
            moved |= sent > before || ended;
        }
        // The state first: what is readable after Done is all there will be.
        let progress = rig.hub.progress(&ticket).expect("an honest worker");
        let mut piece = [0; 1000];
        let count = rig.hub.read_body(&ticket, &mut piece).expect("an honest worker");
        for (position, &found) in (received..).zip(&piece[..count]) {
            assert_eq!(found, !byte(slot, generation, position), "another exchange's byte");
        }
        received += count;
        Tally::add(&rig.tally.bytes, count as u64);
        if count > 0 {
            moved = true;
            rig.ring(rig.hub.tell_room(&ticket));
        }
        if let (Progress::Done { head_length }, 0) = (progress, count) {
            judge(rig, &ticket, head_length, received, length, cancelled);
            rig.hub.release(ticket).expect("it is done");
            return Tally::add(&rig.tally.answered, 1);
        }
        if !moved {
            let request = if ended { Watch::Armed } else { rig.hub.watch_request(&ticket) };
            if request == Watch::Armed && rig.hub.watch_response(&ticket) == Watch::Armed {
                thread::park();
            }
        }
    }
}

/// What is there when the worker is through with it.
fn judge(rig: &Rig, ticket: &Ticket, head: u32, received: usize, length: usize, cancelled: bool) {
    let readable = rig.hub.readable(ticket).expect("an honest worker");
    assert_eq!(readable.length, 0);
    match readable.end {
        End::Open => panic!("done with an open body"),
        End::Aborted => assert!(cancelled, "broken off without a cause"),
        End::Finished => {
            assert_eq!(received, length, "every byte, and no more");
            let mut bytes = vec![0; head as usize];
            rig.hub.copy_head(ticket, &mut bytes);
            let head = ResponseHead::parse(&bytes).expect("an honest worker's");
            let generation = head.headers().get(b"generation").expect("an honest worker's");
            assert_eq!(generation, ticket.generation().to_le_bytes(), "another's head");
        }
    }
}

/// Drains the attention map, and sleeps on the doorbell or on the bell.
pub(crate) fn region_task(rig: &Rig) {
    let mut noise = Noise::new(77);
    loop {
        rig.hub.drain_attention(|slot| {
            let _ = rig.hub.reap(slot).expect("an honest worker");
            if let Some(thread) = &*lock(&rig.waiters[slot as usize]) {
                thread.unpark();
            }
        });
        if rig.drained.load(core::sync::atomic::Ordering::Acquire) {
            return;
        }
        // The end is told through the doorbell, so this is for while there is traffic.
        if !rig.is_over() && noise.is_one_in(4) {
            rig.hub.sleep(Some(core::time::Duration::from_millis(20)));
        } else if rig.hub.prepare_sleep() {
            let mut fds = [PollFd::new(&rig.hub_bell, PollFlags::IN)];
            poll(&mut fds, None).expect("polling");
            rig.hub_bell.drain();
        }
    }
}
