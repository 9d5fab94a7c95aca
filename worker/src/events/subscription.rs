//! What programs receive with.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::publisher::has_events;
use super::queue::{Queue, State};
use super::{Delivery, Topics, subscription_token};
use crate::deadline::Deadline;
use crate::error::{Error, Result};
use crate::session::Session;
use crate::shared::Shared;
use crate::sync::wait;

/// The events of some topics, as they are published.
///
/// They come through memory that the hub shares with this process. What this worker does
/// not take in time is lost by the subscription's policy and seen as a
/// [`Delivery::Gap`]; nobody waits for it. When the hub goes away the subscription waits
/// for the next one and goes on from where it was, as far as that hub still holds it.
///
/// From any number of threads, or one task, or an event loop; each event comes out once.
/// Dropping it ends it.
#[derive(Debug)]
pub struct Subscription {
    shared: Arc<Shared>,
    id: u32,
    queue: Arc<Queue>,
}

impl Subscription {
    /// Begins to subscribe.
    pub(crate) fn begin(shared: Arc<Shared>, topics: &Topics) -> Result<Subscription> {
        topics.check()?;
        if let Some(error) = shared.ended() {
            return Err(error);
        }
        let (id, queue) = shared.events().subscribe(topics);
        Ok(Subscription { shared, id, queue })
    }

    /// Waits until the hub has said that events come: those published from then on will.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when it said something else; [`Error::Timeout`]; [`Error::Closed`].
    pub fn wait_live(&self, timeout: Option<Duration>) -> Result<()> {
        let mut deadline = Deadline::new(timeout);
        let mut state = self.queue.lock();
        loop {
            if let Some(error) = state.ended.clone().or_else(|| self.shared.ended()) {
                return Err(error);
            }
            if state.live {
                return Ok(());
            }
            let left = deadline.left().map_err(|_| Error::Timeout)?;
            state.waiting += 1;
            state = wait(&self.queue.arrived, state, left);
            state.waiting -= 1;
        }
    }

    /// Whether the hub at the other end sends its events now.
    pub fn is_live(&self) -> bool {
        self.queue.lock().live
    }

    /// The next event, or word that some were lost; waits for it. `None`: the time is over.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] when the hub refused the subscription; [`Error::Closed`] after a
    /// shutdown, when everything that had come was taken.
    pub fn recv(&self, timeout: Option<Duration>) -> Result<Option<Delivery>> {
        receive(&self.shared, &self.queue, &mut Deadline::new(timeout), State::pop)
    }

    /// The next event if there is one now.
    ///
    /// # Errors
    ///
    /// As for [`recv`](Self::recv).
    pub fn try_recv(&self) -> Result<Option<Delivery>> {
        self.recv(Some(Duration::ZERO))
    }

    /// Deliveries for as long as there are any: waits for each, and ends where
    /// [`recv`](Self::recv) has an error.
    pub fn iter(&self) -> impl Iterator<Item = Delivery> {
        std::iter::from_fn(|| self.recv(None).ok().flatten())
    }

    /// The next event for a task of any runtime. A future that is dropped has taken nothing.
    ///
    /// # Errors
    ///
    /// As for [`recv`](Self::recv).
    pub async fn next(&self) -> Result<Delivery> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// What [`next`](Self::next) does, for futures that are written by hand. One task at a
    /// time is woken.
    ///
    /// # Errors
    ///
    /// As for [`recv`](Self::recv).
    pub fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Result<Delivery>> {
        poll_task(&self.shared, &self.queue, cx, State::pop)
    }

    /// For event loops: the next event if there is one now; if not,
    /// [`Connection::take_notices`](crate::Connection::take_notices) gives this
    /// subscription's [`token`](Self::token) when there may be one.
    ///
    /// # Errors
    ///
    /// As for [`recv`](Self::recv).
    pub fn poll_recv(&self) -> Result<Option<Delivery>> {
        poll(&self.shared, &self.queue, State::pop)
    }

    /// For event loops: whether [`wait_live`](Self::wait_live) would be through; if not,
    /// [`Connection::take_notices`](crate::Connection::take_notices) gives this
    /// subscription's [`token`](Self::token) when it may be.
    ///
    /// # Errors
    ///
    /// As for [`wait_live`](Self::wait_live).
    pub fn poll_live(&self) -> Result<bool> {
        let found = poll(&self.shared, &self.queue, |state| state.live.then_some(()))?;
        Ok(found.is_some())
    }

    /// What a notice about this subscription is told by. Never that of an exchange, a
    /// publisher or another subscription of the connection.
    pub fn token(&self) -> u64 {
        subscription_token(self.id)
    }

    /// Events that were lost in this process, for want of room in
    /// [`Topics::queue`]: a part of what gaps have told.
    pub fn lost_here(&self) -> u64 {
        self.queue.lock().lost_total
    }

