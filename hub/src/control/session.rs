//! One worker's connection, from hello to its end.
//!
//! The session is what detects the worker's death: the end of its socket, or its process
//! descriptor. It watches both from before the first registration, and every registration
//! goes through it, so none can be eligible for traffic while nobody watches.

mod offers;

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::process::{Pid, PidfdFlags, pidfd_open};
use slotway_core::Violation;
use slotway_core::control::{
    FrameError, HubMessage, Notice, RefusalCode, Registered, Subscribed, Unregister, WorkerMessage,
};
use tokio::io::unix::AsyncFd;
use tracing::{debug, info, warn};

use super::farewell::{depart, farewell};
use super::greet::{Tie, greet};
use super::link::{Link, LinkError};
use crate::courier::{NotSubscribed, Subscriptions};
use crate::instance::{Probed, Prober, Registration};
use crate::phase::{Phase, Phases};
use crate::readable::watch;
use crate::shared::Shared;
use offers::Waits;

/// Who is at the other end, as the kernel says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    pub(super) id: u64,
    pub(super) pid: Option<i32>,
    pub(super) uid: u32,
}

/// Why a session ended.
pub(super) enum End {
    Link(LinkError),
    /// It drained, was told so, and closed the connection.
    Left,
    /// The same, because a newer generation took over.
    Replaced,
    /// The process is gone.
    Exited,
    /// It broke the protocol of the region.
    Violation(Violation),
    /// It answered so many probes in a row too late or not at all.
    Unresponsive(u32),
    /// The hub cannot listen to it any more.
    Failed,
    /// The hub shuts down.
    Shutdown,
    /// The connection was refused, with the reason that was sent.
    Refused(RefusalCode, String),
}

impl From<LinkError> for End {
    fn from(error: LinkError) -> End {
        match error {
            LinkError::Frame(error) => End::Refused(RefusalCode::BadMessage, error.to_string()),
            error => End::Link(error),
        }
    }
}

/// Serves one worker until it is gone.
pub(super) async fn session(shared: Arc<Shared>, mut link: Link, peer: Peer, mut phases: Phases) {
    let end = match greet(&shared, &mut link, peer, &mut phases).await {
        Ok(tie) => {
            let prober = Prober::new(&tie.instance, &shared.config().health);
            let mut session = Session {
                tie: &tie,
                link: &mut link,
                exit: exit_of(peer),
                prober,
                registrations: Vec::new(),
                waiting: Vec::new(),
                subscriptions: Subscriptions::default(),
                leaving: Vec::new(),
                replaced: false,
                drain_asked: false,
                drained: false,
            };
            let end = session.run(&mut phases).await;
            let (names, exit) = (session.names(), session.exit.take());
            session.subscriptions.clear();
            // First nobody waits for it any more; how it ended can be told later.
            drop(tie);
            depart(&shared, peer, names, exit, &end).await;
            end
        }
        Err(end) => {
            let (worker, pid) = (peer.id, peer.pid);
            match &end {
                End::Refused(code, reason) => warn!(worker, pid, %code, reason, "worker refused"),
                End::Link(error) => info!(worker, pid, %error, "worker disconnected"),
                _ => {}
            }
            end
        }
    };
    farewell(&mut link, end).await;
}

/// The process's descriptor, readable once it has exited. Without one the end of the
/// socket has to do.
fn exit_of(peer: Peer) -> Option<AsyncFd<OwnedFd>> {
    let pid = Pid::from_raw(peer.pid?)?;
    pidfd_open(pid, PidfdFlags::NONBLOCK)
        .map_err(io::Error::from)
        .and_then(watch)
        .inspect_err(|error| debug!(worker = peer.id, %error, "no descriptor for the process"))
        .ok()
}

/// A worker that has its region.
struct Session<'s> {
    tie: &'s Tie,
    link: &'s mut Link,
    exit: Option<AsyncFd<OwnedFd>>,
    prober: Prober,
    registrations: Vec<Arc<Registration>>,
    /// Offered, and nobody has said yet whether they come in.
    waiting: Vec<Waits>,
    subscriptions: Subscriptions,
    /// Withdrawn or retired, with exchanges still in flight.
    leaving: Vec<Leaving>,
    /// A newer generation has taken over everything that it served.
    replaced: bool,
    /// The worker asked for a drain that is not confirmed yet.
    drain_asked: bool,
    /// And it was confirmed.
    drained: bool,
}

