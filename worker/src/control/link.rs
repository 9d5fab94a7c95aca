//! One connection to the hub, from hello to its end.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use slotway_core::control::{
    Drain, FEATURE_CALLS, FEATURE_EVENTS, FEATURE_PROBE, Hello, HubMessage, Pending, ProtocolRange,
    RefusalCode, Refused, Welcome, WorkerMessage,
};
use slotway_core::map::{Doorbell, MapError, Mapping};

use super::client::Client;
use super::refusal::is_permanent;
use crate::backoff::Attempts;
use crate::book::{Ending, NothingLive};
use crate::error::{Error, Result};
use crate::session::Session;
use crate::shared::{Shared, Stop};

/// A hub that is there answers a heartbeat in this time; one that is not is not worth
/// waiting for when nothing is in hand.
const PATIENCE: Duration = Duration::from_millis(500);

/// How a connection ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// As asked for. `drained`: everything in flight was answered.
    Stopped { drained: bool },
    /// For good.
    Refused(Error),
    /// For now.
    Lost(Error, Ending),
}

/// How a drain stands.
#[derive(Debug, Clone, Copy)]
struct Draining {
    until: Instant,
    /// When to stop waiting for a hub that says nothing at all.
    mute_at: Option<Instant>,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Link<'a> {
    shared: &'a Arc<Shared>,
    session: Option<Arc<Session>>,
    /// The hub answers by this time or counts as hung.
    answer_by: Option<Instant>,
    /// A registration was live.
    has_served: bool,
    draining: Option<Draining>,
    beat_at: Option<Instant>,
    /// The oldest heartbeat that is not answered: its number, and when it was sent.
    unanswered: Option<(u64, Instant)>,
    heard_at: Instant,
    seq: u64,
}

