//! Both sides of one small region, and exchanges that check every byte.

use core::time::Duration;
use std::sync::Arc;

use slotway_core::head::{RequestHead, RequestLine, ResponseHead};
use slotway_core::hub::{Abandoned, HubSide, Lease, NotEnded, Progress, Ticket};
use slotway_core::map::{Doorbell, Mapping};
use slotway_core::worker::{Claim, HubWake, Spin, WorkerSide};
use slotway_core::{End, RegionSpec, Rung, Watch};

use crate::stepped::pause;

pub(crate) type Hub = HubSide<Arc<Mapping>, Box<[Lease]>>;
pub(crate) type Worker = WorkerSide<Arc<Mapping>>;

pub(crate) const SPEC: RegionSpec =
    RegionSpec { slots: 3, head_bytes: 4096, request_bytes: 4096, response_bytes: 4096 };

/// Bytes of which no stretch repeats soon. A table, because whoever is stepped should
/// spend its instructions on the region.
static BYTES: [u8; 8192] = {
    let mut bytes = [0; 8192];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = (at as u8).wrapping_mul(31) ^ (at >> 8) as u8;
        at += 1;
    }
    bytes
};

/// The body of exchange `number` from `at` on, `length` bytes of it.
fn body(number: u8, at: usize, length: usize) -> &'static [u8] {
    let start = usize::from(number) * 97 + at;
    &BYTES[start..start + length]
}

#[track_caller]
fn check(number: u8, at: usize, piece: &[u8]) {
    let same = piece == body(number, at, piece.len());
    assert!(same, "wrong bytes behind byte {at} of exchange {number}");
}

/// One region, seen from both sides through one mapping each, as in two processes.
pub(crate) struct Rig {
    pub(crate) hub: Hub,
    pub(crate) worker: Worker,
    /// The worker rings it.
    pub(crate) hub_doorbell: Doorbell,
    /// The hub rings it.
    pub(crate) worker_doorbell: Doorbell,
    /// The region as a file.
    pub(crate) file: std::fs::File,
    /// Where payloads begin: before it lie the words.
    pub(crate) words: usize,
}

impl Rig {
    pub(crate) fn new() -> Rig {
        let theirs = Mapping::create(SPEC).expect("a small region");
        let file = theirs.fd().try_clone_to_owned().expect("a descriptor").into();
        let ours = theirs.fd().try_clone_to_owned().expect("a descriptor");
        let ours = Mapping::open(ours).expect("what was just created");
        let words = slotway_core::Layout::new(SPEC).expect("a layout").header().payloads as usize;
        let leases = (0..SPEC.slots).map(|_| Lease::default()).collect();
        Rig {
            hub: HubSide::new(Arc::new(theirs), leases),
            worker: WorkerSide::new(Arc::new(ours)),
            hub_doorbell: Doorbell::new().expect("a descriptor"),
            worker_doorbell: Doorbell::new().expect("a descriptor"),
            file,
            words,
        }
    }
}

/// What became of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// The whole answer came.
    Answered,
    /// The worker died with it in its hands.
    Lost,
    /// No worker had claimed it: another may have it.
    Moved,
}

/// One exchange, from the hub's side. Its answer has to be its own body.
#[derive(Debug)]
pub(crate) struct Exchange {
    ticket: Option<Ticket>,
    number: u8,
    length: usize,
    sent: usize,
    ended: bool,
    head_seen: bool,
    got: usize,
}

impl Exchange {
    /// Publishes one, with as much of its body as there is room for.
    pub(crate) fn publish(hub: &Hub, number: u8, length: usize) -> (Exchange, Rung) {
        let ticket = hub.acquire().expect("an honest worker").expect("a free slot");
        let line = RequestLine {
            method: b"POST",
            content_length: Some(length as u64),
            ..RequestLine::default()
        };
        hub.encode_head(&ticket, &line, |head| head.header(b"x-number", &[number]))
            .expect("a short head");
        let mut exchange = Exchange {
            ticket: Some(ticket),
            number,
            length,
            sent: 0,
            ended: false,
            head_seen: false,
            got: 0,
        };
        let _ = exchange.send(hub);
        let ticket = exchange.ticket.as_mut().expect("just taken");
        let rung = hub.publish(ticket).expect("room in the queue");
        (exchange, rung)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.ticket.is_none()
    }

    /// Sends as much of the request's body as there is room for.
    fn send(&mut self, hub: &Hub) -> Rung {
        let ticket = self.ticket.as_ref().expect("it is not over");
        let mut rung = Rung::default();
        while self.sent < self.length {
            let piece = body(self.number, self.sent, (self.length - self.sent).min(512));
            let (count, rang) = hub.write_body(ticket, piece).expect("an honest worker");
            self.sent += count;
            rung = rung.and(rang);
            if count == 0 {
                return rung;
            }
        }
        if !self.ended {
            self.ended = true;
            rung = rung.and(hub.end_body(ticket, End::Finished));
        }
        rung
    }

