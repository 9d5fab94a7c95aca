//! This process's way into the outbox: many threads and tasks, one at a time.
//!
//! The lock is held for as long as it takes to copy a record, so publishing costs one
//! uncontended lock for each event or each batch. Who finds no room waits in a line, first
//! come, first served; the first in the line is the one who waits for the hub: a thread
//! parks in the region, a task or an event loop asks for a notice.
//!
//! An event that is longer than the ring is kept here while it flows, at most one at a time.
//! Whoever comes next moves it on.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex};
use std::task::Waker;

use slotway_core::Watch;

use super::Event;
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::session::Session;
use crate::sync::{lock, wait};

/// One session's.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// The line has moved.
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The ring's memory is there.
    reserved: bool,
    line: VecDeque<Place>,
    next: u64,
    /// A record that is longer than the ring, and how much of it has left.
    flowing: Option<(Vec<u8>, usize)>,
    /// An event loop wants a notice when there is room.
    polled: bool,
}

/// Who waits in the line.
#[derive(Debug)]
struct Place {
    number: u64,
    /// `None`: a thread.
    task: Option<Waker>,
}

/// What is on its way through the outbox.
#[derive(Debug)]
pub(crate) struct Batch<'a, 'e> {
    what: What<'a, 'e>,
    /// How many are in the ring, the one that flows included.
    done: usize,
    /// The last of those flows still.
    flows: bool,
    /// Its place in the line, if it waits there.
    place: Option<u64>,
}

/// Events, or one record that is encoded already.
#[derive(Debug)]
enum What<'a, 'e> {
    Events(&'a [Event<'e>]),
    Record(&'a [u8]),
}

impl<'a, 'e> Batch<'a, 'e> {
    pub(crate) fn new(events: &'a [Event<'e>]) -> Batch<'a, 'e> {
        Batch { what: What::Events(events), done: 0, flows: false, place: None }
    }

    pub(crate) fn of_record(record: &'a [u8]) -> Batch<'a, 'e> {
        Batch { what: What::Record(record), done: 0, flows: false, place: None }
    }

    fn is_done(&self) -> bool {
        match self.what {
            What::Events(events) => self.done == events.len(),
            What::Record(_) => self.done > 0,
        }
    }

    /// Bytes of the next record. `None`: there is none.
    #[inline]
    fn next_length(&self) -> Option<usize> {
        match self.what {
            // Checked before it came here.
            What::Events(events) => Some(events.get(self.done)?.record().length().unwrap_or(0)),
            What::Record(record) => (self.done == 0).then_some(record.len()),
        }
    }

    /// Gives the next record to `put`, piece by piece.
    #[inline]
    fn encode_next(&mut self, mut put: impl FnMut(&[u8])) {
        match self.what {
            What::Events(events) => drop(events[self.done].record().encode(put)),
            What::Record(record) => put(record),
        }
        self.done += 1;
    }

    /// Events that are in the ring whole.
    pub(crate) fn done(&self) -> usize {
        self.done - usize::from(self.flows)
    }

    /// The session is gone, and with it what flowed through it.
    pub(crate) fn forget(&mut self) {
        self.done = self.done();
        self.flows = false;
        self.place = None;
    }
}

impl State {
    /// Moves the record that flows on. `true`: none flows any more.
    fn flow(&mut self, session: &Session) -> bool {
        while let Some((record, sent)) = &mut self.flowing {
            let mut space = session.side().outbox_space();
            let count = space.room().min(record.len() - *sent);
            if count == 0 {
                return false;
            }
            space.put(&record[*sent..*sent + count]);
            session.ring(session.side().publish_outbox(space));
            *sent += count;
            if *sent == record.len() {
                self.flowing = None;
            }
        }
        true
    }

    /// Puts in as much of the batch as there is room for. `true`: all of it.
    fn put(&mut self, session: &Session, batch: &mut Batch<'_, '_>) -> bool {
        loop {
            if !self.flow(session) {
                return false;
            }
            batch.flows = false;
            let mut space = session.side().outbox_space();
            let capacity = space.capacity();
            let mut long = None;
            while let Some(length) = batch.next_length() {
                if length > space.room() {
                    long = (length > capacity).then_some(length);
                    break;
                }
                batch.encode_next(|piece| space.put(piece));
            }
            session.ring(session.side().publish_outbox(space));
            let Some(length) = long else {
                return batch.is_done();
            };
            let mut record = Vec::with_capacity(length);
            batch.encode_next(|piece| record.extend_from_slice(piece));
            self.flowing = Some((record, 0));
            batch.flows = true;
        }
    }

    /// May the batch be put in now: it is the first in the line, or the line is empty.
    fn is_next(&self, batch: &Batch<'_, '_>) -> bool {
        self.line.front().map(|first| first.number) == batch.place
    }

    fn join(&mut self, batch: &mut Batch<'_, '_>, task: Option<Waker>) {
        let number = self.next;
        self.next += 1;
        self.line.push_back(Place { number, task });
        batch.place = Some(number);
    }

    /// Asks for a notice about room, unless there is room for whoever wants it. `true`:
    /// there may be.
    fn watch(&self, session: &Session) -> bool {
        session.side().watch_outbox() == Watch::LookAgain
    }
}

