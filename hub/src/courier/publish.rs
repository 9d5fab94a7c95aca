//! A worker's events on their way to the bus.

use std::sync::Arc;

use bytes::Bytes;
use slotway_core::record::{Principal, Publish, RefusalReason, Refused};
use tokio::time::Instant;

use super::keys::Keys;
use super::notices;
use crate::bus::{Draft, KeyProblem, Refusal};
use crate::instance::Instance;
use crate::shared::Shared;

/// Publishes one worker's events, in order.
pub(super) struct Publishing<'h> {
    shared: &'h Shared,
    instance: &'h Arc<Instance>,
    keys: Keys,
    /// Refusals without a ticket that came one after another.
    refused: Option<Refused>,
    /// After this time nothing waits for slow subscribers.
    patience: Option<Instant>,
}

impl<'h> Publishing<'h> {
    pub(super) fn new(shared: &'h Shared, instance: &'h Arc<Instance>) -> Publishing<'h> {
        Publishing { shared, instance, keys: Keys::default(), refused: None, patience: None }
    }

    pub(super) fn patient_until(&mut self, then: Instant) {
        self.patience = Some(then);
    }

    fn is_patient(&self) -> bool {
        self.patience.is_none_or(|then| Instant::now() < then)
    }

    pub(super) async fn publish(&mut self, event: &Publish<'_>) {
        let refused = match event.key {
            None if event.must_deliver && self.is_patient() => {
                let draft = self.draft(event);
                self.shared.bus.publish_must(draft).await.err().map(|refusal| reason(&refusal))
            }
            None => {
                let refusal = self.shared.bus.publish(self.draft(event)).err();
                refusal.map(|refusal| reason(&refusal))
            }
            Some(key) => self.coalesce(key, event).await.err(),
        };
        if let Some(reason) = refused {
            self.refused(event.ticket, reason);
        }
    }

    fn draft<'e>(&self, event: &Publish<'e>) -> Draft<'e> {
        let draft = self.blank(event).payload(Bytes::copy_from_slice(event.payload));
        let draft = if event.kind.is_empty() { draft } else { draft.kind(event.kind) };
        if event.id.is_empty() { draft } else { draft.id(event.id) }
    }

    /// One without type, id and payload.
    fn blank<'e>(&self, event: &Publish<'e>) -> Draft<'e> {
        let draft = Draft::new(event.topic);
        match (event.principal, self.instance.courier().principal()) {
            (Principal::Named(name), _) => draft.principal(name),
            (Principal::Worker, Some(name)) => draft.shared_principal(name.clone()),
            (Principal::Worker, None) | (Principal::System, _) => draft,
        }
    }

    async fn coalesce(&mut self, key: &str, event: &Publish<'_>) -> Result<(), RefusalReason> {
        let (draft, blank) = (self.draft(event), self.blank(event));
        let bus = &self.shared.bus;
        if event.terminal {
            let finished = self.keys.finish(bus, key, draft, blank)?;
            if self.is_patient() {
                finished.await;
            }
            return Ok(());
        }
        self.keys.update(bus, key, draft, blank)
    }

    fn refused(&mut self, ticket: u32, reason: RefusalReason) {
        match &mut self.refused {
            Some(before) if (before.ticket, before.reason) == (0, reason) && ticket == 0 => {
                before.count = before.count.saturating_add(1);
            }
            _ => {
                self.tell();
                self.refused = Some(Refused { ticket, reason, count: 1 });
            }
        }
    }

    /// Tells the worker what was refused.
    pub(super) fn tell(&mut self) {
        if let Some(refused) = self.refused.take() {
            notices::post(self.instance, refused.encode().into());
        }
    }
}

/// What a worker is told of a refusal.
fn reason(refusal: &Refusal) -> RefusalReason {
    match refusal {
        Refusal::PayloadTooLarge { .. } => RefusalReason::TooLarge,
        Refusal::RateExceeded { .. } => RefusalReason::Quota,
        Refusal::ShutDown => RefusalReason::Shutdown,
        Refusal::Topic { .. } | Refusal::Text { .. } => RefusalReason::Invalid,
        Refusal::Pattern { .. }
        | Refusal::Patterns { .. }
        | Refusal::TooManySubscriptions { .. } => RefusalReason::Invalid,
    }
}

/// The same of a key.
pub(super) fn key_reason(problem: &KeyProblem) -> RefusalReason {
    match problem {
        KeyProblem::Refused(refusal) => reason(refusal),
        KeyProblem::Open(_) | KeyProblem::Ended(_) => RefusalReason::Keys,
    }
}
