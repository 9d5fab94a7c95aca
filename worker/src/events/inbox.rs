//! Who reads the inbox: one at a time, for everybody.
//!
//! Whoever waits for something takes the reader, if nobody has it, and gives each record to
//! the queue that it is for; threads that come meanwhile wait on their own queue. A reader
//! that finds nothing parks in the region. When it has what it came for it gives the reader
//! back, and one of those that wait takes it.
//!
//! Tasks and event loops do not park: for them the inbox is watched, and whoever takes the
//! hub's notice, an event loop or the control thread, reads in their place.
//!
//! Locks are taken in the order table of queues, queue, reader.

use std::sync::Mutex;

use slotway_core::Watch;
use slotway_core::record;

use super::Events;
use crate::session::Session;
use crate::sync::lock;

/// Bytes that are taken at a time.
const CHUNK: usize = 64 << 10;
/// How often a thread that reads for others takes so much before it sees to its own work.
const CHUNKS_A_TURN: usize = 32;

/// One session's.
#[derive(Debug)]
pub(crate) struct Inbox {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// `None`: somebody has it.
    reader: Option<Reader>,
    /// A task or an event loop has asked for notices, once: they go on.
    watched: bool,
    /// Whoever has the reader is to look again before it gives it back.
    again: bool,
}

/// What was taken out of the ring and not understood yet.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// Its length is how much room there is.
    buffer: Vec<u8>,
    filled: usize,
    /// The hub has written what is no record: nothing more can be read.
    broken: bool,
}

impl Default for Inbox {
    fn default() -> Inbox {
        let reader = Some(Reader::default());
        Inbox { state: Mutex::new(State { reader, watched: false, again: false }) }
    }
}

impl Reader {
    /// Takes what there is, a chunk at most, and hands out what is whole. `true`: there was
    /// something.
    pub(super) fn read(&mut self, session: &Session, events: &Events) -> bool {
        if self.broken {
            return false;
        }
        // What there is of a record stays; its whole length is made room for only as it comes.
        if self.buffer.len() - self.filled < CHUNK / 2 {
            let target = (self.filled * 2).max(CHUNK);
            self.buffer.resize(target, 0);
        }
        let count = session.side().read_inbox(&mut self.buffer[self.filled..]);
        if count == 0 {
            return false;
        }
        session.ring(session.side().tell_inbox());
        self.filled += count;
        let mut at = 0;
        let mut hand_out = events.hand_out(session);
        loop {
            match record::first(&self.buffer[at..self.filled]) {
                Ok(Some(record)) => {
                    hand_out.record(record);
                    at += record.len();
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::error!(%error, "the hub wrote what is no record; no event comes any more");
                    self.broken = true;
                    break;
                }
            }
        }
        drop(hand_out);
        self.buffer.copy_within(at..self.filled, 0);
        self.filled -= at;
        if self.filled < CHUNK && self.buffer.len() > 4 * CHUNK {
            self.buffer.truncate(CHUNK);
            self.buffer.shrink_to_fit();
        }
        true
    }

    /// Takes what there is, and has the inbox watched from then on.
    fn read_and_watch(&mut self, session: &Session, events: &Events) {
        // A hub that writes without a break must not keep this thread for ever.
        for _ in 0..CHUNKS_A_TURN {
            if self.read(session, events) {
                continue;
            }
            if self.broken || session.side().watch_inbox() == Watch::Armed {
                return;
            }
        }
        events.remind(session);
    }
}

impl Inbox {
    /// The reader, if nobody has it.
    pub(super) fn take(&self) -> Option<Reader> {
        lock(&self.state).reader.take()
    }

    /// Gives the reader back and wakes who may want it.
    pub(super) fn give_back(&self, mut reader: Reader, session: &Session, events: &Events) {
        let mut armed = false;
        loop {
            let mut state = lock(&self.state);
            if !std::mem::take(&mut state.again) && (armed || !state.watched) {
                state.reader = Some(reader);
                break;
            }
            drop(state);
            reader.read_and_watch(session, events);
            armed = true;
        }
        events.wake_followers();
    }

    /// Reads what there is, without waiting, if nobody else does. `true`: it read something.
    pub(super) fn look(&self, session: &Session, events: &Events) -> bool {
        let Some(mut reader) = self.take() else { return false };
        let found = reader.read(session, events);
        self.give_back(reader, session, events);
        found
    }

    /// Whether nobody has the reader.
    pub(super) fn is_free(&self) -> bool {
        lock(&self.state).reader.is_some()
    }

    /// A task or an event loop wants to be told: reads what there is, and has the inbox
    /// watched from now on. Also for whoever has taken a notice.
    pub(super) fn attend(&self, session: &Session, events: &Events, watch: bool) {
        let mut state = lock(&self.state);
        state.watched |= watch;
        if !state.watched {
            return;
        }
        match state.reader.take() {
            Some(mut reader) => {
                drop(state);
                reader.read_and_watch(session, events);
                self.give_back_armed(reader, session, events);
            }
            None => state.again = true,
        }
    }

    fn give_back_armed(&self, mut reader: Reader, session: &Session, events: &Events) {
        loop {
            let mut state = lock(&self.state);
            if !std::mem::take(&mut state.again) {
                state.reader = Some(reader);
                break;
            }
            drop(state);
            reader.read_and_watch(session, events);
        }
        events.wake_followers();
    }
}
