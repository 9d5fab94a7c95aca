//! One stream of events for many clients.
//!
//! Whoever has an event leaves it in the inbox and goes on. The feed's task takes everything
//! that is there, encodes it into one batch, appends that to the log and wakes those who
//! wait for it. While it does, the inbox fills with the next batch: so the more there is to
//! do, the more events leave in one write.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::encode::COMMENT;
use super::log::{Log, Seat, Ticket};
use super::{Counts, Farewell, Reason, Total};
use crate::alarm::Alarm;

/// Bytes of one batch, give or take the last event in it.
const BATCH_BYTES: usize = 64 << 10;
/// Clients that are woken before others have their turn.
const WAKES_AT_A_TIME: usize = 64;

/// Something that a feed carries.
pub(crate) trait Entry: Send + 'static {
    /// About as many bytes as it will have.
    fn size(&self) -> usize;

    /// Its place in the order of all, which grows: where a client that joins was.
    fn mark(&self) -> u64;

    /// Writes it as a client gets it, behind what is there.
    fn write(&self, into: &mut Vec<u8>);
}

/// How large a feed may become, and what it does when nothing happens.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Bytes that wait to be encoded at most, that are kept for clients which have not taken
    /// them, and that are there for one client alone: each for itself.
    pub(crate) bytes: usize,
    /// After how long without an event clients get a comment.
    pub(crate) keep_alive: Duration,
    /// Where its streams are counted.
    pub(crate) counts: Arc<Counts>,
}

/// Why something was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// There is no room.
    Full,
    /// The feed or the client has come to its end.
    Closed,
}

/// The publisher's end. When it is dropped, its clients' streams end.
pub(crate) struct Feed<E: Entry> {
    inner: Arc<Inner<E>>,
}

struct Inner<E> {
    inbox: Mutex<Inbox<E>>,
    log: Arc<Log>,
    settings: Settings,
}

struct Inbox<E> {
    items: Vec<Item<E>>,
    bytes: usize,
    /// The task's, while it waits. Whoever takes it wakes it.
    waker: Option<Waker>,
    /// The task has items that it has not encoded.
    busy: bool,
    closing: Option<Farewell>,
}

enum Item<E> {
    Entry(E),
    /// So many entries were lost here.
    Lost(u64),
    Own(Ticket, Bytes),
    End(Ticket, Farewell),
}

impl<E: Entry> Feed<E> {
    /// Starts one in the current runtime. `mark`: that of the last event before its first.
    ///
    /// `total`: what it shares with others.
    pub(super) fn start(settings: Settings, mark: u64, total: Arc<Total>) -> Feed<E> {
        let inbox = Inbox { items: Vec::new(), bytes: 0, waker: None, busy: false, closing: None };
        let log = Log::new(settings.bytes, total, mark, settings.counts.clone());
        let inner = Arc::new(Inner { inbox: Mutex::new(inbox), log: Arc::new(log), settings });
        tokio::spawn(pump(inner.clone()));
        Feed { inner }
    }

    /// Everything up to a mark was before this feed; who joins is told so.
    pub(crate) fn begin_after(&self, mark: u64) {
        self.inner.log.begin_after(mark);
    }

    /// Whether everything that was appended has been encoded.
    pub(crate) fn is_settled(&self) -> bool {
        let inbox = self.inner.lock();
        inbox.items.is_empty() && !inbox.busy
    }

    /// Takes a seat: whatever is appended from here on comes there.
    pub(crate) fn join(&self) -> Seat {
        self.inner.log.join()
    }

    /// Appends something for all. It never waits.
    ///
    /// # Errors
    ///
    /// There is no room because its task does not keep up, or it is closed.
    pub(crate) fn append(&self, entry: E) -> Result<(), Full> {
        self.inner.lock().append(entry, self.inner.settings.bytes)
    }

    /// The same, except that what there is no room for becomes a gap.
    pub(crate) fn append_or_lose(&self, entry: E) {
        let mut inbox = self.inner.lock();
        if inbox.append(entry, self.inner.settings.bytes) == Err(Full::Full) {
            match inbox.items.last_mut() {
                Some(Item::Lost(count)) => *count += 1,
                _ => inbox.items.push(Item::Lost(1)),
            }
        }
    }

    /// Sends bytes, whole events, to one client: behind everything that was appended before.
    ///
    /// # Errors
    ///
    /// The client has as much before it as it may, or it is gone.
    pub(crate) fn send(&self, to: Ticket, bytes: Bytes) -> Result<(), Full> {
        // Lest it be told that it is taken when the task has come to its end.
        if self.inner.lock().closing.is_some() {
            return Err(Full::Closed);
        }
        self.inner.log.reserve(to, bytes.len())?;
        let mut inbox = self.inner.lock();
        inbox.push(Item::Own(to, bytes));
        Ok(())
    }

    /// Ends one client's stream behind everything that was appended before.
    pub(crate) fn end(&self, client: Ticket, farewell: Farewell) {
        self.inner.lock().push(Item::End(client, farewell));
    }

    /// Ends all streams behind everything that was appended before. Only the first word
    /// counts.
    pub(crate) fn close(&self, farewell: Farewell) {
        self.inner.close(farewell);
    }

    pub(super) fn closer(&self) -> Arc<dyn Close> {
        self.inner.clone()
    }