impl<'a> Link<'a> {
    pub(super) fn new(shared: &'a Arc<Shared>) -> Link<'a> {
        let now = Instant::now();
        Link {
            shared,
            session: None,
            answer_by: Some(now + shared.options.handshake_timeout),
            has_served: false,
            draining: None,
            beat_at: None,
            unanswered: None,
            heard_at: now,
            seq: 0,
        }
    }

    pub(super) fn run(mut self, attempts: &mut Attempts) -> Ended {
        self.shared.change_book(|book| book.connecting());
        let ended = match self.converse(attempts) {
            Ok(ended) => ended,
            // The hub closed before it said "drained": that is its answer too.
            Err(error) if self.draining.is_some() => {
                tracing::warn!(%error, "the hub went away during the drain");
                Ended::Stopped { drained: self.in_hand() == 0 }
            }
            Err(error) => {
                let why = if self.is_mute(Instant::now()) {
                    Ending::HeartbeatTimeout
                } else {
                    Ending::of(&error)
                };
                Ended::Lost(error, why)
            }
        };
        if let Some(session) = self.session.take() {
            let why = match &ended {
                Ended::Stopped { .. } => &Ending::Shutdown,
                Ended::Refused(error) => &Ending::of(error),
                Ended::Lost(_, why) => why,
            };
            self.shared.detach(&session, why);
        }
        ended
    }

    fn in_hand(&self) -> usize {
        self.session.as_ref().map_or(0, |session| session.in_hand())
    }

    fn converse(&mut self, attempts: &mut Attempts) -> Result<Ended> {
        let mut client = Client::connect(&self.shared.options.hub_path())?;
        client.send(&WorkerMessage::Hello(Hello {
            protocol: ProtocolRange::OURS,
            sdk: self.shared.options.sdk.clone(),
            pid: std::process::id(),
            region: Some(self.shared.options.region),
            features: vec![FEATURE_PROBE.to_owned(), FEATURE_EVENTS.to_owned()],
            generation: self.shared.options.generation_number()?,
            instance: self.shared.options.instance_label()?,
        }))?;
        loop {
            while let Some(message) = client.message()? {
                self.heard_at = Instant::now();
                if let Some(ended) = self.handle(&mut client, message, attempts)? {
                    return Ok(ended);
                }
            }
            if self.session.is_some() {
                for message in self.shared.events().take_outgoing() {
                    client.send(&message)?;
                }
            }
            let now = Instant::now();
            if let Some(ended) = self.obey(&mut client, now)? {
                return Ok(ended);
            }
            self.offer(&mut client, now)?;
            self.keep_time(&mut client, now)?;
            self.wait(&mut client)?;
        }
    }

    fn wait(&self, client: &mut Client) -> Result<()> {
        let alone = self.session.as_ref().filter(|_| !self.shared.is_polled());
        let doorbell = alone.map(|session| session.worker_bell());
        client.wait(self.shared.control_bell(), doorbell, self.next_look())?;
        if let Some(session) = alone {
            self.shared.attend_doorbell(session);
        }
        Ok(())
    }

    /// Does what this side was asked to.
    fn obey(&mut self, client: &mut Client, now: Instant) -> Result<Option<Ended>> {
        let until = match self.shared.stopping() {
            None => return Ok(None),
            Some(Stop::Now) => {
                return Ok(Some(Ended::Stopped { drained: self.in_hand() == 0 }));
            }
            Some(Stop::Drain(until)) => until,
        };
        let Some(draining) = &mut self.draining else {
            if self.session.is_none() {
                return Ok(Some(Ended::Stopped { drained: true }));
            }
            // The heartbeat first: after "drained" nobody is there to hear the answer.
            self.beat(client, now)?;
            client.send(&WorkerMessage::Drain(Drain {}))?;
            self.draining = Some(Draining { until, mute_at: Some(now + PATIENCE) });
            return Ok(None);
        };
        draining.until = until;
        if now >= until {
            let left = self.in_hand();
            tracing::warn!(left, "the drain's deadline passed");
            return Ok(Some(Ended::Stopped { drained: left == 0 }));
        }
        if draining.mute_at.is_some_and(|at| now >= at) {
            draining.mute_at = Some(now + PATIENCE);
            if self.in_hand() == 0 {
                tracing::warn!("the hub does not answer; leaving without its word");
                return Ok(Some(Ended::Stopped { drained: true }));
            }
        }
        Ok(None)
    }

    /// Does what is due.
    fn keep_time(&mut self, client: &mut Client, now: Instant) -> Result<()> {
        if self.answer_by.is_some_and(|by| now >= by) {
            return Err(silent("the hub's answer to a registration"));
        }
        if self.is_mute(now) {
            return Err(silent("the hub's heartbeat"));
        }
        if let Some(beat) = self.shared.options.heartbeat
            && self.session.is_some()
            && self.beat_at.is_none_or(|at| now >= at)
        {
            self.beat(client, now)?;
            self.beat_at = Some(now + beat.interval);
        }
        Ok(())
    }

    /// Asks the hub whether it is there.
    fn beat(&mut self, client: &mut Client, now: Instant) -> Result<()> {
        self.seq += 1;
        self.unanswered.get_or_insert((self.seq, now));
        client.send(&WorkerMessage::Heartbeat { seq: self.seq })
    }

    /// By when the hub has to have said something: on a timer of its own, not at the next
    /// beat. A timeout that is shorter than the interval counts from the beat on, because
    /// before it nobody has asked.
    fn mute_at(&self) -> Option<Instant> {
        let beat = self.shared.options.heartbeat?;
        if beat.timeout < beat.interval {
            return self.unanswered.map(|(_, sent)| sent + beat.timeout);
        }
        Some(self.heard_at + beat.timeout)
    }

    fn is_mute(&self, now: Instant) -> bool {
        self.mute_at().is_some_and(|at| now >= at)
    }

    /// Tells the hub what there is to offer and to withdraw.
    fn offer(&mut self, client: &mut Client, now: Instant) -> Result<()> {
        if self.session.is_none() || self.draining.is_some() {
            return Ok(());
        }
        for message in self.shared.due(now) {
            if matches!(message, WorkerMessage::Register(_)) {
                self.answer_by = Some(now + self.shared.options.handshake_timeout);
            }
            client.send(&message)?;
        }
        Ok(())
    }

    fn next_look(&self) -> Option<Instant> {
        let silence = self.mute_at();
        let retry = match (&self.session, self.draining) {
            (Some(_), None) => self.shared.book(|book| book.next_due()),
            _ => None,
        };
        let drain = self.draining.map(|draining| match draining.mute_at {
            Some(at) => at.min(draining.until),
            None => draining.until,
        });
        [self.answer_by, retry, self.beat_at, silence, drain].into_iter().flatten().min()
    }

    fn handle(
        &mut self,
        client: &mut Client,
        message: HubMessage,
        attempts: &mut Attempts,
    ) -> Result<Option<Ended>> {
        match message {
            HubMessage::Welcome(welcome) => return self.welcomed(client, &welcome, attempts),
            HubMessage::Registered(registered) => {
                let (id, now) = (registered.id, Instant::now());
                let taken =
                    self.shared.change_book(|book| book.registered(id, registered.credential, now));
                if self.known(id, taken) {
                    tracing::info!(name = %registered.name, id, "registered");
                    self.has_served = true;
                    attempts.live(now);
                }
                self.look_at_answers();
            }
            HubMessage::Pending(pending) => {
                let Pending { id, reason } = pending;
                tracing::warn!(id, reason, "a registration waits for approval");
                let taken = self.shared.change_book(|book| book.pending(id, reason));
                self.known(id, taken);
                self.look_at_answers();
            }
            HubMessage::Refused(refused) => return self.refused(refused),
            HubMessage::Unregistered(gone) => {
                tracing::info!(name = %gone.name, id = gone.id, "no longer registered");
                let taken = self.shared.change_book(|book| book.unregistered(gone.id));
                self.known(gone.id, taken);
                self.look_at_answers();
                return Ok(self.nothing_live());
            }
            HubMessage::Subscribed(subscribed) => {
                if let Some(session) = &self.session {
                    self.shared.events().subscribed(session, subscribed);
                }
            }
            HubMessage::Drain(notice) => {
                tracing::info!(reason = %notice.reason, "the hub sends nothing new");
            }
            HubMessage::Drained => {
                if self.draining.is_some() {
                    return Ok(Some(Ended::Stopped { drained: true }));
                }
            }
            HubMessage::Heartbeat { seq } => {
                if let Some((_, sent)) = self.unanswered.take_if(|(asked, _)| *asked <= seq) {
                    self.shared.set_heartbeat_rtt(sent.elapsed());
                }
                if let Some(draining) = &mut self.draining {
                    draining.mute_at = None;
                }
            }
            HubMessage::Bye(notice) => tracing::info!(reason = %notice.reason, "the hub leaves"),
        }
        Ok(None)
    }

    fn welcomed(
        &mut self,
        client: &mut Client,
        welcome: &Welcome,
        attempts: &mut Attempts,
    ) -> Result<Option<Ended>> {
        if self.session.is_some() {
            return Err(Error::Protocol("a second welcome".to_owned()));
        }
        let ours = ProtocolRange::OURS;
        if !(ours.min..=ours.max).contains(&welcome.protocol) {
            return Err(Error::Protocol(format!(
                "the hub chose protocol version {}; this worker offered {} to {}",
                welcome.protocol, ours.min, ours.max
            )));
        }
        let [region, hub_bell, worker_bell] = client.take_fds()?;
        let mapping = match open(region, welcome.region.length) {
            Ok(mapping) => mapping,
            // Another layout than this build's: only another build can help.
            Err(error @ Error::Protocol(_)) => return Ok(Some(Ended::Refused(error))),
            Err(error) => return Err(error),
        };
        tracing::debug!(hub = %welcome.hub, pid = welcome.pid, spec = ?mapping.spec(), "welcome");
        let (probe, slots) = (welcome.region.probe_slot, mapping.spec().slots);
        if let Some(probe) = probe.filter(|&probe| probe >= slots) {
            let what = format!("the welcome names slot {probe} for probes; there are {slots}");
            return Err(Error::Protocol(what));
        }
        let bells = (Doorbell::from(hub_bell), Doorbell::from(worker_bell));
        let calls = welcome.features.iter().any(|feature| feature == FEATURE_CALLS);
        let session = self.shared.attach(mapping, bells.0, bells.1, (probe, calls))?;
        self.session = Some(session.clone());
        for message in self.shared.events().resubscribe(&session) {
            client.send(&message)?;
        }
        // What is offered is to be answered by a time of its own.
        self.answer_by = None;
        if self.shared.book(|book| book.is_empty()) {
            self.has_served = true;
            attempts.live(Instant::now());
        }
        Ok(None)
    }

    /// Warns of a word about a registration that is not there, which is nobody else's.
    fn known(&self, id: u32, taken: bool) -> bool {
        if !taken {
            tracing::warn!(id, "the hub speaks of a registration that is not there");
        }
        taken
    }

    fn refused(&mut self, refused: Refused) -> Result<Option<Ended>> {
        let Refused { id, subscription, code, reason } = refused;
        if let Some(subscription) = subscription {
            if let Some(session) = &self.session {
                self.shared.events().refused(session, subscription, code, reason);
            }
            return Ok(None);
        }
        let Some(id) = id else {
            let error = Error::Refused { registration: None, code, reason };
            return if is_permanent(code) { Ok(Some(Ended::Refused(error))) } else { Err(error) };
        };
        if code == RefusalCode::Replaced {
            tracing::info!(registration = id, %reason, "a registration was retired");
        } else {
            tracing::error!(registration = id, %code, %reason, "a registration was refused");
        }
        let now = Instant::now();
        let taken = self.shared.change_book(|book| book.refused(id, code, reason, now));
        self.known(id, taken);
        self.look_at_answers();
        Ok(self.nothing_live())
    }

    /// Once the hub has answered everything no answer is awaited any more.
    fn look_at_answers(&mut self) {
        if !self.shared.book(|book| book.awaits()) {
            self.answer_by = None;
        }
    }

    /// What it comes to when nothing is live and nothing pending.
    fn nothing_live(&self) -> Option<Ended> {
        let found = self.shared.book(|book| book.nothing_live())?;
        let NothingLive { error, permanent, replaced } = found;
        if self.shared.options.keep_open {
            // Others may be added, and what was refused for now is offered again.
            self.shared.failed(error);
            return None;
        }
        if self.has_served && permanent && replaced {
            // The work is done, by this worker and from here on by another.
            tracing::info!("a newer generation has replaced this worker");
            return Some(Ended::Stopped { drained: self.in_hand() == 0 });
        }
        if permanent {
            return Some(Ended::Refused(error));
        }
        let why = Ending::of(&error);
        self.shared.change_book(|book| book.forget_retries());
        Some(Ended::Lost(error, why))
    }
}

fn silent(awaited: &str) -> Error {
    Error::io(format!("waiting for {awaited}"), std::io::ErrorKind::TimedOut)
}

fn open(region: OwnedFd, stated: u64) -> Result<Mapping> {
    let mapping = Mapping::open(region).map_err(|error| match error {
        MapError::System(step, source) => Error::io(step, source),
        error => Error::Protocol(error.to_string()),
    })?;
    if mapping.length() != stated {
        return Err(Error::Protocol(format!(
            "the welcome states a region of {stated} bytes and carries one of {}",
            mapping.length()
        )));
    }
    Ok(mapping)
}