    /// Ends the subscription, as dropping it does: threads and tasks that wait in it come
    /// back with [`Error::Closed`], and what was not taken is lost.
    pub fn close(&self) {
        self.shared.events().unsubscribe(self.id);
        self.queue.change(State::close);
        // The thread that reads the inbox for this subscription looks again, too.
        if let Some(session) = self.shared.session().filter(|session| session.side().has_events()) {
            session.side().wake_events();
        }
    }
}

/// What `pick` finds in the queue now.
fn now<T>(queue: &Queue, pick: impl FnOnce(&mut State) -> Option<T>) -> Result<Option<T>> {
    let mut state = queue.lock();
    match pick(&mut state) {
        Some(found) => Ok(Some(found)),
        None => state.ended.clone().map_or(Ok(None), Err),
    }
}

/// Has the inbox watched, and looks after that.
fn watch<T>(
    shared: &Shared,
    queue: &Queue,
    pick: impl FnOnce(&mut State) -> Option<T>,
) -> Result<Option<T>> {
    if let Some(session) = shared.session() {
        has_events(&session)?;
        session.inbox().attend(&session, shared.events(), true);
    } else if let Some(error) = shared.ended() {
        return now(queue, pick)?.map_or(Err(error), |found| Ok(Some(found)));
    }
    now(queue, pick)
}

/// What `pick` finds now; if nothing, an event loop gets a notice when there may be something.
pub(crate) fn poll<T>(
    shared: &Shared,
    queue: &Queue,
    mut pick: impl FnMut(&mut State) -> Option<T>,
) -> Result<Option<T>> {
    if let Some(now) = now(queue, &mut pick)? {
        return Ok(Some(now));
    }
    queue.lock().polled = true;
    let found = watch(shared, queue, pick)?;
    if found.is_some() {
        queue.lock().polled = false;
    }
    Ok(found)
}

/// What `pick` finds now; if nothing, the task is woken when there may be something.
pub(crate) fn poll_task<T>(
    shared: &Shared,
    queue: &Queue,
    cx: &Context<'_>,
    mut pick: impl FnMut(&mut State) -> Option<T>,
) -> Poll<Result<T>> {
    if let Some(now) = now(queue, &mut pick)? {
        return Poll::Ready(Ok(now));
    }
    shared.events().wake_on_change(cx.waker());
    queue.lock().waker = Some(cx.waker().clone());
    match watch(shared, queue, pick)? {
        Some(found) => {
            queue.lock().waker = None;
            Poll::Ready(Ok(found))
        }
        None => Poll::Pending,
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.shared.events().unsubscribe(self.id);
    }
}

impl<'a> IntoIterator for &'a Subscription {
    type Item = Delivery;
    type IntoIter = Box<dyn Iterator<Item = Delivery> + 'a>;

    fn into_iter(self) -> Self::IntoIter {
        Box::new(self.iter())
    }
}

#[cfg(feature = "tokio")]
impl futures_core::Stream for Subscription {
    type Item = Delivery;

    /// Ends where [`recv`](Subscription::recv) has an error.
    fn poll_next(self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Subscription::poll_next(&self, cx).map(Result::ok)
    }
}

/// Waits until `pick` finds something in the queue, and reads the inbox meanwhile if nobody
/// else does. `None`: the time is over.
pub(crate) fn receive<T>(
    shared: &Shared,
    queue: &Queue,
    deadline: &mut Deadline,
    mut pick: impl FnMut(&mut State) -> Option<T>,
) -> Result<Option<T>> {
    let mut look = || {
        let mut state = queue.lock();
        match pick(&mut state) {
            Some(found) => Some(Ok(found)),
            None => state.ended.clone().map(Err),
        }
    };
    loop {
        if let Some(found) = look() {
            return found.map(Some);
        }
        let Some(session) = shared.wait_for_session(deadline)? else {
            return Ok(None);
        };
        has_events(&session)?;
        let events = shared.events();
        if let Some(mut reader) = session.inbox().take() {
            let found = loop {
                if let Some(found) = look() {
                    break Some(found.map(Some));
                }
                if session.is_closed() {
                    break None;
                }
                if reader.read(&session, events) {
                    continue;
                }
                match deadline.left() {
                    Ok(left) => drop(session.side().park_inbox(left)),
                    Err(_) => break Some(Ok(None)),
                }
            };
            session.inbox().give_back(reader, &session, events);
            match found {
                Some(found) => return found,
                None => continue,
            }
        }
        match follow(queue, &session, deadline) {
            Ok(()) => {}
            Err(()) => return look().transpose(),
        }
    }
}

/// Waits until something has arrived in the queue, or the reader may be free.
fn follow(queue: &Queue, session: &Session, deadline: &mut Deadline) -> Result<(), ()> {
    let mut state = queue.lock();
    if state.has_something() {
        return Ok(());
    }
    let left = deadline.left().map_err(|_| ())?;
    state.waiting += 1;
    // Under the queue's lock: who gives the reader back, or closes the session, looks for
    // threads that wait after that, and so either is seen here or finds this one.
    if !session.inbox().is_free() && !session.is_closed() {
        state = wait(&queue.arrived, state, left);
    }
    state.waiting -= 1;
    Ok(())
}
