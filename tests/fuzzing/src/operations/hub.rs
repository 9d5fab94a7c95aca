//! The hub's operations, and what has to be true after each.

use arbitrary::{Result, Unstructured};
use slotway_core::End;
use slotway_core::head::{RequestLine, ResponseHead};
use slotway_core::hub::{Abandoned, NotEnded, Progress, PublishError, Ticket};
use slotway_core::{Violation, Watch};

use super::{PIECE_MAX, Run, SPEC, Slot, byte, piece};

/// An exchange from the hub's side.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) ticket: Ticket,
    pub(super) sent: usize,
    pub(super) ended: bool,
    received: usize,
}

impl Run<'_> {
    pub(super) fn acquire(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let acquired = match u.ratio(1, 8)? {
            true => self.hub.probe().map(|found| found.map(|(ticket, _)| ticket)),
            false => self.hub.acquire(),
        };
        let ticket = match acquired {
            Ok(Some(ticket)) => ticket,
            Ok(None) => return Ok(()),
            Err(Violation::SlotWord { slot, .. }) => {
                assert!(!self.is_spared(slot), "nobody has touched slot {slot}");
                assert_eq!(self.slots[slot as usize], Slot::Free, "handed out twice");
                self.slots[slot as usize] = Slot::Lost;
                return Ok(());
            }
            Err(other) => panic!("{other} from acquiring"),
        };
        let (slot, generation) = (ticket.slot(), ticket.generation());
        assert!(slot < SPEC.slots);
        assert_eq!(self.slots[slot as usize], Slot::Free, "handed out twice");
        self.slots[slot as usize] = Slot::Held;
        if !ticket.is_published() {
            let path = format!("/{slot}/{generation}");
            let line = RequestLine { path: path.as_bytes(), ..RequestLine::default() };
            // He may also write while a head is being written.
            let mut acted = Ok(());
            self.hub
                .encode_head(&ticket, &line, |head| {
                    acted = self.adversary.act(u);
                    head.header(b"x-a", b"b")
                })
                .expect("it fits");
            // Without words left he is through, and the exchange goes on.
            let _ = acted;
        }
        self.exchanges.push(Exchange { ticket, sent: 0, ended: false, received: 0 });
        Ok(())
    }

    /// Everything that a hub does with an exchange but end it.
    pub(super) fn use_exchange(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        if self.exchanges.is_empty() {
            return Ok(());
        }
        let at = u.choose_index(self.exchanges.len())?;
        let what = u.int_in_range(0..=9_u8)?;
        let length = u.int_in_range(0..=PIECE_MAX)?;
        let exchange = &mut self.exchanges[at];
        let ticket = &mut exchange.ticket;
        let (slot, generation) = (ticket.slot(), ticket.generation());
        let is_probe = self.hub.probe_slot() == Some(slot);
        match what {
            0 | 1 if !exchange.ended && !is_probe => {
                let bytes = piece(slot, generation, true, exchange.sent, length);
                let written = self.hub.write_body(ticket, &bytes).map(|(count, _)| count);
                let written = self.sound(slot, written);
                assert!(written.unwrap_or(0) <= length);
                self.exchanges[at].sent += written.unwrap_or(0);
            }
            2 if !exchange.ended && !is_probe => {
                exchange.ended = true;
                let _ = self.hub.end_body(ticket, End::Finished);
            }
            3 | 4 if !ticket.is_published() => match self.hub.publish(ticket) {
                Ok(_) => assert!(ticket.is_published()),
                // The queue is everybody's.
                Err(PublishError::Full | PublishError::Violated(Violation::QueueHead { .. })) => {
                    assert!(!ticket.is_published());
                }
                Err(PublishError::Violated(other)) => {
                    assert!(!self.is_spared(slot), "{other}, in a slot that nobody touched");
                }
            },
            5 => self.look(at),
            6 | 7 => self.read(at, length),
            8 => {
                let _ = (self.hub.tell_room(ticket), self.hub.is_queued(ticket));
                let watched = (self.hub.watch_response(ticket), self.hub.watch_request(ticket));
                let _ = watched == (Watch::Armed, Watch::Armed);
            }
            _ if ticket.is_published() => drop(self.hub.cancel(ticket)),
            _ => {}
        }
        Ok(())
    }

    /// In a slot that was spared there is no violation.
    fn sound<T>(&self, slot: u32, found: std::result::Result<T, Violation>) -> Option<T> {
        match found {
            Ok(found) => Some(found),
            Err(violation) => {
                assert!(!self.is_spared(slot), "{violation}, in a slot that nobody touched");
                assert!(!violation.to_string().is_empty());
                None
            }
        }
    }

    /// Looks how far it is, and at the answer's head.
    fn look(&mut self, at: usize) {
        let ticket = &self.exchanges[at].ticket;
        if !ticket.is_published() {
            return;
        }
        let (slot, generation) = (ticket.slot(), ticket.generation());
        let Some(progress) = self.sound(slot, self.hub.progress(ticket)) else { return };
        let (head_length, is_done) = match progress {
            Progress::Queued | Progress::Claimed => return,
            Progress::Answering { head_length } => (head_length, false),
            Progress::Done { head_length } => (head_length, true),
        };
        assert!(head_length <= SPEC.head_bytes);
        let mut head = vec![0; head_length as usize];
        self.hub.copy_head(ticket, &mut head);
        if !self.is_spared(slot) {
            let _ = ResponseHead::parse(&head);
            return;
        }
        let answer = self.answers[slot as usize];
        assert_eq!(answer.generation, generation, "another exchange's answer");
        assert_eq!(answer.end.is_some(), is_done, "it says that it is done when it is");
        if head_length > 0 {
            let head = ResponseHead::parse(&head).expect("an honest worker's");
            let named = head.headers().get(b"generation").expect("an honest worker's");
            assert_eq!(named, generation.to_le_bytes(), "another exchange's head");
        }
    }

    fn read(&mut self, at: usize, length: usize) {
        let exchange = &self.exchanges[at];
        let ticket = &exchange.ticket;
        let (slot, generation) = (ticket.slot(), ticket.generation());
        let Some(readable) = self.sound(slot, self.hub.readable(ticket)) else { return };
        assert!(readable.length <= SPEC.response_bytes as usize);
        let mut bytes = vec![0; length];
        let Some(count) = self.sound(slot, self.hub.read_body(ticket, &mut bytes)) else { return };
        assert!(count <= length);
        if self.is_spared(slot) {
            assert_eq!(count, length.min(readable.length), "what is there is read");
            for (position, &found) in (exchange.received..).zip(&bytes[..count]) {
                assert_eq!(found, byte(slot, generation, false, position), "another's byte");
            }
            let answer = self.answers[slot as usize];
            if readable.end != End::Open {
                let all = exchange.received + readable.length;
                assert_eq!(all, answer.written, "who sees the end sees every byte");
                assert_eq!(answer.end, Some(readable.end), "the end is the worker's");
            }
        }
        self.exchanges[at].received += count;
    }

    /// Ends an exchange in one of four ways, if it can end that way.
    pub(super) fn end_exchange(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        if self.exchanges.is_empty() {
            return Ok(());
        }
        let at = u.choose_index(self.exchanges.len())?;
        let way = u.int_in_range(0..=3_u8)?;
        let exchange = self.exchanges.swap_remove(at);
        let slot = exchange.ticket.slot();
        let (is_published, sent, ended, received) =
            (exchange.ticket.is_published(), exchange.sent, exchange.ended, exchange.received);
        let outcome = match way {
            0 if !is_published => {
                let discarded = self.hub.discard(exchange.ticket);
                self.ended(slot, discarded.map(|()| Slot::Free));
                return Ok(());
            }
            1 if is_published => self.hub.withdraw(exchange.ticket),
            2 if is_published => self.hub.release(exchange.ticket),
            _ => {
                self.abandon(exchange);
                return Ok(());
            }
        };
        match outcome {
            Ok(()) => self.ended(slot, Ok(Slot::Free)),
            Err(NotEnded::Violated(violation)) => self.ended(slot, Err(violation)),
            Err(NotEnded::Busy(ticket)) => {
                self.exchanges.push(Exchange { ticket, sent, ended, received });
            }
        }
        Ok(())
    }

    pub(super) fn abandon(&mut self, exchange: Exchange) {
        let slot = exchange.ticket.slot();
        let abandoned = self.hub.abandon(exchange.ticket).map(|abandoned| match abandoned {
            Abandoned::Freed => Slot::Free,
            Abandoned::Pending(_) => Slot::Abandoned,
        });
        self.ended(slot, abandoned);
        // Its worker may be done with it already.
        self.reap(slot);
    }

    fn ended(&mut self, slot: u32, outcome: std::result::Result<Slot, Violation>) {
        assert_eq!(self.slots[slot as usize], Slot::Held, "an exchange ends once");
        self.slots[slot as usize] = self.sound(slot, outcome).unwrap_or(Slot::Lost);
    }

    pub(super) fn look_at_attention(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let mut called = Vec::new();
        let mut acted = Ok(());
        self.hub.drain_attention(|slot| {
            called.push(slot);
            // He may also write while the map is being drained.
            if acted.is_ok() && called.len() < 8 {
                acted = self.adversary.act(u);
            }
        });
        // Each bit once: nothing that he writes meanwhile keeps the hub here.
        assert!(called.len() <= SPEC.slots as usize);
        for slot in called {
            assert!(slot < SPEC.slots);
            self.reap(slot);
        }
        if u.ratio(1, 4)? {
            let _ = self.hub.prepare_sleep();
        } else if u.ratio(1, 8)? {
            let _ = self.hub.sleep(Some(core::time::Duration::ZERO));
        }
        acted
    }

    pub(super) fn reap(&mut self, slot: u32) {
        let before = self.slots[slot as usize];
        match self.hub.reap(slot) {
            Ok(true) => {
                assert_eq!(before, Slot::Abandoned, "only what was abandoned is reaped");
                self.slots[slot as usize] = Slot::Free;
            }
            Ok(false) => {}
            Err(violation) => {
                assert!(!self.is_spared(slot), "{violation}, in a slot that nobody touched");
                assert_eq!(before, Slot::Abandoned);
                self.slots[slot as usize] = Slot::Lost;
            }
        }
    }
}
