//! Events: publishing and subscribing, through the region's outbox and inbox.
//!
//! A session has the ways into its region ([`Outbox`], [`Inbox`]); what a connection keeps
//! from session to session is here: the subscriptions and what waits for them, pushes and
//! calls that wait for their answer, and what the hub refused.

mod event;
mod inbox;
mod outbox;
mod publisher;
mod push;
mod queue;
mod received;
mod subscription;
mod topics;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;

use slotway_core::control::{RefusalCode, Subscribe, Subscribed, Unsubscribe, WorkerMessage};
use slotway_core::map::Doorbell;
use slotway_core::record::{EndReason, FromHub, RefusalReason};

/// What calls need of the ways into the region.
pub(crate) mod lane {
    pub(crate) use super::answer_token;
    pub(crate) use super::outbox::Batch;
    pub(crate) use super::publisher::{Waiting, poll_session};
    pub(crate) use super::queue::{Queue, State};
    pub(crate) use super::subscription::{poll, poll_task, receive};
}

pub use event::Event;
pub(crate) use inbox::Inbox;
pub(crate) use outbox::Outbox;
pub use publisher::{Offer, PublishRefusal, Publisher};
pub use push::{Push, PushAnswer, PushTo};
use queue::Queue;
pub use received::{Delivery, Gap, Received};
pub use subscription::Subscription;
pub use topics::Topics;

use crate::calls::Reply;
use crate::error::Error;
use crate::session::{Notices, Session};
use crate::sync::lock;

/// Tokens of events have the highest bit, which no exchange's has: a session's number takes
/// the upper half of those, and no process has so many sessions.
const EVENTS_TOKEN: u64 = 1 << 63;
/// Of a connection's publishers.
const PUBLISHER_TOKEN: u64 = EVENTS_TOKEN | 1 << 62;

/// Refusals that are kept for whoever asks.
const REFUSALS_MAX: usize = 1024;

/// What a connection keeps from session to session.
#[derive(Debug)]
pub(crate) struct Events {
    table: Mutex<Table>,
    refusals: Mutex<VecDeque<PublishRefusal>>,
    /// Tasks that wait for a hub.
    changed: Mutex<Vec<Waker>>,
    /// Wakes the control thread.
    control_bell: Arc<Doorbell>,
}

#[derive(Debug, Default)]
struct Table {
    subscriptions: HashMap<u32, Entry>,
    /// Pushes and calls whose answer is awaited.
    answers: HashMap<u32, Arc<Queue>>,
    next_subscription: u32,
    next_answer: u32,
    /// What the control thread is to say.
    outgoing: Vec<WorkerMessage>,
}

#[derive(Debug)]
struct Entry {
    queue: Arc<Queue>,
    subscribe: Subscribe,
}

fn subscription_token(id: u32) -> u64 {
    EVENTS_TOKEN | u64::from(id)
}

/// Of a push or a call.
pub(crate) fn answer_token(ticket: u32) -> u64 {
    EVENTS_TOKEN | 1 << 61 | u64::from(ticket)
}

impl Events {
    pub(crate) fn new(control_bell: Arc<Doorbell>) -> Events {
        let (table, refusals, changed) = Default::default();
        Events { table, refusals, changed, control_bell }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        lock(&self.table)
    }

    /// A new subscription's number and queue. The control thread tells the hub.
    fn subscribe(&self, topics: &Topics) -> (u32, Arc<Queue>) {
        let queue = Arc::new(Queue::new(topics.queue, topics.subscribe.overflow));
        let table = &mut *self.table();
        // Numbers come around after four billion; those in use are passed over.
        let id = loop {
            table.next_subscription = table.next_subscription.wrapping_add(1);
            if !table.subscriptions.contains_key(&table.next_subscription) {
                break table.next_subscription;
            }
        };
        let subscribe = Subscribe { id, ..topics.subscribe.clone() };
        table.outgoing.push(WorkerMessage::Subscribe(subscribe.clone()));
        table.subscriptions.insert(id, Entry { queue: queue.clone(), subscribe });
        self.control_bell.ring();
        (id, queue)
    }

