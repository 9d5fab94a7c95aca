//! What a worker offers, and how each of it stands with the hub.
//!
//! ```text
//! Unsent ──due──▶ Asked ──registered──▶ Known (Live)
//!   ▲               │ ├───pending────▶ Known (Waiting) ──registered──▶ Known (Live)
//!   │               │ └───refused────▶ Refused ──backoff, if it passes──▶ Unsent
//!   └── the connection ends ── from all of them, but from a refusal by `replaced`
//! any of them ──withdraw──▶ Leaving ──unregistered, or the connection ends──▶ taken out
//! ```
//!
//! Each registration has its own number, backoff, credential and reason; what becomes of one
//! changes nothing for the others. A number is never used again.

mod entry;
mod sparse;
mod state;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use slotway_core::control::{RefusalCode, Unregister, WorkerMessage};

use crate::backoff::{Attempts, Backoff};
use crate::control::is_permanent;
use crate::error::{Error, Result};
use crate::registration::Registration;

pub(crate) use entry::Entry;
pub(crate) use sparse::Sparse;
pub use state::{Ending, RegistrationMetrics, RegistrationState};

/// All of a connection's registrations.
#[derive(Debug)]
pub(crate) struct Book {
    records: Sparse<Record>,
    /// What was withdrawn last, oldest first.
    departed: VecDeque<RegistrationMetrics>,
    next: u32,
    backoff: Backoff,
    /// There may be something to tell the hub.
    dirty: bool,
}

/// Where a registration is with the hub, on the connection that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Unsent,
    Asked,
    Known,
    Refused,
    /// `told`: the hub knows that it is to go.
    Leaving {
        told: bool,
    },
}

#[derive(Debug)]
struct Record {
    entry: Arc<Entry>,
    standing: Standing,
    state: RegistrationState,
    attempts: Attempts,
    /// When to offer again what was refused for now, and how long that wait is in all.
    retry: Option<(Instant, Duration)>,
    credential: Option<String>,
    /// Refusals of the credential in a row; nothing else counts or starts anew.
    bad_credentials: u32,
    /// The hub has it, or had it on this connection.
    known: bool,
    lives: u64,
    disconnects: u64,
    last_disconnect: Option<Ending>,
    /// Why it does not come back by itself, or did not when everything ended.
    ending: Option<Ending>,
}

/// So many withdrawn registrations are remembered for whoever asks what they did.
const DEPARTED_MAX: usize = 1024;

/// Refusals of a credential in a row after which it is dropped.
const BAD_CREDENTIALS_MAX: u32 = 2;

/// What is left when nothing serves any more.
#[derive(Debug)]
pub(crate) struct NothingLive {
    pub(crate) error: Error,
    pub(crate) permanent: bool,
    pub(crate) replaced: bool,
}

impl Book {
    pub(crate) fn new(backoff: Backoff) -> Book {
        let departed = VecDeque::new();
        Book { records: Sparse::new(), departed, next: 0, backoff, dirty: false }
    }

    /// Adds a registration.
    pub(crate) fn add(&mut self, registration: Registration) -> Result<Arc<Entry>> {
        registration.check()?;
        let is_same = |record: &Record| record.entry.registration.is_same(&registration);
        if self.records.values().any(is_same) {
            return Err(registration.twice());
        }
        let index = self.next;
        let Some(next) = index.checked_add(1) else {
            return Err(Error::OutOfOrder("a connection has had as many registrations as it may"));
        };
        self.next = next;
        let entry = Arc::new(Entry::new(index, registration));
        let record = Record {
            entry: entry.clone(),
            standing: Standing::Unsent,
            state: RegistrationState::Pending,
            attempts: Attempts::new(self.backoff),
            retry: None,
            credential: None,
            bad_credentials: 0,
            known: false,
            lives: 0,
            disconnects: 0,
            last_disconnect: None,
            ending: None,
        };
        self.records.insert(index, record);
        self.dirty = true;
        Ok(entry)
    }

    /// Begins to withdraw a registration. `false`: there is none of that number.
    pub(crate) fn withdraw(&mut self, index: u32) -> bool {
        let Some(record) = self.records.get_mut(index) else { return false };
        if !record.is_leaving() {
            let told = !record.known;
            record.standing = Standing::Leaving { told };
            record.state = RegistrationState::Withdrawing;
            self.dirty = true;
            if told {
                // The hub knows nothing of it, or nothing any more.
                self.take_out(index);
            }
        }
        true
    }

