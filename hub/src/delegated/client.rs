//! A client, the feed of its path, and the worker that knows it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::counts::NameCounts;
use super::head::Head;
use super::path::Key;
use super::tell::{Teller, Untold};
use crate::instance::Registration;
use crate::registry::Place;
use crate::routing::{HostPattern, Pattern};
use crate::sse::{Entry, Farewell, Feed, Full, Ticket};

/// How many departures a registration is told of at a time.
const TOLD_AT_A_TIME: usize = 32;

/// A path that has clients: of one name, and of one host pattern.
pub(crate) struct Path {
    pub(super) name: Arc<str>,
    pub(super) host: Option<HostPattern>,
    pub(super) key: Key,
    /// As its first client sent it.
    pub(super) text: Arc<str>,
    pub(super) pattern: Pattern,
    /// The values of the pattern's parameters.
    pub(super) values: Box<[Box<[u8]>]>,
    feed: Feed<Frame>,
    last: Mutex<Last>,
    pub(super) counts: Arc<NameCounts>,
    teller: Teller,
}

/// An event, encoded.
pub(super) struct Frame(Bytes);

impl Entry for Frame {
    fn size(&self) -> usize {
        self.0.len()
    }

    /// Nobody comes back to a place in this order.
    fn mark(&self) -> u64 {
        0
    }

    fn write(&self, into: &mut Vec<u8>) {
        into.extend_from_slice(&self.0);
    }
}

/// The last event's id that was pushed, and how many there were until then.
#[derive(Debug, Default, Clone)]
struct Last {
    count: u64,
    id: Option<Box<str>>,
}

impl Path {
    pub(super) fn new(
        name: Arc<str>,
        place: PathPlace,
        feed: Feed<Frame>,
        counts: Arc<NameCounts>,
        teller: Teller,
    ) -> Path {
        let PathPlace { host, key, text, pattern, values } = place;
        let last = Mutex::default();
        Path { name, host, key, text, pattern, values, feed, last, counts, teller }
    }

    pub(super) fn feed(&self) -> &Feed<Frame> {
        &self.feed
    }

    /// Pushes an event to all clients.
    pub(super) fn append(&self, event: &Bytes, id: Option<&str>) -> Result<(), Full> {
        self.feed.append(Frame(event.clone()))?;
        if let Some(id) = id {
            let mut last = self.last();
            *last = Last { count: last.count + 1, id: Some(id.into()) };
        }
        Ok(())
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        // Nothing that can panic runs under the lock.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Path")
            .field("name", &self.name)
            .field("text", &self.text)
            .finish_non_exhaustive()
    }
}

/// Where a path is.
#[derive(Debug)]
pub(super) struct PathPlace {
    pub(super) host: Option<HostPattern>,
    pub(super) key: Key,
    pub(super) text: Arc<str>,
    pub(super) pattern: Pattern,
    pub(super) values: Box<[Box<[u8]>]>,
}

/// A registration that has clients.
#[derive(Debug)]
pub(crate) struct Owner {
    pub(super) registration: Arc<Registration>,
    /// For what it is told.
    pub(super) turns: Semaphore,
}

impl Owner {
    pub(super) fn new(registration: Arc<Registration>) -> Arc<Owner> {
        Arc::new(Owner { registration, turns: Semaphore::new(TOLD_AT_A_TIME) })
    }

    /// Whether it takes what is new.
    pub(super) fn is_live(&self) -> bool {
        self.registration.instance.is_live() && !self.registration.is_closing()
    }

    pub(super) fn key(&self) -> OwnerKey {
        owner_key(&self.registration)
    }
}

/// Tells registrations apart for as long as somebody has them.
pub(super) type OwnerKey = usize;

pub(super) fn owner_key(registration: &Arc<Registration>) -> OwnerKey {
    Arc::as_ptr(registration).addr()
}

/// Who has heard of a client, by which of its routes.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(super) owner: Arc<Owner>,
    pub(super) route: u32,
}

impl Heard {
    pub(super) fn place(&self) -> Place {
        Place { registration: self.owner.registration.clone(), route: self.route }
    }
}

/// A client that is there. When everybody has let go of it, its worker is told that it is
/// gone.
pub(crate) struct Client {
    id: u64,
    pub(super) path: Arc<Path>,
    pub(super) ticket: Ticket,
    pub(super) head: Head,
    /// The worker that believes to have it.
    heard: Mutex<Option<Heard>>,
    /// The last event's id that was pushed to it alone; before, the path's count when it came.
    last: Mutex<Last>,
    closing: AtomicBool,
}

impl Client {
    pub(super) fn new(id: u64, path: Arc<Path>, ticket: Ticket, head: Head) -> Client {
        let count = path.last().count;
        let last = Mutex::new(Last { count, id: None });
        let (heard, closing) = (Mutex::default(), AtomicBool::new(false));
        Client { id, path, ticket, head, heard, last, closing }
    }

    /// Its number.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The worker that believes to have it.
    pub(super) fn heard(&self) -> Option<Heard> {
        self.lock_heard().clone()
    }

    pub(super) fn set_heard(&self, heard: Option<Heard>) {
        *self.lock_heard() = heard;
    }

    /// Nobody has heard of it: its worker went before it looked, or would not have it.
    pub(crate) fn unheard(&self) {
        self.set_heard(None);
    }

    fn lock_heard(&self) -> MutexGuard<'_, Option<Heard>> {
        // Nothing that can panic runs under the lock.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pushes an event to it alone.
    pub(super) fn send(&self, event: Bytes, id: Option<&str>) -> Result<(), Full> {
        if self.is_closing() {
            return Err(Full::Closed);
        }
        self.path.feed.send(self.ticket, event)?;
        if let Some(id) = id {
            let mut of_path = self.path.last();
            of_path.count += 1;
            *self.last() = Last { count: of_path.count, id: Some(id.into()) };
        }
        Ok(())
    }

    /// Ends its stream behind everything that was pushed to it.
    pub(super) fn end(&self, farewell: Farewell) {
        // Relaxed: who pushes at the same moment may come first.
        if !self.closing.swap(true, Ordering::Relaxed) {
            self.path.feed.end(self.ticket, farewell);
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        // Relaxed: as above.
        self.closing.load(Ordering::Relaxed)
    }

    /// The id of the last event that was pushed to it since it came, if one had an id.
    pub(super) fn last_event_id(&self) -> Option<Box<str>> {
        let of_path = self.path.last().clone();
        let own = self.last().clone();
        if of_path.id.is_some() && of_path.count > own.count { of_path.id } else { own.id }
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        // Nothing that can panic runs under the lock.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // Not asked here whether it is live: it may be in a moment what it is not now, never
        // the other way round, and who tells looks.
        let heard = self.lock_heard().take();
        if let Some(heard) = heard {
            let (id, path, head) = (self.id, self.path.clone(), std::mem::take(&mut self.head));
            self.path.teller.tell(Untold { id, path, head, heard });
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("path", &self.path.text)
            .finish_non_exhaustive()
    }
}
