//! What a feed holds for its clients, and how far each of them is.
//!
//! The log is a row of batches, each one piece of memory that all clients share. A batch goes
//! when every client has taken it, or when the log holds as many bytes as it may; a client
//! that had not taken it finds out by the count of events, which goes on whatever is lost.
//!
//! One lock, held for one look. A client that waits leaves its waker at its seat, under the
//! same lock under which it saw that there is nothing: so a batch either was there or wakes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::{Counts, Farewell, Full, Total};

/// What a batch is counted for besides its bytes.
const BATCH_OVERHEAD: usize = 64;
/// Seats that are looked at under the lock at a time.
const SEATS_AT_A_TIME: usize = 4096;

/// One feed's.
#[derive(Debug)]
pub(super) struct Log {
    state: Mutex<State>,
    /// Bytes of batches at most, and of what is for one client alone.
    bytes_max: usize,
    /// Of all logs together.
    total: Arc<Total>,
    pub(super) counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct State {
    batches: VecDeque<Batch>,
    /// The number of the first of them.
    first: u64,
    bytes: usize,
    /// Events until here, those that were lost among them.
    events: u64,
    mark: u64,
    seats: Vec<Option<Place>>,
    free: Vec<u32>,
    tickets: u64,
    end: Option<Farewell>,
}

#[derive(Debug)]
struct Batch {
    bytes: Bytes,
    /// Events before it.
    start: u64,
    count: u64,
}

/// Where a client is.
#[derive(Debug)]
struct Place {
    number: u64,
    /// The batch that it takes next.
    next: u64,
    /// Events that it has taken or been told of.
    seen: u64,
    waker: Option<Waker>,
    /// Rarely there: only what one client gets alone.
    own: Option<Box<Own>>,
}

#[derive(Debug, Default)]
struct Own {
    /// Each with the number of the batch that it comes before.
    frames: VecDeque<(u64, Bytes)>,
    /// Of those, and of what is on its way here.
    bytes: usize,
    end: Option<(u64, Farewell)>,
}

/// Says which client is meant. It never means another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    seat: u32,
    number: u64,
}

/// A client's place in a feed, until this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    log: Arc<Log>,
    ticket: Ticket,
    mark: u64,
}

/// What a client does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Sends this.
    Frame(Bytes),
    /// Takes note that so many events are gone. What it gets next came after them.
    Lag(u64),
    /// Ends.
    End(Farewell),
}

impl Log {
    pub(super) fn new(bytes_max: usize, total: Arc<Total>, mark: u64, counts: Arc<Counts>) -> Log {
        Log { state: Mutex::new(State { mark, ..State::default() }), bytes_max, total, counts }
    }

    /// Takes a seat at the end of the log.
    pub(super) fn join(self: &Arc<Self>) -> Seat {
        let mut state = self.lock();
        state.tickets += 1;
        let place = Place {
            number: state.tickets,
            next: state.first + state.batches.len() as u64,
            seen: state.events,
            waker: None,
            own: None,
        };
        let seat = match state.free.pop() {
            Some(seat) => seat,
            None => {
                state.seats.push(None);
                // As many clients as there are descriptors.
                state.seats.len() as u32 - 1
            }
        };
        state.seats[seat as usize] = Some(place);
        let (ticket, mark) = (Ticket { seat, number: state.tickets }, state.mark);
        drop(state);
        Seat { log: self.clone(), ticket, mark }
    }

    /// Appends a batch of so many events.
    pub(super) fn append(&self, bytes: Bytes, count: u64, mark: Option<u64>) {
        let mut state = self.lock();
        let start = state.events;
        state.events += count;
        state.mark = mark.unwrap_or(state.mark);
        let cost = bytes.len() + BATCH_OVERHEAD;
        state.bytes += cost;
        let bytes_max = if self.total.add(cost) { self.bytes_max } else { 0 };
        state.batches.push_back(Batch { bytes, start, count });
        // What everybody has, then what there is no room for; never the last one.
        let end = state.first + state.batches.len() as u64;
        let taken = state.places().map(|place| place.next).min().unwrap_or(end);
        while state.batches.len() > 1
            && (state.first < taken || state.bytes > bytes_max)
            && let Some(batch) = state.batches.pop_front()
        {
            state.first += 1;
            let cost = batch.bytes.len() + BATCH_OVERHEAD;
            state.bytes -= cost;
            self.total.remove(cost);
        }
    }

    /// Everything up to a mark was before this log.
    pub(super) fn begin_after(&self, mark: u64) {
        let mut state = self.lock();
        state.mark = state.mark.max(mark);
    }

    /// Notes that events are gone before they were appended.
    pub(super) fn lose(&self, count: u64) {
        self.lock().events += count;
    }

    /// Reserves room for something that one client gets alone.
    pub(super) fn reserve(&self, ticket: Ticket, bytes: usize) -> Result<(), Full> {
        let mut state = self.lock();
        let Some(place) = state.place(ticket) else { return Err(Full::Closed) };
        let own = place.own.get_or_insert_default();
        if own.bytes > 0 && own.bytes + bytes > self.bytes_max {
            return Err(Full::Full);
        }
        own.bytes += bytes;
        Ok(())
    }