    fn unsubscribe(&self, id: u32) {
        let table = &mut *self.table();
        if table.subscriptions.remove(&id).is_some() {
            table.outgoing.push(WorkerMessage::Unsubscribe(Unsubscribe { id }));
            self.control_bell.ring();
        }
    }

    /// What the control thread is to say to a hub that has welcomed this worker.
    pub(crate) fn take_outgoing(&self) -> Vec<WorkerMessage> {
        std::mem::take(&mut self.table().outgoing)
    }

    /// What it is to say first: every subscription again, from where it was.
    pub(crate) fn resubscribe(&self, session: &Session) -> Vec<WorkerMessage> {
        let table = &mut *self.table();
        table.outgoing.clear();
        let refused = publisher::has_events(session).err();
        let mut messages = Vec::new();
        for entry in table.subscriptions.values() {
            let mut after = entry.subscribe.after;
            let tell = entry.queue.change(|state| {
                after = state.seen.or(after);
                (state.live, state.ended) = (false, refused.clone());
            });
            self.tell(session, tell, subscription_token(entry.subscribe.id));
            if refused.is_none() {
                let subscribe = Subscribe { after, ..entry.subscribe.clone() };
                messages.push(WorkerMessage::Subscribe(subscribe));
            }
        }
        messages
    }

    /// The hub has said yes.
    pub(crate) fn subscribed(&self, session: &Session, subscribed: Subscribed) {
        let table = self.table();
        let Some(entry) = table.subscriptions.get(&subscribed.id) else { return };
        let tell = entry.queue.change(|state| {
            state.live = true;
            if entry.subscribe.after.is_none() {
                state.seen.get_or_insert(subscribed.seq);
            }
        });
        self.tell(session, tell, subscription_token(subscribed.id));
    }

    /// The hub has said no.
    pub(crate) fn refused(&self, session: &Session, id: u32, code: RefusalCode, reason: String) {
        let table = self.table();
        let Some(entry) = table.subscriptions.get(&id) else { return };
        tracing::error!(topics = ?entry.subscribe.topics, %code, reason, "a subscription was refused");
        let error = Error::Refused { registration: None, code, reason };
        let tell = entry.queue.change(|state| state.ended = Some(error));
        self.tell(session, tell, subscription_token(id));
    }

    fn tell(&self, session: &Session, tell: bool, token: u64) {
        if tell {
            session.notices().push(token);
        }
    }

    /// A session has begun, or ended, which is given then, or the connection has ended:
    /// everybody looks again.
    pub(crate) fn wake_all(&self, notices: &Notices, session: Option<&Session>) {
        let tell = |tell: bool, token: u64| {
            if tell {
                notices.push(token);
            }
        };
        let mut answers = Vec::new();
        {
            let table = &mut *self.table();
            for (&id, entry) in &table.subscriptions {
                tell(entry.queue.change(|_| ()), subscription_token(id));
            }
            if session.is_some() {
                answers.extend(table.answers.drain());
            }
        }
        // The hub that would have answered them is gone.
        for (ticket, queue) in answers {
            tell(queue.change(|state| state.ended = Some(Error::HubGone)), answer_token(ticket));
        }
        if let Some(session) = session {
            tell(session.outbox().wake_all(), PUBLISHER_TOKEN);
        }
        for waker in std::mem::take(&mut *lock(&self.changed)) {
            waker.wake();
        }
    }

    /// Calls the waker when a session begins or the connection ends.
    fn wake_on_change(&self, waker: &Waker) {
        let mut changed = lock(&self.changed);
        if !changed.iter().any(|known| known.will_wake(waker)) {
            changed.push(waker.clone());
        }
    }

    /// The hub has given notice of outbox or inbox: by whoever took it.
    pub(crate) fn attend(&self, session: &Session) {
        if !session.side().has_events() {
            return;
        }
        if session.outbox().attend(session) {
            session.notices().push(PUBLISHER_TOKEN);
        }
        session.inbox().attend(session, self, false);
    }

    /// There is more in the inbox than one turn took: whoever takes notices comes again.
    fn remind(&self, session: &Session) {
        session.side().remind_events();
        session.notices().ring();
        self.control_bell.ring();
    }

    /// Threads that wait for the reader look whether it is theirs.
    fn wake_followers(&self) {
        let table = self.table();
        let queues = table.subscriptions.values().map(|entry| &entry.queue);
        for queue in queues.chain(table.answers.values()) {
            if queue.lock().waiting > 0 {
                queue.arrived.notify_all();
            }
        }
    }

