//! What a worker offers: judged, taken, made to wait for somebody's word, or refused.

use slotway_core::control::{HubMessage, Pending, RefusalCode, Register, Registered};
use tracing::{info, warn};

use super::{End, Session};
use crate::identities::{Answer, Identity, Settled, Ticket};
use crate::phase::{Phase, Phases};
use crate::registry::NotTaken;

/// A registration that waits for somebody's word.
pub(super) struct Waits {
    pub(super) register: Register,
    identity: Identity,
    ticket: Ticket,
}

impl Session<'_> {
    /// A registration has come.
    pub(super) async fn offered(&mut self, register: Register, phases: &Phases) -> Result<(), End> {
        match self.judge(&register, phases) {
            Ok(Some(waits)) => {
                let (worker, identity) = (self.tie.instance.who.id, &waits.identity);
                warn!(worker, %identity, "a registration waits for approval");
                let reason = format!(
                    "{identity} waits for approval; `slotway approve {}` on the hub's machine \
                     gives it",
                    identity.as_str()
                );
                self.waiting.push(waits);
                let pending = Pending { id: register.id, reason };
                Ok(self.link.send(&HubMessage::Pending(pending)).await?)
            }
            Ok(None) => self.take(register, None).await,
            Err(NotTaken { code, reason }) => self.refuse(&register, code, reason).await,
        }
    }

    /// Whether it comes in, or has to wait.
    fn judge(&self, register: &Register, phases: &Phases) -> Result<Option<Waits>, NotTaken> {
        let not = |code, reason| Err(NotTaken { code, reason });
        let (shared, instance) = (&self.tie.shared, &self.tie.instance);
        if phases.is_at_least(Phase::Draining) {
            return not(RefusalCode::ShuttingDown, "the hub is shutting down".to_owned());
        }
        if !instance.is_live() {
            let reason = "the worker is draining; connect once more to serve again";
            return not(RefusalCode::OutOfOrder, reason.to_owned());
        }
        let identity = match Identity::of(register, instance.who.id) {
            Ok(identity) => identity,
            Err(error) => {
                let instance = register.instance.as_deref().unwrap_or_default();
                let reason = format!("the instance {instance:?} of {:?}: {error}", register.name);
                return not(RefusalCode::BadName, reason);
            }
        };
        let is_known =
            |known: &&Waits| known.register.id == register.id || known.identity.is_same(&identity);
        if let Some(known) = self.waiting.iter().find(is_known) {
            let reason = format!(
                "the id {} of this worker, {}, waits for approval already; unregister it first, \
                 or choose another id and instance",
                known.register.id, known.identity
            );
            return not(RefusalCode::DuplicateRegistration, reason);
        }
        match shared.identities.judge(&identity, register.credential.as_deref()) {
            Answer::Accepted => Ok(None),
            Answer::Refused(reason) => not(RefusalCode::NotAccepted, reason),
            Answer::UnknownCredential => {
                let reason = format!(
                    "the credential of {identity} does not count: this hub was restarted since, or \
                     took it back; register without it"
                );
                not(RefusalCode::BadCredential, reason)
            }
            Answer::Asks => {
                shared.registry.examine(instance, register, self.waiting.len())?;
                let ticket = shared.identities.wait(identity.clone(), instance.clone(), register);
                Ok(Some(Waits { register: register.clone(), identity, ticket }))
            }
        }
    }

    /// Opens the routes, if they can be.
    async fn take(&mut self, register: Register, credential: Option<String>) -> Result<(), End> {
        let (shared, instance) = (&self.tie.shared, &self.tie.instance);
        match shared.registry.register(instance, &register, self.waiting.len()) {
            Ok(registration) => {
                let (worker, name) = (instance.who.id, registration.service.name());
                let routes = registration.routes.len();
                info!(worker, identity = %registration.identity, routes, "registered");
                instance.courier().registered(register.id, name);
                self.registrations.push(registration);
                let Register { id, name, .. } = register;
                let registered = Registered { id, name, credential };
                self.link.send(&HubMessage::Registered(registered)).await?;
                // Readiness before retirement: first it takes a slot.
                if instance.who.generation > 0 || self.tie.shared.supervisor.get().is_some() {
                    self.prober.ask_now();
                }
                Ok(())
            }
            Err(NotTaken { code, reason }) => self.refuse(&register, code, reason).await,
        }
    }

    /// Sees to registrations about which somebody has said a word.
    pub(super) async fn settle(&mut self) -> Result<(), End> {
        while let Some(at) = self.waiting.iter().position(|waits| waits.ticket.settled().is_some())
        {
            let Waits { register, ticket, .. } = self.waiting.remove(at);
            match ticket.settled().cloned() {
                Some(Settled::Accepted(credential)) => self.take(register, credential).await?,
                Some(Settled::Refused(reason)) => {
                    self.refuse(&register, RefusalCode::NotAccepted, reason).await?;
                }
                None => {}
            }
        }
        Ok(())
    }

    async fn refuse(
        &mut self,
        register: &Register,
        code: RefusalCode,
        reason: String,
    ) -> Result<(), End> {
        let (worker, name) = (self.tie.instance.who.id, &register.name);
        warn!(worker, name, %code, reason, "registration refused");
        Ok(self.link.refuse(Some(register.id), code, reason).await?)
    }
}