    fn take_out(&mut self, index: u32) {
        if let Some(record) = self.records.remove(index) {
            record.entry.set_gone();
            if self.departed.len() == DEPARTED_MAX {
                self.departed.pop_front();
            }
            let ending = Some(Ending::Withdrawn);
            self.departed.push_back(RegistrationMetrics { ending, ..record.metrics(None, None) });
        }
    }

    /// A connection begins: the hub at its other end knows nothing yet.
    pub(crate) fn connecting(&mut self) {
        self.dirty = true;
    }

    /// What there is to tell the hub now.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<WorkerMessage> {
        let mut messages = Vec::new();
        let is_due = |record: &Record| record.retry.is_some_and(|(at, _)| now >= at);
        if !self.dirty && !self.records.values().any(is_due) {
            return messages;
        }
        self.dirty = false;
        for record in self.records.values_mut() {
            let id = record.entry.index;
            if is_due(record) {
                record.retry = None;
                if record.standing == Standing::Refused {
                    record.standing = Standing::Unsent;
                }
            }
            match record.standing {
                Standing::Unsent if record.retry.is_none() => {
                    record.standing = Standing::Asked;
                    record.state = RegistrationState::Pending;
                    record.known = true;
                    let mut message = record.entry.registration.message(id);
                    message.credential.clone_from(&record.credential);
                    messages.push(WorkerMessage::Register(message));
                }
                Standing::Leaving { told: false } => {
                    record.standing = Standing::Leaving { told: true };
                    messages.push(WorkerMessage::Unregister(Unregister { id }));
                }
                _ => {}
            }
        }
        messages
    }

    /// When there will be something to tell it next.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.records.values().filter_map(|record| record.retry).map(|(at, _)| at).min()
    }

    /// Whether the hub owes an answer to an offer.
    pub(crate) fn awaits(&self) -> bool {
        self.records.values().any(|record| record.standing == Standing::Asked)
    }

    /// The hub has taken it. `false`: there is none of that number.
    pub(crate) fn registered(&mut self, id: u32, credential: Option<String>, now: Instant) -> bool {
        let Some(record) = self.records.get_mut(id) else { return false };
        if credential.is_some() {
            record.credential = credential;
        }
        record.bad_credentials = 0;
        if !record.is_leaving() {
            record.standing = Standing::Known;
            record.state = RegistrationState::Live;
            record.ending = None;
            record.lives += 1;
            record.attempts.live(now);
        }
        true
    }

    /// It waits for approval.
    pub(crate) fn pending(&mut self, id: u32, reason: String) -> bool {
        let Some(record) = self.records.get_mut(id) else { return false };
        if !record.is_leaving() {
            record.standing = Standing::Known;
            record.state = RegistrationState::Waiting { reason };
        }
        true
    }

    /// The hub has refused it, or will not have it any more.
    pub(crate) fn refused(
        &mut self,
        id: u32,
        code: RefusalCode,
        reason: String,
        now: Instant,
    ) -> bool {
        let Some(record) = self.records.get_mut(id) else { return false };
        if record.is_leaving() {
            // Either way the hub does not have it.
            self.take_out(id);
            return true;
        }
        record.standing = Standing::Refused;
        record.known = false;
        if code == RefusalCode::Replaced {
            record.ending = Some(Ending::Replaced);
        } else if is_permanent(code) {
            record.ending = Some(Ending::Refused { code, reason: reason.clone() });
        }
        record.state = RegistrationState::Refused { code, reason };
        if code == RefusalCode::BadCredential {
            record.bad_credentials += 1;
            if record.bad_credentials >= BAD_CREDENTIALS_MAX {
                record.credential = None;
                record.bad_credentials = 0;
            }
        }
        if !is_permanent(code) {
            let delay = record.attempts.failed(now);
            record.retry = Some((now + delay, delay));
        }
        true
    }

    /// It was withdrawn, and nothing of it is in flight.
    pub(crate) fn unregistered(&mut self, id: u32) -> bool {
        let leaves = self.records.get(id).is_some_and(Record::is_leaving);
        if leaves {
            self.take_out(id);
        }
        leaves
    }

    /// The connection has ended. Those that leave are gone with it, the others are offered
    /// again on the next.
    pub(crate) fn detached(&mut self, why: &Ending, now: Instant) {
        let leaving = self.records.values().filter(|record| record.is_leaving());
        let leaving: Vec<_> = leaving.map(|record| record.entry.index).collect();
        leaving.into_iter().for_each(|index| self.take_out(index));
        for record in self.records.values_mut() {
            if record.state == RegistrationState::Live {
                record.disconnects += 1;
                record.last_disconnect = Some(why.clone());
                record.attempts.ended(now);
            }
            record.known = false;
            // That somebody else serves it now stays true.
            let replaced = matches!(
                record.state,
                RegistrationState::Refused { code: RefusalCode::Replaced, .. }
            );
            if !replaced {
                record.standing = Standing::Unsent;
                record.state = RegistrationState::Pending;
            }
        }
        self.dirty = true;
    }

    /// Nothing comes any more.
    pub(crate) fn ended(&mut self, why: &Ending) {
        for record in self.records.values_mut() {
            record.ending.get_or_insert_with(|| why.clone());
            record.retry = None;
        }
    }

    /// The connection is given up because nothing of it serves: its own backoff is the wait,
    /// and none of these.
    pub(crate) fn forget_retries(&mut self) {
        for record in self.records.values_mut() {
            record.retry = None;
        }
    }

    /// When nothing is live and nothing pending: the reason, one that passes if any does.
    pub(crate) fn nothing_live(&self) -> Option<NothingLive> {
        let mut found: Option<(&Record, RefusalCode, &str)> = None;
        let mut replaced = false;
        for record in self.records.values() {
            let RegistrationState::Refused { code, reason } = &record.state else { return None };
            replaced |= *code == RefusalCode::Replaced;
            if found.is_none_or(|(_, known, _)| is_permanent(known) && !is_permanent(*code)) {
                found = Some((record, *code, reason));
            }
        }
        let (record, code, reason) = found?;
        let error = Error::Refused {
            registration: Some(record.entry.registration.identity()),
            code,
            reason: reason.to_owned(),
        };
        Some(NothingLive { error, permanent: is_permanent(code), replaced })
    }

    pub(crate) fn count(&self) -> usize {
        self.records.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub(crate) fn is_live(&self) -> bool {
        self.records.values().any(|record| record.state == RegistrationState::Live)
    }

    pub(crate) fn entries(&self) -> Sparse<Arc<Entry>> {
        let mut entries = Sparse::new();
        for record in self.records.values() {
            entries.insert(record.entry.index, record.entry.clone());
        }
        entries
    }

    pub(crate) fn state(&self, index: u32) -> Option<&RegistrationState> {
        self.records.get(index).map(|record| &record.state)
    }

    pub(crate) fn states(&self) -> Vec<RegistrationState> {
        self.records.values().map(|record| record.state.clone()).collect()
    }

    /// The metrics of one that was withdrawn, if it is remembered.
    pub(crate) fn departed(&self, index: u32) -> Option<RegistrationMetrics> {
        self.departed.iter().find(|gone| gone.index == index as usize).cloned()
    }

    /// The metrics of those that were withdrawn and are remembered, oldest first.
    pub(crate) fn all_departed(&self) -> Vec<RegistrationMetrics> {
        self.departed.iter().cloned().collect()
    }

    /// What each has done. `backoff` and `rtt` are the connection's.
    pub(crate) fn metrics(
        &self,
        backoff: Option<Duration>,
        rtt: Option<Duration>,
    ) -> Vec<RegistrationMetrics> {
        self.records.values().map(|record| record.metrics(backoff, rtt)).collect()
    }
}

impl Record {
    fn is_leaving(&self) -> bool {
        matches!(self.standing, Standing::Leaving { .. })
    }

    fn metrics(&self, backoff: Option<Duration>, rtt: Option<Duration>) -> RegistrationMetrics {
        let counts = self.entry.meter.counts();
        let own = self.retry.map(|(_, delay)| delay);
        RegistrationMetrics {
            index: self.entry.index as usize,
            name: self.entry.registration.name.clone(),
            instance: self.entry.registration.instance.clone(),
            state: self.state.clone(),
            received: counts.received,
            processed: counts.processed,
            failed: counts.failed,
            in_flight: counts.received.saturating_sub(counts.processed + counts.failed),
            bytes_in: counts.bytes_in,
            bytes_out: counts.bytes_out,
            reconnects: self.lives.saturating_sub(1),
            disconnects: self.disconnects,
            last_disconnect: self.last_disconnect.clone(),
            backoff: own.max(backoff),
            heartbeat_rtt: rtt,
            ending: self.ending.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