    /// Reads what there is of the answer and checks it; gives how far the worker was
    /// before.
    fn receive(&mut self, hub: &Hub) -> (Progress, Rung) {
        let ticket = self.ticket.as_ref().expect("it is not over");
        let progress = hub.progress(ticket).expect("an honest worker");
        let (Progress::Answering { head_length } | Progress::Done { head_length }) = progress
        else {
            return (progress, Rung::default());
        };
        if head_length > 0 && !self.head_seen {
            let mut head = [0; 256];
            let head = &mut head[..head_length as usize];
            hub.copy_head(ticket, head);
            let head = ResponseHead::parse(head).expect("a head that is published is whole");
            assert_eq!(head.status(), 200);
            let mut fields = head.headers();
            assert_eq!(fields.next(), Some((&b"x-number"[..], &[self.number][..])));
            self.head_seen = true;
        }
        let mut rung = Rung::default();
        loop {
            let mut piece = [0; 512];
            let count = hub.read_body(ticket, &mut piece).expect("an honest worker");
            if count == 0 {
                return (progress, rung);
            }
            check(self.number, self.got, &piece[..count]);
            self.got += count;
            rung = rung.and(hub.tell_room(ticket));
        }
    }

    /// Does what can be done now. `true`: the answer is complete and the slot free.
    pub(crate) fn turn(&mut self, hub: &Hub) -> (bool, Rung) {
        let (progress, rung) = self.receive(hub);
        if let Progress::Done { .. } = progress {
            self.complete(hub);
            return (true, rung);
        }
        (false, rung.and(self.send(hub)))
    }

    fn complete(&mut self, hub: &Hub) {
        assert!(self.head_seen, "an answer has a head");
        let ticket = self.ticket.take().expect("it is not over");
        let left = hub.readable(&ticket).expect("an honest worker");
        assert_eq!((left.length, left.end), (0, End::Finished));
        assert_eq!(self.got, self.length, "the answer of exchange {}", self.number);
        hub.release(ticket).expect("it is done");
    }

    /// Asks for attention. `true`: there was some since the last look.
    fn watch(&self, hub: &Hub) -> bool {
        let Some(ticket) = &self.ticket else { return false };
        let answer = hub.watch_response(ticket) == Watch::LookAgain;
        let room = self.sent < self.length && hub.watch_request(ticket) == Watch::LookAgain;
        answer || room
    }

    /// Its worker is dead: takes what it left.
    pub(crate) fn bury(mut self, hub: &Hub) -> Fate {
        let (progress, _) = self.receive(hub);
        match progress {
            Progress::Done { .. } => {
                self.complete(hub);
                Fate::Answered
            }
            Progress::Queued => {
                let ticket = self.ticket.take().expect("it is not over");
                hub.withdraw(ticket).expect("nobody has it");
                Fate::Moved
            }
            Progress::Claimed | Progress::Answering { .. } => {
                let ticket = self.ticket.take().expect("it is not over");
                let ticket = match hub.withdraw(ticket) {
                    Err(NotEnded::Busy(ticket)) => ticket,
                    other => panic!("a claimed exchange was withdrawn: {other:?}"),
                };
                let abandoned = hub.abandon(ticket).expect("an honest worker");
                assert!(matches!(abandoned, Abandoned::Pending(_)), "nobody completes it");
                Fate::Lost
            }
        }
    }

    /// Its client is gone.
    pub(crate) fn abandon(&mut self, hub: &Hub) -> Rung {
        match self.ticket.take().map(|ticket| hub.abandon(ticket).expect("an honest worker")) {
            Some(Abandoned::Pending(rung)) => rung,
            Some(Abandoned::Freed) | None => Rung::default(),
        }
    }
}

/// Which exchanges the hub looks at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Those that the worker has called attention to.
    Called,
    /// All, for a reason of its own.
    All,
}

/// Lets the hub do everything that it can, until it sleeps. `true`: it has rung for the
/// worker's event loop.
pub(crate) fn attend(hub: &Hub, exchanges: &mut [Exchange], look: Look) -> bool {
    let mut rung = Rung::default();
    let mut due = [look == Look::All; SPEC.slots as usize];
    loop {
        hub.drain_attention(|slot| {
            due[slot as usize] = true;
            let _ = hub.reap(slot).expect("an honest worker");
        });
        let mut again = false;
        for exchange in exchanges.iter_mut() {
            let Some(slot) = exchange.ticket.as_ref().map(Ticket::slot) else { continue };
            if core::mem::take(&mut due[slot as usize]) {
                let (over, rang) = exchange.turn(hub);
                rung = rung.and(rang);
                due[slot as usize] = !over && exchange.watch(hub);
                again |= due[slot as usize];
            }
        }
        if !again && hub.prepare_sleep() {
            return rung.doorbell();
        }
    }
}