    /// Puts it at the end of what that client gets.
    pub(super) fn give(&self, ticket: Ticket, bytes: Bytes) {
        let mut state = self.lock();
        let next = state.first + state.batches.len() as u64;
        if let Some(place) = state.place(ticket) {
            place.own.get_or_insert_default().frames.push_back((next, bytes));
        }
    }

    /// Ends one client's stream here.
    pub(super) fn end(&self, ticket: Ticket, farewell: Farewell) {
        let mut state = self.lock();
        let next = state.first + state.batches.len() as u64;
        if let Some(place) = state.place(ticket) {
            place.own.get_or_insert_default().end.get_or_insert((next, farewell));
        }
    }

    /// Ends all clients' streams here.
    pub(super) fn close(&self, farewell: Farewell) {
        self.lock().end.get_or_insert(farewell);
    }

    /// How many have a seat.
    pub(super) fn seats(&self) -> usize {
        let state = self.lock();
        state.seats.len() - state.free.len()
    }

    /// Takes the wakers of clients that have something to do, from a seat on, as many as
    /// there is room for. Gives the seat to go on with, if there are more.
    pub(super) fn wakers(&self, from: usize, into: &mut Vec<Waker>) -> Option<usize> {
        let mut state = self.lock();
        let (end, events) = (state.first + state.batches.len() as u64, state.events);
        let closed = state.end.is_some();
        let stop = (from + SEATS_AT_A_TIME).min(state.seats.len());
        for at in from..stop {
            if into.len() == into.capacity() {
                return Some(at);
            }
            let Some(place) = &mut state.seats[at] else { continue };
            if closed || place.next < end || place.seen < events || place.own.is_some() {
                into.extend(place.waker.take());
            }
        }
        (stop < state.seats.len()).then_some(stop)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let bytes = self.lock().bytes;
        self.total.remove(bytes);
    }
}

impl State {
    fn places(&self) -> impl Iterator<Item = &Place> {
        self.seats.iter().flatten()
    }

    fn place(&mut self, ticket: Ticket) -> Option<&mut Place> {
        let place = self.seats.get_mut(ticket.seat as usize)?.as_mut()?;
        (place.number == ticket.number).then_some(place)
    }

    fn next(&mut self, ticket: Ticket) -> Option<(Next, u64)> {
        let State { batches, first, events, end: closed, .. } = &*self;
        let (first, events, closed) = (*first, *events, *closed);
        let end = first + batches.len() as u64;
        let oldest = batches.front().map_or(events, |batch| batch.start);
        // The fields of the state apart, so that a batch can be read beside a seat.
        let place = self.seats.get_mut(ticket.seat as usize)?.as_mut()?;
        if let Some(own) = &mut place.own {
            if own.frames.front().is_some_and(|(at, _)| *at <= place.next)
                && let Some((_, bytes)) = own.frames.pop_front()
            {
                own.bytes = own.bytes.saturating_sub(bytes.len());
                return Some((Next::Frame(bytes), 1));
            }
            match own.end {
                Some((at, farewell)) if at <= place.next => {
                    return Some((Next::End(farewell), 0));
                }
                None if own.bytes == 0 && own.frames.is_empty() => place.own = None,
                _ => {}
            }
        }
        if place.next < first {
            let missed = oldest - place.seen;
            (place.next, place.seen) = (first, oldest);
            // Batches without events are missed by nobody.
            if missed > 0 {
                return Some((Next::Lag(missed), 0));
            }
        }
        if place.next == end {
            if place.seen < events {
                let missed = events - place.seen;
                place.seen = events;
                return Some((Next::Lag(missed), 0));
            }
            return closed.map(|farewell| (Next::End(farewell), 0));
        }
        let batch = &self.batches[(place.next - first) as usize];
        if place.seen < batch.start {
            let missed = batch.start - place.seen;
            place.seen = batch.start;
            return Some((Next::Lag(missed), 0));
        }
        place.next += 1;
        place.seen += batch.count;
        Some((Next::Frame(batch.bytes.clone()), batch.count))
    }
}

impl Seat {
    /// Says which client it is.
    pub(crate) fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// The mark of the last event that it does not get: everything after it, it does.
    pub(crate) fn mark(&self) -> u64 {
        self.mark
    }

    /// The next thing to do, and how many events it is.
    pub(super) fn poll_next(&self, cx: &Context<'_>) -> Poll<(Next, u64)> {
        let mut state = self.log.lock();
        if let Some(next) = state.next(self.ticket) {
            return Poll::Ready(next);
        }
        if let Some(place) = state.place(self.ticket) {
            match &mut place.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
        }
        Poll::Pending
    }

    pub(super) fn counts(&self) -> &Arc<Counts> {
        &self.log.counts
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self.log.lock();
        let seat = self.ticket.seat;
        let place = state.seats[seat as usize].take();
        state.free.push(seat);
        drop(state);
        // Its waker and what it had for itself, not under the lock.
        drop(place);
    }
}