    /// Clients that are there.
    pub(crate) fn clients(&self) -> usize {
        self.inner.log.seats()
    }
}

/// A feed of any kind, to be ended.
pub(super) trait Close: Send + Sync {
    /// As [`Feed::close`].
    fn close(&self, farewell: Farewell);
}

impl<E: Entry> Close for Inner<E> {
    fn close(&self, farewell: Farewell) {
        let mut inbox = self.lock();
        inbox.closing.get_or_insert(farewell);
        inbox.wake();
    }
}

impl<E: Entry> Drop for Feed<E> {
    fn drop(&mut self) {
        self.close(Farewell::new(Reason::Closed));
    }
}

impl<E: Entry> fmt::Debug for Feed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("clients", &self.clients()).finish_non_exhaustive()
    }
}

impl<E: Entry> Inbox<E> {
    fn append(&mut self, entry: E, bytes_max: usize) -> Result<(), Full> {
        if self.closing.is_some() {
            return Err(Full::Closed);
        }
        // Something always fits, or what is larger than the feed would never come through.
        let size = entry.size();
        if !self.items.is_empty() && self.bytes + size > bytes_max {
            return Err(Full::Full);
        }
        self.bytes += size;
        self.push(Item::Entry(entry));
        Ok(())
    }

    fn push(&mut self, item: Item<E>) {
        self.items.push(item);
        self.wake();
    }

    /// Wakes the task, if nobody has since it waits.
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// What the task does next.
enum Work {
    /// Encodes what it was given; then ends, if it is told to.
    Take(Option<Farewell>),
    KeepAlive,
}

impl<E: Entry> Inner<E> {
    fn lock(&self) -> MutexGuard<'_, Inbox<E>> {
        // Nothing that can panic runs under the lock.
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_work(
        &self,
        cx: &mut Context<'_>,
        items: &mut Vec<Item<E>>,
        quiet_since: Instant,
        alarm: &mut Alarm,
    ) -> Poll<Work> {
        let mut inbox = self.lock();
        if !inbox.items.is_empty() || inbox.closing.is_some() {
            std::mem::swap(&mut inbox.items, items);
            inbox.bytes = 0;
            inbox.busy = true;
            return Poll::Ready(Work::Take(inbox.closing));
        }
        inbox.busy = false;
        inbox.waker = Some(cx.waker().clone());
        drop(inbox);
        alarm.poll_at(cx, quiet_since + self.settings.keep_alive).map(|()| Work::KeepAlive)
    }

    /// Wakes those who have something to do, in turns.
    async fn wake(&self, wakers: &mut Vec<Waker>) {
        let mut from = Some(0);
        while let Some(at) = from {
            from = self.log.wakers(at, wakers);
            for waker in wakers.drain(..) {
                waker.wake();
            }
            if from.is_some() {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Encodes items, batch by batch.
    async fn encode(&self, items: &mut Vec<Item<E>>, wakers: &mut Vec<Waker>) {
        let mut batch = Batch::default();
        for item in items.drain(..) {
            match item {
                Item::Entry(entry) => {
                    batch.add(&entry);
                    if batch.bytes.len() >= BATCH_BYTES {
                        batch.append_to(&self.log);
                        self.wake(wakers).await;
                    }
                }
                Item::Lost(count) => {
                    batch.append_to(&self.log);
                    self.log.lose(count);
                }
                Item::Own(to, bytes) => {
                    batch.append_to(&self.log);
                    self.log.give(to, bytes);
                }
                Item::End(client, farewell) => {
                    batch.append_to(&self.log);
                    self.log.end(client, farewell);
                }
            }
        }
        batch.append_to(&self.log);
        self.wake(wakers).await;
    }
}

#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    count: u64,
    mark: Option<u64>,
}

impl Batch {
    fn add<E: Entry>(&mut self, entry: &E) {
        entry.write(&mut self.bytes);
        self.count += 1;
        self.mark = Some(entry.mark());
    }

    fn append_to(&mut self, log: &Log) {
        let Batch { mut bytes, count, mark } = std::mem::take(self);
        if count > 0 {
            // It stays for as long as the slowest client takes.
            bytes.shrink_to_fit();
            log.append(bytes.into(), count, mark);
        }
    }
}

/// A feed's task. It ends when the feed is closed.
async fn pump<E: Entry>(feed: Arc<Inner<E>>) {
    let mut items = Vec::new();
    let mut wakers = Vec::with_capacity(WAKES_AT_A_TIME);
    let mut alarm = Alarm::default();
    let mut quiet_since = Instant::now();
    loop {
        let work = poll_fn(|cx| feed.poll_work(cx, &mut items, quiet_since, &mut alarm)).await;
        match work {
            Work::Take(closing) => {
                feed.encode(&mut items, &mut wakers).await;
                if let Some(farewell) = closing {
                    feed.log.close(farewell);
                    return feed.wake(&mut wakers).await;
                }
            }
            Work::KeepAlive => {
                if feed.log.seats() > 0 {
                    feed.log.append(Bytes::from_static(COMMENT), 0, None);
                    feed.wake(&mut wakers).await;
                }
            }
        }
        quiet_since = Instant::now();
        // What was a flood need not be remembered by the memory that it took.
        items.shrink_to(1024);
    }
}

#[cfg(test)]
mod tests;