impl Outbox {
    /// Sees to it that the ring's memory is there.
    fn reserve(state: &mut State, session: &Session) -> Result<()> {
        if !state.reserved {
            let reserved = session.mapping().reserve_outbox();
            reserved.map_err(|error| Error::io("reserving memory for the outbox", error))?;
            state.reserved = true;
        }
        Ok(())
    }

    /// Puts in what there is room for now, unless others wait. `true`: all of it.
    pub(crate) fn offer(&self, session: &Session, batch: &mut Batch<'_, '_>) -> Result<bool> {
        let mut state = lock(&self.state);
        Outbox::reserve(&mut state, session)?;
        if !state.is_next(batch) {
            return Ok(false);
        }
        let done = state.put(session, batch);
        // What flows goes on by itself: nobody waits for it.
        if batch.flows {
            batch.flows = false;
            self.settle(&mut state, session);
            return Ok(batch.is_done());
        }
        Ok(done)
    }

    /// Waits until the whole batch is in. `Ok(false)`: the session has ended.
    pub(crate) fn put(
        &self,
        session: &Session,
        batch: &mut Batch<'_, '_>,
        deadline: &mut Deadline,
    ) -> Result<bool> {
        let mut state = lock(&self.state);
        Outbox::reserve(&mut state, session)?;
        if state.is_next(batch) && state.put(session, batch) {
            return Ok(true);
        }
        state.join(batch, None);
        let result = loop {
            if session.is_closed() {
                break Ok(false);
            }
            if state.is_next(batch) && state.put(session, batch) {
                break Ok(true);
            }
            // What has begun to flow flows on: half an event cannot be taken back.
            let left = match deadline.left() {
                Ok(left) => left,
                Err(_) if batch.flows => None,
                Err(_) => break Err(Error::Timeout),
            };
            if state.is_next(batch) {
                drop(state);
                session.side().park_outbox(left);
                state = lock(&self.state);
            } else {
                state = wait(&self.moved, state, left);
            }
        };
        self.leave(&mut state, session, batch);
        result
    }

    /// The same for a task: `None` means that its waker will be called.
    pub(crate) fn poll_put(
        &self,
        session: &Session,
        batch: &mut Batch<'_, '_>,
        waker: &Waker,
    ) -> Result<Option<bool>> {
        let mut state = lock(&self.state);
        Outbox::reserve(&mut state, session)?;
        loop {
            if session.is_closed() {
                self.leave(&mut state, session, batch);
                return Ok(Some(false));
            }
            if state.is_next(batch) && state.put(session, batch) {
                self.leave(&mut state, session, batch);
                return Ok(Some(true));
            }
            match batch.place {
                None => state.join(batch, Some(waker.clone())),
                Some(number) => {
                    let places = &mut state.line;
                    if let Some(place) = places.iter_mut().find(|place| place.number == number) {
                        place.task = Some(waker.clone());
                    }
                }
            }
            if !state.is_next(batch) || !state.watch(session) {
                return Ok(None);
            }
        }
    }

    /// A task does not wait any more.
    pub(crate) fn give_up(&self, session: &Session, batch: &mut Batch<'_, '_>) {
        if batch.place.is_some() {
            self.leave(&mut lock(&self.state), session, batch);
        }
    }

    /// Whether there may be more room than at the last look; if not an event loop gets a
    /// notice when there is.
    pub(crate) fn poll_room(&self, session: &Session) -> bool {
        let state = &mut *lock(&self.state);
        state.flow(session);
        // Who is in the line tells when it leaves.
        let again = state.line.is_empty() && state.watch(session);
        state.polled = !again;
        again
    }

    /// There may be room: by whoever took the notice. `true`: an event loop waits for it.
    pub(crate) fn attend(&self, session: &Session) -> bool {
        let state = &mut *lock(&self.state);
        state.flow(session);
        if let Some(Place { task: Some(waker), .. }) = state.line.front() {
            waker.wake_by_ref();
        }
        let told = state.line.is_empty() && std::mem::take(&mut state.polled);
        self.settle(state, session);
        told
    }

    /// Everybody who waits is to look again: the session has ended.
    pub(crate) fn wake_all(&self) -> bool {
        let mut state = lock(&self.state);
        for place in &state.line {
            if let Some(waker) = &place.task {
                waker.wake_by_ref();
            }
        }
        self.moved.notify_all();
        std::mem::take(&mut state.polled)
    }

    fn leave(&self, state: &mut State, session: &Session, batch: &mut Batch<'_, '_>) {
        if let Some(number) = batch.place.take() {
            state.line.retain(|place| place.number != number);
        }
        match state.line.front() {
            Some(Place { task: Some(waker), .. }) => waker.wake_by_ref(),
            Some(Place { task: None, .. }) => self.moved.notify_all(),
            None => self.settle(state, session),
        }
    }

    /// Nobody waits for room in the region: what flows, and an event loop, need a notice.
    fn settle(&self, state: &mut State, session: &Session) {
        if state.line.is_empty() {
            while (!state.flow(session) || state.polled) && !session.is_closed() {
                if !state.watch(session) {
                    return;
                }
                if state.polled {
                    session.notices().push(super::PUBLISHER_TOKEN);
                    state.polled = false;
                }
            }
        }
    }
}