/// Serves what is queued, then sleeps a moment and looks once more. It waits in the way
/// of an event loop, by [`pause`].
pub(crate) fn serve(worker: &Worker, doorbell: &Doorbell) {
    let call = |wake: HubWake| {
        if wake.needed() {
            doorbell.ring();
        }
    };
    for _ in 0..2 {
        while let Some(claim) = worker.claim() {
            answer(worker, claim, call);
        }
        let _ = worker.wait(&mut Spin::new(2), Some(Duration::from_micros(50)), || false);
    }
}

/// What says who asks.
fn number(worker: &Worker, claim: &Claim) -> u8 {
    let head = RequestHead::parse(worker.request_head(claim)).expect("a head");
    head.header("x-number").expect("a number")[0]
}

fn answer(worker: &Worker, claim: Claim, call: impl Fn(HubWake)) {
    let number = number(worker, &claim);
    worker
        .encode_head(&claim, 200, None, |head| head.header(b"x-number", &[number]))
        .expect("a short head");
    call(worker.announce(&claim));
    let mut piece = [0; 700];
    while !worker.cancelled(&claim) {
        let (count, end, wake) = worker.read_request(&claim, &mut piece);
        call(wake);
        if count == 0 && end != End::Open {
            break;
        }
        if count == 0 {
            // Once with the other way to wait, which leaves the waiter as it found it.
            if worker.park_request(&claim, Some(Duration::ZERO)) {
                continue;
            }
            rest(worker, worker.watch_request(&claim));
            continue;
        }
        let mut written = 0;
        while written < count && !worker.cancelled(&claim) {
            let room = worker.write_response(&claim, &piece[written..count]);
            written += room;
            call(worker.announce(&claim));
            if written < count && room == 0 {
                rest(worker, worker.watch_response(&claim));
            }
        }
    }
    call(worker.finish(claim));
}

fn rest(worker: &Worker, watch: Watch) {
    if watch == Watch::Armed && worker.arm() {
        pause();
    }
    worker.take_notices(|_| ());
}

/// A worker's part of an exchange, in the way of an event loop: for a parent whose child
/// is the hub.
#[derive(Debug)]
struct Served {
    claim: Claim,
    number: u8,
    at: usize,
    piece: Vec<u8>,
}

impl Served {
    /// Echoes what there is. `Err`: there may be more.
    fn turn(mut self, worker: &Worker, call: &mut impl FnMut(HubWake)) -> Result<(), Served> {
        loop {
            if worker.cancelled(&self.claim) {
                call(worker.finish(self.claim));
                return Ok(());
            }
            if self.piece.is_empty() {
                let mut piece = [0; 700];
                let (count, end, wake) = worker.read_request(&self.claim, &mut piece);
                call(wake);
                check(self.number, self.at, &piece[..count]);
                self.at += count;
                self.piece.extend_from_slice(&piece[..count]);
                match (count, end) {
                    (0, End::Open) => return Err(self),
                    (0, _) => {
                        call(worker.finish(self.claim));
                        return Ok(());
                    }
                    _ => {}
                }
            }
            let written = worker.write_response(&self.claim, &self.piece);
            self.piece.drain(..written);
            call(worker.announce(&self.claim));
            if written == 0 {
                return Err(self);
            }
        }
    }

    /// Asks for notices. `true`: there is something already.
    fn watch(&self, worker: &Worker) -> bool {
        let watches = [
            worker.watch_request(&self.claim),
            worker.watch_response(&self.claim),
            worker.watch_cancel(&self.claim),
        ];
        watches.contains(&Watch::LookAgain)
    }
}

/// A worker that is an event loop.
#[derive(Debug, Default)]
pub(crate) struct EventLoop {
    served: Vec<Served>,
    claimed: usize,
}

impl EventLoop {
    /// Does everything that it can, until it sleeps. `true`: it has rung for the hub.
    pub(crate) fn turn(&mut self, worker: &Worker) -> bool {
        let mut rang = false;
        let mut call = |wake: HubWake| rang |= wake.needed();
        loop {
            worker.take_notices(|_| ());
            while let Some(claim) = worker.claim() {
                let number = number(worker, &claim);
                worker
                    .encode_head(&claim, 200, None, |head| head.header(b"x-number", &[number]))
                    .expect("a short head");
                call(worker.announce(&claim));
                self.claimed += 1;
                self.served.push(Served { claim, number, at: 0, piece: Vec::new() });
            }
            let turn = |served: Served| served.turn(worker, &mut call).err();
            self.served = core::mem::take(&mut self.served).into_iter().filter_map(turn).collect();
            let again = self.served.iter().filter(|served| served.watch(worker)).count() > 0;
            if !again && worker.arm() {
                return rang;
            }
        }
    }

    /// The hub is dead: gives up what it has. Gives how many exchanges it had in all.
    pub(crate) fn bury(self, worker: &Worker) -> usize {
        for served in self.served {
            let _ = worker.abort(served.claim);
        }
        self.claimed
    }
}
