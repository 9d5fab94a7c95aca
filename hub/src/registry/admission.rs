//! Whether a registration can be taken.

use std::sync::Arc;

use slotway_core::control::{RefusalCode, Register, check_activity, check_name, check_queue};

use super::State;
use crate::health::Page;
use crate::identities::Identity;
use crate::instance::{Instance, RegisteredRoute, Registration};
use crate::metrics::RouteId;
use crate::routing::{Candidate, Conflicts, HostPattern, Pattern, RouteMethod};

/// Why a registration was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotTaken {
    pub(crate) code: RefusalCode,
    pub(crate) reason: String,
}

/// Reads what a registration is called.
pub(super) fn identity(instance: &Instance, register: &Register) -> Result<Identity, NotTaken> {
    Identity::of(register, instance.who.id).map_err(|error| NotTaken {
        code: RefusalCode::BadName,
        reason: format!("the instance {:?} of {:?}: {error}", register.instance, register.name),
    })
}

/// Reads a registration's name and routes.
pub(super) fn parse(register: &Register) -> Result<Vec<RegisteredRoute>, NotTaken> {
    let refuse = |code, reason| Err(NotTaken { code, reason });
    if let Err(error) = check_name(&register.name) {
        return refuse(RefusalCode::BadName, error.to_string());
    }
    check_queues(register)?;
    let mut routes = Vec::with_capacity(register.routes.len());
    for route in &register.routes {
        let method = match RouteMethod::parse(&route.method) {
            Ok(method) => method,
            Err(reason) => return refuse(RefusalCode::BadMethod, reason),
        };
        if route.sse && route.method != "GET" {
            let reason = format!(
                "clients stay on {} {}, whose method has to be GET",
                route.method, route.pattern
            );
            return refuse(RefusalCode::BadMethod, reason);
        }
        let pattern = match Pattern::parse(&route.pattern) {
            Ok(pattern) => pattern,
            Err(error) => {
                let reason = format!("the pattern {:?} {error}", route.pattern);
                return refuse(RefusalCode::BadPattern, reason);
            }
        };
        let host = match route.host.as_deref().map(HostPattern::parse).transpose() {
            Ok(host) => host,
            Err(error) => return refuse(RefusalCode::BadHost, error.to_string()),
        };
        if Page::at(pattern.text()).is_some() {
            let reason = format!(
                "the route {} {} of {:?} is the hub's own; choose another path",
                route.method, route.pattern, register.name
            );
            return refuse(RefusalCode::RouteConflict, reason);
        }
        let (idempotent, sse, counted) = (route.idempotent, route.sse, RouteId::OTHER);
        routes.push(RegisteredRoute { host, method, pattern, idempotent, sse, counted });
    }
    Ok(routes)
}

fn check_queues(register: &Register) -> Result<(), NotTaken> {
    let refuse = |reason| Err(NotTaken { code: RefusalCode::BadQueue, reason });
    for (index, offer) in register.queues.iter().enumerate() {
        let queue = &offer.queue;
        if let Err(error) = check_queue(queue) {
            return refuse(format!("the queue {queue:?} {error}"));
        }
        if offer.capacity == Some(0) {
            return refuse(format!(
                "of the queue {queue:?} 0 activities are taken at a time; take at least 1"
            ));
        }
        if offer.activities.is_empty() {
            return refuse(format!("of the queue {queue:?} no activity is taken; name one"));
        }
        if register.queues[..index].iter().any(|other| other.queue == *queue) {
            return refuse(format!("the queue {queue:?} is there twice; name it once"));
        }
        for (index, activity) in offer.activities.iter().enumerate() {
            if let Err(error) = check_activity(activity) {
                return refuse(format!("the activity {activity:?} {error}"));
            }
            if offer.activities[..index].contains(activity) {
                return refuse(format!("of the queue {queue:?} {activity:?} is taken twice"));
            }
        }
    }
    Ok(())
}

impl State {
    /// Whether a registration may join those that are there, of which its worker has so many
    /// more that wait for approval.
    pub(super) fn check(
        &self,
        instance: &Instance,
        register: &Register,
        identity: &Identity,
        routes: &[RegisteredRoute],
        waiting: usize,
    ) -> Result<(), NotTaken> {
        let own = self.workers.get(&instance.who.id);
        let own = own.map_or(&[][..], |worker| &worker.registrations[..]);
        if own.len() + waiting >= self.registrations_max {
            let reason = format!(
                "the worker has {} registrations, as many as it may have; put more routes into \
                 one, or connect once more",
                own.len() + waiting
            );
            return Err(NotTaken { code: RefusalCode::DuplicateRegistration, reason });
        }
        for known in own {
            let what = if known.id == register.id {
                format!("id {}", register.id)
            } else if known.identity.is_same(identity) {
                match &register.instance {
                    Some(instance) => format!("instance {instance:?} of {:?}", register.name),
                    None => format!("name {:?}", register.name),
                }
            } else {
                continue;
            };
            let reason = format!(
                "this worker has already registered the {what}; unregister it first, or choose \
                 another"
            );
            return Err(NotTaken { code: RefusalCode::DuplicateRegistration, reason });
        }
        let is_newer = |known: &&Arc<Registration>| {
            known.service.name() == register.name
                && known.instance.outranks(instance.who.generation)
        };
        if let Some(newer) = self.registrations().find(is_newer) {
            let reason = format!(
                "generation {} serves {:?} and this worker is of generation {}; give it a higher \
                 number, or stop the newer one first",
                newer.instance.who.generation, register.name, instance.who.generation
            );
            return Err(NotTaken { code: RefusalCode::Replaced, reason });
        }
        let mut conflicts = Conflicts::default();
        for known in self.registrations() {
            for route in known.routes.iter() {
                conflicts.live(known.service.name(), route.candidate());
            }
        }
        let joining = routes.iter().map(RegisteredRoute::candidate);
        conflicts.join(&register.name, joining).map_err(|conflict| NotTaken {
            code: if conflict.twice {
                RefusalCode::DuplicateRegistration
            } else {
                RefusalCode::RouteConflict
            },
            reason: conflict.to_string(),
        })
    }
}

impl RegisteredRoute {
    fn candidate(&self) -> Candidate<'_> {
        Candidate { host: self.host.as_ref(), method: &self.method, pattern: &self.pattern }
    }
}