/// A registration that takes nothing new.
struct Leaving {
    registration: Arc<Registration>,
    /// A newer generation has taken over.
    retired: bool,
}

/// What a session wakes up for.
enum Event {
    Message(Result<WorkerMessage, LinkError>),
    Exited,
    Called,
    Phase(Phase),
    Probed(Result<Probed, Violation>),
}

impl Session<'_> {
    async fn run(&mut self, phases: &mut Phases) -> End {
        let mut next_phase = Phase::Draining;
        loop {
            let event = tokio::select! {
                biased;
                _ = readable(self.exit.as_ref()) => Event::Exited,
                () = self.tie.instance.session_called() => Event::Called,
                () = phases.at_least(next_phase) => Event::Phase(next_phase),
                message = self.link.receive() => Event::Message(message),
                probed = self.prober.probed(&self.tie.instance, || {
                    self.tie.shared.config().health.clone()
                }) => Event::Probed(probed),
            };
            let done = match event {
                Event::Exited => Err(self.left().unwrap_or(End::Exited)),
                Event::Called => self.called().await,
                Event::Phase(Phase::Closed) => Err(End::Shutdown),
                Event::Phase(_) => {
                    next_phase = Phase::Closed;
                    let reason = "the hub shuts down".to_owned();
                    let drain = HubMessage::Drain(Notice { reason });
                    self.link.send(&drain).await.map_err(End::from)
                }
                Event::Message(Ok(message)) => self.message(message, phases).await,
                Event::Message(Err(LinkError::Frame(FrameError::UnknownKind(kind)))) => {
                    self.unknown(&kind).await
                }
                Event::Message(Err(LinkError::Frame(FrameError::Json(what)))) => {
                    self.bad(what).await
                }
                Event::Message(Err(LinkError::Ended)) => {
                    Err(self.left().unwrap_or(End::Link(LinkError::Ended)))
                }
                Event::Message(Err(error)) => Err(error.into()),
                Event::Probed(probed) => self.probed(probed),
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    fn probed(&mut self, probed: Result<Probed, Violation>) -> Result<(), End> {
        let instance = &self.tie.instance;
        match probed {
            Ok(Probed::Answered) => {
                if instance.prove() {
                    self.tie.shared.registry.proven();
                }
                self.take_over();
                Ok(())
            }
            Ok(Probed::Missed(misses)) => {
                let (worker, pid) = instance.who.ids();
                warn!(worker, pid, misses, "a probe was not answered in time");
                let most = self.tie.shared.config().health.misses;
                if most > 0 && misses >= most { Err(End::Unresponsive(misses)) } else { Ok(()) }
            }
            Err(violation) => {
                instance.violated(violation);
                Err(End::Violation(violation))
            }
        }
    }

    /// Retires older generations of its names, if it has one and has shown that it is there.
    fn take_over(&self) {
        let instance = &self.tie.instance;
        if instance.who.generation > 0 {
            self.tie.shared.registry.retire_older(instance);
        }
    }

    /// The reason of a worker that goes when it may.
    fn left(&self) -> Option<End> {
        if self.replaced && self.leaving.is_empty() {
            return Some(End::Replaced);
        }
        self.drained.then_some(End::Left)
    }

    /// The names that it serves, or served last.
    fn names(&self) -> Vec<String> {
        let leaving = self.leaving.iter().map(|leaving| &leaving.registration);
        let known = self.registrations.iter().chain(leaving);
        known.map(|known| known.service.name().to_owned()).collect()
    }

    async fn message(&mut self, message: WorkerMessage, phases: &Phases) -> Result<(), End> {
        match message {
            WorkerMessage::Hello(_) => {
                let reason = "a second hello; one opens a connection".to_owned();
                return Err(End::Refused(RefusalCode::OutOfOrder, reason));
            }
            WorkerMessage::Register(register) => self.offered(register, phases).await?,
            WorkerMessage::Unregister(Unregister { id }) => {
                if let Some(at) = self.waiting.iter().position(|own| own.register.id == id) {
                    let name = self.waiting.remove(at).register.name;
                    let message = HubMessage::Unregistered(Registered::new(id, name));
                    return Ok(self.link.send(&message).await?);
                }
                match self.tie.shared.registry.unregister(&self.tie.instance, id) {
                    Some(registration) => {
                        self.registrations.retain(|known| known.id != id);
                        self.tie.instance.courier().unregistered(id);
                        self.leaving.push(Leaving { registration, retired: false });
                        self.called().await?;
                    }
                    None => {
                        let reason = format!("the worker has no registration with the id {id}");
                        self.link.refuse(Some(id), RefusalCode::OutOfOrder, reason).await?;
                    }
                }
            }
            WorkerMessage::Drain(_) => {
                info!(worker = self.tie.instance.who.id, "worker drains");
                self.waiting.clear();
                self.tie.shared.registry.drain(&self.tie.instance);
                self.drain_asked = true;
                self.called().await?;
            }
            WorkerMessage::Subscribe(subscribe) => {
                let Tie { shared, instance, .. } = self.tie;
                let (worker, id) = (instance.who.id, subscribe.id);
                match self.subscriptions.subscribe(shared, instance, &subscribe) {
                    Ok(seq) => {
                        debug!(worker, id, topics = ?subscribe.topics, "subscribed");
                        self.link.send(&HubMessage::Subscribed(Subscribed { id, seq })).await?;
                    }
                    Err(NotSubscribed { code, reason }) => {
                        warn!(worker, id, %code, reason, "subscription refused");
                        self.link.refuse_subscription(id, code, reason).await?;
                    }
                }
            }
            WorkerMessage::Unsubscribe(unsubscribe) => {
                let id = unsubscribe.id;
                if !self.subscriptions.unsubscribe(id) {
                    let reason = format!("the worker has no subscription with the id {id}");
                    self.link.refuse_subscription(id, RefusalCode::OutOfOrder, reason).await?;
                }
            }
            WorkerMessage::Heartbeat { seq } => {
                self.link.send(&HubMessage::Heartbeat { seq }).await?;
            }
        }
        Ok(())
    }

    async fn unknown(&mut self, kind: &str) -> Result<(), End> {
        warn!(worker = self.tie.instance.who.id, kind, "a message of an unknown kind");
        let reason = format!("this hub does not know messages of kind {kind:?}");
        Ok(self.link.refuse(None, RefusalCode::UnknownKind, reason).await?)
    }

    async fn bad(&mut self, what: String) -> Result<(), End> {
        warn!(worker = self.tie.instance.who.id, what, "a frame that is no message");
        let reason = FrameError::Json(what).to_string();
        Ok(self.link.refuse(None, RefusalCode::BadMessage, reason).await?)
    }

    /// Sees to registrations that a newer generation has taken over.
    async fn retire(&mut self) -> Result<(), End> {
        // Those that their own worker withdraws do not stand here any more.
        let before = self.leaving.len();
        for registration in self.registrations.extract_if(.., |known| known.is_closing()) {
            let (worker, name) = (self.tie.instance.who.id, registration.service.name());
            info!(worker, name, "retired: a newer generation serves the name");
            self.leaving.push(Leaving { registration, retired: true });
        }
        if self.leaving.len() > before && self.registrations.is_empty() {
            self.replaced = true;
            let reason = "a newer generation has taken over".to_owned();
            self.link.send(&HubMessage::Drain(Notice { reason })).await?;
        }
        Ok(())
    }

    /// Something that was waited for may have happened.
    async fn called(&mut self) -> Result<(), End> {
        if self.tie.instance.is_dead() {
            return Err(self.tie.instance.violation().map_or(End::Failed, End::Violation));
        }
        self.settle().await?;
        self.retire().await?;
        let is_idle = |known: &mut Leaving| known.registration.in_flight() == 0;
        for Leaving { registration, retired } in self.leaving.extract_if(.., is_idle) {
            let (id, name) = (registration.id, registration.service.name().to_owned());
            if retired {
                let reason = format!("a newer generation serves {name:?} from here on");
                self.link.refuse(Some(id), RefusalCode::Replaced, reason).await?;
            } else {
                let message = HubMessage::Unregistered(Registered::new(id, name));
                self.link.send(&message).await?;
            }
        }
        let idle = |known: &Arc<Registration>| known.in_flight() == 0;
        if self.drain_asked && self.leaving.is_empty() && self.registrations.iter().all(idle) {
            self.drain_asked = false;
            self.drained = true;
            self.link.send(&HubMessage::Drained).await?;
        }
        Ok(())
    }
}

/// Completes when the descriptor is readable, if there is one.
pub(super) async fn readable(fd: Option<&AsyncFd<OwnedFd>>) {
    match fd {
        // An error says as much: the process cannot be watched any more.
        Some(fd) => drop(fd.readable().await),
        None => std::future::pending().await,
    }
}