    /// A push or a call that wants an answer.
    pub(crate) fn expect_answer(&self) -> (u32, Arc<Queue>) {
        let queue = Arc::new(Queue::new(1, slotway_core::control::Overflow::Oldest));
        let table = &mut *self.table();
        let ticket = loop {
            table.next_answer = table.next_answer.wrapping_add(1).max(1);
            if !table.answers.contains_key(&table.next_answer) {
                break table.next_answer;
            }
        };
        table.answers.insert(ticket, queue.clone());
        (ticket, queue)
    }

    /// Nobody waits for it any more. `true`: it had not come.
    pub(crate) fn forget_answer(&self, ticket: u32) -> bool {
        self.table().answers.remove(&ticket).is_some()
    }

    fn take_refusals(&self, each: &mut dyn FnMut(PublishRefusal)) {
        let taken = std::mem::take(&mut *lock(&self.refusals));
        taken.into_iter().for_each(each);
    }

    fn push_refusal(&self, refusal: PublishRefusal) {
        if refusal.reason != RefusalReason::Shutdown {
            let PublishRefusal { reason, count, .. } = refusal;
            tracing::warn!(%reason, count, "the hub did not publish events of this worker");
        }
        let mut refusals = lock(&self.refusals);
        match refusals.back_mut() {
            Some(last)
                if (last.ticket, last.reason) == (0, refusal.reason) && refusal.ticket == 0 =>
            {
                last.count = last.count.saturating_add(refusal.count);
            }
            _ => refusals.push_back(refusal),
        }
        if refusals.len() > REFUSALS_MAX {
            refusals.pop_front();
        }
    }

    /// Gives records to whom they are for.
    fn hand_out<'a>(&'a self, session: &'a Session) -> HandOut<'a> {
        HandOut { events: self, session, table: self.table() }
    }
}

/// Gives records to whom they are for.
struct HandOut<'a> {
    events: &'a Events,
    session: &'a Session,
    table: MutexGuard<'a, Table>,
}

impl HandOut<'_> {
    fn record(&mut self, record: &[u8]) {
        match FromHub::parse(record) {
            Ok(FromHub::Event(delivery)) => {
                self.to(delivery.subscription, |queue| queue.push_event(Received::new(&delivery)))
            }
            Ok(FromHub::Gap(gap)) => self.to(gap.subscription, |queue| {
                queue.push_gap(Gap {
                    missed: gap.missed,
                    at_least: gap.at_least,
                    principal: gap.principal.map(str::to_owned),
                })
            }),
            // A hub that shuts down has a successor, with whom the subscription goes on.
            Ok(FromHub::Ended(ended)) if ended.reason == EndReason::Shutdown => {}
            Ok(FromHub::Ended(ended)) => self.to(ended.subscription, |queue| {
                queue.change(|state| state.ended = Some(Error::Closed))
            }),
            Ok(FromHub::Refused(refused)) => self.events.push_refusal(PublishRefusal {
                ticket: refused.ticket,
                reason: refused.reason,
                count: refused.count,
            }),
            Ok(FromHub::Pushed(pushed)) => {
                if let Some(queue) = self.table.answers.remove(&pushed.ticket)
                    && queue.change(|state| state.status = Some(pushed.status))
                {
                    self.session.notices().push(answer_token(pushed.ticket));
                }
            }
            Ok(FromHub::Outcome(outcome)) => {
                if let Some(queue) = self.table.answers.remove(&outcome.ticket)
                    && queue.change(|state| state.reply = Some(Reply::of(&outcome)))
                {
                    self.session.notices().push(answer_token(outcome.ticket));
                }
            }
            // A newer hub's word.
            Err(error) => tracing::warn!(%error, "the hub sent what this build does not know"),
        }
    }

    /// One that has ended meanwhile is for nobody.
    fn to(&self, subscription: u32, give: impl FnOnce(&Queue) -> bool) {
        if let Some(entry) = self.table.subscriptions.get(&subscription)
            && give(&entry.queue)
        {
            self.session.notices().push(subscription_token(subscription));
        }
    }
}
