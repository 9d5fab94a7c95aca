//! The worker's operations. In slots that the adversary spares it is an honest one, and what
//! it finds there is looked at byte by byte.

use core::time::Duration;

use arbitrary::{Result, Unstructured};
use slotway_core::head::RequestHead;
use slotway_core::worker::{Claim, Spin};
use slotway_core::{End, Waited};

use super::{Answer, PIECE_MAX, Run, Slot, byte, piece};

/// An exchange from the worker's side.
#[derive(Debug)]
pub(super) struct Claimed {
    claim: Claim,
    read: usize,
    written: usize,
    has_head: bool,
}

impl Run<'_> {
    /// One step of a worker.
    pub(super) fn work(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let what = u.int_in_range(0..=9_u8)?;
        if what < 3 {
            self.claim();
            return Ok(());
        }
        if what == 3 {
            return self.wait(u);
        }
        if self.claims.is_empty() {
            return Ok(());
        }
        let at = u.choose_index(self.claims.len())?;
        let length = u.int_in_range(0..=PIECE_MAX)?;
        match what {
            4 => self.read_request(at, length),
            5 => self.write_response(at, length),
            6 => self.head(at),
            7 => {
                let claim = &self.claims[at].claim;
                let _ = self.worker.announce(claim);
                let _ = (self.worker.watch_request(claim), self.worker.watch_response(claim));
                let _ = (self.worker.watch_cancel(claim), self.worker.cancelled(claim));
                let _ = self.worker.park_request(claim, Some(Duration::ZERO));
            }
            _ => {
                let claimed = self.claims.swap_remove(at);
                let end = if u.ratio(3, 4)? { End::Finished } else { End::Aborted };
                self.complete(claimed, end);
            }
        }
        Ok(())
    }

    fn claim(&mut self) {
        let Some(claim) = self.worker.claim() else { return };
        let (slot, generation) = (claim.slot(), claim.generation());
        if self.is_spared(slot) {
            assert_eq!(self.slots[slot as usize], Slot::Held, "claimed after its end");
            let mut exchanges = self.exchanges.iter();
            let exchange = exchanges.find(|exchange| exchange.ticket.slot() == slot);
            let ticket = &exchange.expect("it is held").ticket;
            assert_eq!((ticket.is_published(), ticket.generation()), (true, generation));
            assert!(self.claims.iter().all(|other| other.claim.slot() != slot), "claimed twice");
            let head = RequestHead::parse(self.worker.request_head(&claim)).expect("the hub's");
            let path = format!("/{slot}/{generation}");
            assert_eq!(head.path(), path.as_bytes(), "another exchange's head");
            self.answers[slot as usize] = Answer { generation, ..Answer::default() };
        }
        self.claims.push(Claimed { claim, read: 0, written: 0, has_head: false });
    }

    fn wait(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let probe = self.hub.probe_slot();
        let mut noticed = 0;
        self.worker.take_notices(|slot| {
            noticed += 1;
            if probe == Some(slot) {
                let _ = self.worker.answer_probe(slot);
            }
        });
        assert!(noticed <= super::SPEC.slots);
        match u.int_in_range(0..=3_u8)? {
            0 => drop(self.worker.arm()),
            1 => {
                let waited = self.worker.wait(&mut Spin::new(2), Some(Duration::ZERO), || false);
                assert!(matches!(waited, Waited::Work | Waited::TimedOut));
            }
            2 => self.worker.wake_all(),
            _ => {}
        }
        Ok(())
    }

    fn read_request(&mut self, at: usize, length: usize) {
        let claimed = &mut self.claims[at];
        let (slot, generation) = (claimed.claim.slot(), claimed.claim.generation());
        let mut bytes = vec![0; length];
        let (count, end, _) = self.worker.read_request(&claimed.claim, &mut bytes);
        assert!(count <= length);
        let from = claimed.read;
        claimed.read += count;
        if !self.is_spared(slot) {
            return;
        }
        for (position, &found) in (from..).zip(&bytes[..count]) {
            assert_eq!(found, byte(slot, generation, true, position), "another's byte");
        }
        let mut exchanges = self.exchanges.iter();
        let Some(exchange) = exchanges.find(|exchange| {
            exchange.ticket.slot() == slot && exchange.ticket.generation() == generation
        }) else {
            return;
        };
        assert!(from + count <= exchange.sent);
        if end != End::Open {
            assert!(exchange.ended);
            assert_eq!(from + count, exchange.sent, "who sees the end sees every byte");
        }
    }

    fn write_response(&mut self, at: usize, length: usize) {
        let claimed = &mut self.claims[at];
        let (slot, generation) = (claimed.claim.slot(), claimed.claim.generation());
        let bytes = piece(slot, generation, false, claimed.written, length);
        let count = self.worker.write_response(&claimed.claim, &bytes);
        assert!(count <= length);
        claimed.written += count;
        self.answers[slot as usize].written = claimed.written;
    }

    fn head(&mut self, at: usize) {
        let claimed = &mut self.claims[at];
        if claimed.has_head {
            return;
        }
        claimed.has_head = true;
        let generation = claimed.claim.generation().to_le_bytes();
        self.worker
            .encode_head(&claimed.claim, 200, None, |head| head.header(b"generation", &generation))
            .expect("it fits");
    }

    pub(super) fn complete(&mut self, claimed: Claimed, end: End) {
        let (slot, generation) = (claimed.claim.slot(), claimed.claim.generation());
        let answer = &mut self.answers[slot as usize];
        if answer.generation == generation {
            answer.end = Some(end);
        }
        let _ = match end {
            End::Aborted => self.worker.abort(claimed.claim),
            End::Open | End::Finished => self.worker.finish(claimed.claim),
        };
    }
}
