//! Our own exchange: the hub's side of it.

use std::io;

use slotway::Options;
use slotway_core::head::RequestLine;
use slotway_core::hub::{HubSide, Lease, Progress, Ticket};
use slotway_core::map::Mapping;
use slotway_core::worker::Spin;
use slotway_core::{End, RegionSpec};

use super::cell::{Cell, State};
use crate::cpu::CpuClocks;
use crate::machine::pinned;
use crate::measure::{Effort, Sample, p50, pace};
use crate::pair::{Peer, Role};

/// As many as the greatest depth.
const SLOTS: u32 = 64;

/// A hub that is one thread and keeps so many exchanges in flight.
pub(crate) struct Hub {
    side: HubSide<Mapping, Box<[Lease]>>,
    state: State,
    spin: Spin,
    body: Vec<u8>,
    answer: Vec<u8>,
    in_flight: Vec<Option<Ticket>>,
    count: usize,
}

impl Hub {
    pub(crate) fn new(payload: usize, state: State) -> io::Result<Hub> {
        let spec = RegionSpec { slots: SLOTS, ..RegionSpec::default() };
        let mapping = Mapping::create(spec).map_err(io::Error::other)?;
        let leases = (0..spec.slots).map(|_| Lease::default()).collect();
        Ok(Hub {
            side: HubSide::new(mapping, leases),
            state,
            spin: Spin::new(Options::default_spin_cap()),
            body: vec![7; payload],
            answer: vec![0; payload],
            in_flight: (0..SLOTS).map(|_| None).collect(),
            count: 0,
        })
    }

    /// Starts the process at the other end.
    pub(crate) fn worker(&self, cell: Cell) -> io::Result<Peer> {
        let role = match self.state {
            State::Awake => Role::WorkerAwake,
            State::Asleep => Role::WorkerAsleep,
            State::Adaptive => Role::WorkerAdaptive,
        };
        Peer::start(role, self.side.get_ref().fd(), cell.placement.theirs(), cell.payload)
    }

    /// Head and body there.
    fn submit(&mut self) {
        let mut ticket = self.side.acquire().expect("an honest worker").expect("a free slot");
        let line = RequestLine {
            path: b"/hello/world",
            content_length: Some(self.body.len() as u64),
            ..RequestLine::default()
        };
        let head = self.side.encode_head(&ticket, &line, |head| head.header(b"accept", b"*/*"));
        head.expect("it fits");
        let (count, _) = self.side.write_body(&ticket, &self.body).expect("an honest worker");
        assert_eq!(count, self.body.len());
        let _ = self.side.end_body(&ticket, End::Finished);
        let _ = self.side.publish(&mut ticket).expect("room in the queue");
        let slot = ticket.slot() as usize;
        self.in_flight[slot] = Some(ticket);
        self.count += 1;
    }

    /// Head and body back, of every slot whose worker is through with it. Gives how many.
    fn collect(&mut self) -> usize {
        let Hub { side, answer, in_flight, .. } = self;
        let mut done = 0;
        side.drain_attention(|slot| {
            let Some(ticket) = in_flight[slot as usize].take() else { return };
            let Progress::Done { head_length } = side.progress(&ticket).expect("an honest worker")
            else {
                // Called for the slot's exchange before this one.
                in_flight[slot as usize] = Some(ticket);
                return;
            };
            let mut head = [0; 256];
            side.copy_head(&ticket, &mut head[..head_length as usize]);
            let count = side.read_body(&ticket, answer).expect("an honest worker");
            assert_eq!(count, answer.len());
            side.release(ticket).expect("it is done");
            done += 1;
        });
        self.count -= done;
        done
    }

    /// Waits until the worker calls, or may have.
    fn wait(&mut self) {
        match self.state {
            State::Awake => std::hint::spin_loop(),
            State::Asleep => {
                self.side.sleep(None);
            }
            State::Adaptive => {
                self.side.wait(&mut self.spin, None);
            }
        }
    }

    /// Fills up to `depth` exchanges in flight and waits until some are done; gives how
    /// many.
    pub(crate) fn turn(&mut self, depth: usize) -> usize {
        while self.count < depth {
            self.submit();
        }
        loop {
            match self.collect() {
                0 => self.wait(),
                done => return done,
            }
        }
    }

    /// The last answer's body.
    pub(crate) fn echoed(&self) -> bool {
        self.answer == self.body
    }
}

/// One round of a cell: the median latency at depth 1, else the time for each exchange.
pub(crate) fn round(cell: Cell, state: State, effort: Effort) -> io::Result<Sample> {
    let mut hub = Hub::new(cell.payload, state)?;
    let peer = hub.worker(cell)?;
    let clocks = CpuClocks::own()?.and(peer.pid())?;
    let sample = pinned(cell.placement.ours(), || match cell.depth {
        1 => p50(effort, &clocks, || {
            hub.turn(1);
        }),
        depth => pace(effort, &clocks, || hub.turn(depth)),
    })?;
    assert!(hub.echoed(), "the worker answered with other bytes");
    Ok(sample)
}
