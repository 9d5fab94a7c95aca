//! What a worker has subscribed to: a task each, which carries events into the inbox.

use std::collections::HashMap;
use std::sync::Arc;

use slotway_core::control::{self, Mode, RefusalCode, Subscribe};
use slotway_core::record::{EndReason, Ended};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::inbox::{Load, send};
use crate::bus::{self, Delivery, Interest, Lossy, Overflow, Refusal, Routed, Scope, Seq};
use crate::instance::Instance;
use crate::shared::Shared;

/// Events that are carried at a time, and bytes of them.
const EVENTS_AT_ONCE: usize = 256;
const BYTES_AT_ONCE: usize = 64 << 10;
/// Events that a subscription may ask to be kept.
const CAPACITY_MAX: u32 = 65_536;

/// One worker's subscriptions. Dropping them ends their tasks.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    /// By the worker's own numbers: what ends each.
    open: HashMap<u32, Arc<Notify>>,
    tasks: JoinSet<()>,
}

/// Why there is no subscription.
#[derive(Debug)]
pub(crate) struct NotSubscribed {
    pub(crate) code: RefusalCode,
    pub(crate) reason: String,
}

fn not(code: RefusalCode, reason: impl Into<String>) -> NotSubscribed {
    NotSubscribed { code, reason: reason.into() }
}

impl Subscriptions {
    /// Subscribes; every event with a higher number than is given comes.
    pub(crate) fn subscribe(
        &mut self,
        shared: &Shared,
        instance: &Arc<Instance>,
        asked: &Subscribe,
    ) -> Result<Seq, NotSubscribed> {
        while self.tasks.try_join_next().is_some() {}
        if !instance.side().has_events() {
            let reason = "the worker's region has no rings for events; name the feature \
                          \"events\" in the hello";
            return Err(not(RefusalCode::NoEvents, reason));
        }
        let id = asked.id;
        if self.open.contains_key(&id) {
            let reason = format!("the worker has a subscription with the id {id}");
            return Err(not(RefusalCode::DuplicateSubscription, reason));
        }
        let most = shared.config().workers.subscriptions;
        if self.open.len() >= most {
            let reason = format!(
                "the worker has {most} subscriptions, as many as it may have; raise \
                 workers.subscriptions, or give one several patterns"
            );
            return Err(not(RefusalCode::TooManySubscriptions, reason));
        }
        let name = instance.courier().principal().map_or("worker", |name| name);
        let bytes = shared.config().events.subscription_bytes;
        let interest = interest(asked, bytes)?.label(name.to_owned());
        let subscription = shared.bus.subscribe(interest).map_err(|refusal| {
            let code = match refusal {
                Refusal::TooManySubscriptions { .. } => RefusalCode::TooManySubscriptions,
                Refusal::ShutDown => RefusalCode::ShuttingDown,
                _ => RefusalCode::BadTopic,
            };
            not(code, refusal.to_string())
        })?;
        // Afterwards: what comes in between has a number that is not higher, and comes too.
        let seq = shared.bus.last_seq();
        let end = Arc::new(Notify::new());
        self.tasks.spawn(carry(instance.clone(), subscription, id, end.clone()));
        self.open.insert(id, end);
        Ok(seq)
    }

    /// Ends a subscription. `false`: there is none.
    pub(crate) fn unsubscribe(&mut self, id: u32) -> bool {
        self.open.remove(&id).inspect(|end| end.notify_one()).is_some()
    }

    /// Ends them all, at once.
    pub(crate) fn clear(&mut self) {
        *self = Subscriptions::default();
    }
}

/// `bytes`: what may wait for it at most.
fn interest(asked: &Subscribe, bytes: usize) -> Result<Interest, NotSubscribed> {
    let bad = |reason: String| Err(not(RefusalCode::BadSubscription, reason));
    let interest = Interest::of(asked.topics.iter().cloned());
    if let Some(capacity) = asked.capacity
        && !(1..=CAPACITY_MAX).contains(&capacity)
    {
        return bad(format!("a capacity of {capacity} events; choose 1 to {CAPACITY_MAX}"));
    }
    let capacity = asked.capacity.map(|capacity| capacity as usize);
    let interest = match asked.mode {
        Mode::Lossy => {
            if asked.scope.is_some() {
                return bad("a scope goes with the mode \"routed\"".to_owned());
            }
            let overflow = match asked.overflow {
                control::Overflow::Oldest => Overflow::Oldest,
                control::Overflow::Newest => Overflow::Newest,
            };
            let capacity = capacity.unwrap_or(Lossy::default().capacity);
            interest.lossy(Lossy { capacity, bytes, overflow })
        }
        Mode::Routed => {
            if asked.overflow == control::Overflow::Newest {
                return bad("in the mode \"routed\" it is the oldest that go".to_owned());
            }
            let scope = match &asked.scope {
                None => Scope::All,
                Some(control::Scope::System) => Scope::System,
                Some(control::Scope::Principal(name)) => Scope::Principal(name.as_str().into()),
            };
            let plain = Routed::default();
            let per_principal = capacity.unwrap_or(plain.per_principal);
            interest.routed(Routed { scope, budget: bytes, per_principal, ..plain })
        }
    };
    Ok(match asked.after {
        Some(seq) => interest.after(seq),
        None => interest,
    })
}

/// Carries what a subscription gives into the inbox, until one of the two ends.
async fn carry(
    instance: Arc<Instance>,
    mut subscription: bus::Subscription,
    id: u32,
    end: Arc<Notify>,
) {
    let mut batch: Vec<Delivery> = Vec::new();
    let reason = loop {
        batch.clear();
        let taken = tokio::select! {
            biased;
            () = end.notified() => break EndReason::Unsubscribed,
            taken = subscription.recv_many(&mut batch, EVENTS_AT_ONCE, BYTES_AT_ONCE) => taken,
        };
        if taken == 0 {
            break EndReason::Shutdown;
        }
        // Not to be broken off: half a record would spoil what follows it.
        if send(&instance, Load::Deliveries(id, &batch)).await.is_err() {
            return;
        }
    };
    drop(subscription);
    let ended = Ended { subscription: id, reason };
    let _ = send(&instance, Load::Record(&ended.encode())).await;
}
