//! Who serves what, right now.
//!
//! Sessions change it under a lock; after each change the routing table is built anew and
//! swapped in. Requests only ever read the table.
//!
//! The routes of a name whose last instance went away without withdrawing them are
//! remembered: they answer "no worker now" instead of "no such route", because a worker
//! that restarts is back in a moment.

mod admission;
mod ghosts;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, Guard};
use slotway_core::control::{QueueOffer, RefusalCode, Register};
use tokio::sync::watch;
use tracing::error;

use crate::config::Config;
use crate::instance::{Instance, RegisteredRoute, Registration, Share};
use crate::metrics::Metrics;
use crate::queues::{Known, Queue, QueueTable};
use crate::routing::{Builder, Found, Table};
use crate::rules::Rules;
use crate::service::Service;
use crate::wait_queue::Crowd;
pub(crate) use admission::NotTaken;
use admission::{identity, parse};
use ghosts::Ghosts;

/// Everything that workers have registered.
pub(crate) struct Registry {
    state: Mutex<State>,
    live: ArcSwap<Live>,
    /// Counts the tables.
    changes: watch::Sender<u64>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct State {
    workers: BTreeMap<u64, Worker>,
    services: HashMap<Box<str>, Arc<Service>>,
    queues: Known,
    /// Who waits in any of the lines.
    crowd: Crowd,
    queue_waiting_max: usize,
    ghosts: Ghosts,
    rules: Arc<Rules>,
    waiters_max: usize,
    registrations_max: usize,
}

struct Worker {
    instance: Arc<Instance>,
    registrations: Vec<Arc<Registration>>,
}

/// One instance that serves one route.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) registration: Arc<Registration>,
    /// The route's index in the registration.
    pub(crate) route: u32,
}

/// What requests and people look at.
#[derive(Debug, Default)]
pub(crate) struct Live {
    table: Table<Place>,
    /// Who takes what from which queue.
    pub(crate) queues: QueueTable,
    /// Every connected worker and what it has registered, in the order of connecting.
    pub(crate) workers: Vec<(Arc<Instance>, Vec<Arc<Registration>>)>,
    /// What the configuration says of single routes.
    pub(crate) rules: Arc<Rules>,
}

impl Place {
    pub(crate) fn route(&self) -> &RegisteredRoute {
        // The table is built from these very routes.
        &self.registration.routes[self.route as usize]
    }
}

impl Live {
    /// Finds the route of a request.
    pub(crate) fn find<'t, 'p>(
        &'t self,
        host: &str,
        method: &http::Method,
        path: &'p str,
    ) -> Found<'t, 'p, Place> {
        self.table.find(host, method, path)
    }

    /// The methods of a path, if it has any.
    pub(crate) fn allow(&self, host: &str, path: &str) -> Option<&http::HeaderValue> {
        self.table.allow(host, path)
    }

    /// The names that are served, each with the number of its instances that `counts`.
    pub(crate) fn names(&self, counts: impl Fn(&Instance) -> bool) -> BTreeMap<&str, usize> {
        let mut names = BTreeMap::new();
        // Asked of each anew: one that is gone may not have left the table yet.
        for (_, registrations) in self.workers.iter().filter(|(instance, _)| counts(instance)) {
            for registration in registrations.iter().filter(|known| !known.is_closing()) {
                *names.entry(registration.service.name()).or_insert(0) += 1;
            }
        }
        names
    }
}

impl Registry {
    pub(crate) fn new(metrics: Arc<Metrics>, config: &Config) -> Registry {
        let (state, live, changes) = (Mutex::default(), ArcSwap::default(), watch::Sender::new(0));
        let registry = Registry { state, live, changes, metrics };
        registry.apply(config);
        registry
    }

    /// Follows a configuration that was checked: its rules and limits count for whatever
    /// comes next, for workers that are there as well.
    pub(crate) fn apply(&self, config: &Config) {
        let mut state = self.lock();
        state.rules = Arc::new(Rules::compile(config, &state.rules));
        state.waiters_max = config.limits.waiters;
        state.registrations_max = config.workers.registrations;
        state.queue_waiting_max = config.queues.waiting;
        state.queues.set_waiting_max(config.queues.waiting);
        for service in state.services.values() {
            service.queue.set_length_max(config.limits.waiters);
        }
        self.publish(&mut state);
    }

    /// The table of this moment. Not to be kept across an await.
    pub(crate) fn live(&self) -> Guard<Arc<Live>> {
        self.live.load()
    }

    /// The table of this moment, for whoever keeps it for longer.
    pub(crate) fn live_now(&self) -> Arc<Live> {
        self.live.load_full()
    }

    /// Changes after each change of the table.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// A worker has answered its first probe.
    pub(crate) fn proven(&self) {
        self.changes.send_modify(|changes| *changes += 1);
    }

    /// A worker has its region.
    pub(crate) fn connect(&self, instance: Arc<Instance>) {
        let mut state = self.lock();
        self.metrics.workers_connected.add_one();
        state.workers.insert(instance.who.id, Worker { instance, registrations: Vec::new() });
        self.publish(&mut state);
    }

    /// Opens the routes of a registration, all at once, or says why not. `waiting`: how many
    /// others of its worker somebody is being asked about.
    pub(crate) fn register(
        &self,
        instance: &Arc<Instance>,
        register: &Register,
        waiting: usize,
    ) -> Result<Arc<Registration>, NotTaken> {
        let taken = self.take(instance, register, waiting);
        match taken {
            Ok(_) => self.metrics.registered.add_one(),
            Err(_) => self.metrics.registrations_refused.add_one(),
        }
        taken
    }

    /// Says why a registration cannot be taken as things are, if so, before somebody is asked
    /// to approve it; `waiting` others of its worker are being asked about.
    pub(crate) fn examine(
        &self,
        instance: &Instance,
        register: &Register,
        waiting: usize,
    ) -> Result<(), NotTaken> {
        let (routes, identity) = (parse(register)?, identity(instance, register)?);
        let examined = self.lock().check(instance, register, &identity, &routes, waiting);
        examined.inspect_err(|_| self.metrics.registrations_refused.add_one())
    }

    fn take(
        &self,
        instance: &Arc<Instance>,
        register: &Register,
        waiting: usize,
    ) -> Result<Arc<Registration>, NotTaken> {
        let mut routes = parse(register)?;
        let identity = identity(instance, register)?;
        let mut state = self.lock();
        let state = &mut *state;
        state.check(instance, register, &identity, &routes, waiting)?;
        let name = register.name.as_str();
        for route in &mut routes {
            let (method, place) = (route.method.to_string(), route.place());
            route.counted = self.metrics.routes.resolve(name, &method, &place);
        }
        let service = match state.services.get(name) {
            Some(service) => service.clone(),
            None => Arc::new(Service::new(name, state.waiters_max, state.crowd.clone())),
        };
        let slots = instance.capacity();
        let max_concurrent = register.max_concurrent.unwrap_or(slots).clamp(1, slots);
        let shares = state.shares(register, max_concurrent);
        let registration = Arc::new(Registration::new(
            instance.clone(),
            register.id,
            identity,
            service.clone(),
            routes.into(),
            shares,
            max_concurrent,
        ));
        let worker = state.workers.get_mut(&instance.who.id).ok_or_else(|| NotTaken {
            code: RefusalCode::OutOfOrder,
            reason: "the connection is ending".to_owned(),
        })?;
        worker.registrations.push(registration.clone());
        state.services.insert(name.into(), service);
        state.ghosts.replace(name);
        self.publish(state);
        Ok(registration)
    }

    /// Closes the routes of a registration that its worker withdraws.
    pub(crate) fn unregister(&self, instance: &Instance, id: u32) -> Option<Arc<Registration>> {
        let mut state = self.lock();
        let worker = state.workers.get_mut(&instance.who.id)?;
        let at = worker.registrations.iter().position(|known| known.id == id)?;
        let registration = worker.registrations.remove(at);
        registration.close();
        self.publish(&mut state);
        Some(registration)
    }

    /// Closes every route of a worker that finishes what it has. What it has not seen
    /// moves to others, after the table that leads there is in place.
    pub(crate) fn drain(&self, instance: &Instance) {
        instance.drain();
        let mut state = self.lock();
        self.remember(&mut state, instance);
        self.publish(&mut state);
        drop(state);
        instance.wake_all();
    }

    /// Retires the registrations of older generations whose names this instance serves.
    /// What a worker that loses all of them has not seen moves.
    pub(crate) fn retire_older(&self, successor: &Instance) {
        let mut state = self.lock();
        let Some(own) = state.workers.get(&successor.who.id) else { return };
        let names: Vec<_> = own.registrations.iter().map(|own| own.service.clone()).collect();
        let mut retired = Vec::new();
        for worker in state.workers.values_mut() {
            if !successor.outranks(worker.instance.who.generation) {
                continue;
            }
            let is_older =
                |own: &mut Arc<Registration>| names.iter().any(|n| Arc::ptr_eq(n, &own.service));
            let before = worker.registrations.len();
            worker.registrations.extract_if(.., is_older).for_each(|own| own.close());
            if worker.registrations.len() == before {
                continue;
            }
            if worker.registrations.is_empty() {
                worker.instance.drain();
            }
            retired.push(worker.instance.clone());
        }
        if retired.is_empty() {
            return;
        }
        self.publish(&mut state);
        drop(state);
        for instance in retired {
            instance.wake_all();
            instance.call_session();
        }
    }

    /// Forgets a worker that is gone.
    pub(crate) fn disconnect(&self, instance: &Instance) {
        let mut state = self.lock();
        self.remember(&mut state, instance);
        state.workers.remove(&instance.who.id);
        self.publish(&mut state);
    }

    /// Keeps the routes of names that lose their last instance with this one.
    fn remember(&self, state: &mut State, instance: &Instance) {
        let Some(worker) = state.workers.get(&instance.who.id) else { return };
        let lost: Vec<_> = worker
            .registrations
            .iter()
            .filter(|own| {
                !state.registrations().any(|other| {
                    other.instance.who.id != instance.who.id
                        && other.instance.is_live()
                        && other.service.name() == own.service.name()
                })
            })
            .cloned()
            .collect();
        for registration in &lost {
            state.ghosts.replace(registration.service.name());
        }
        for registration in lost {
            state.ghosts.add(registration.service.name(), registration.routes.clone());
        }
    }

    /// Builds the table and swaps it in; then calls whoever waits, because what they wait
    /// for may have come or gone.
    fn publish(&self, state: &mut State) {
        let mut builder = Builder::new();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for worker in state.workers.values() {
            let own = worker.registrations.iter();
            let kinds = own.clone().flat_map(|own| own.shares.iter());
            let kinds = kinds.flat_map(|share| share.activities.iter().map(|(_, line)| line));
            let mut lines: Vec<_> = own.map(|own| &own.service.queue).chain(kinds).collect();
            // Several of one name, or of one queue, share a line, which is called once.
            lines.sort_unstable_by_key(|line| Arc::as_ptr(line));
            lines.dedup_by(|a, b| Arc::ptr_eq(a, b));
            worker.instance.set_lines(lines.into_iter().cloned().collect());
            if !worker.instance.is_live() {
                continue;
            }
            for registration in &worker.registrations {
                *counts.entry(registration.service.name()).or_default() += 1;
                for (route, index) in registration.routes.iter().zip(0..) {
                    let place = Place { registration: registration.clone(), route: index };
                    let (host, counted) = (route.host.as_ref(), route.counted);
                    builder.add(host, &route.pattern, &route.method, counted, Some(place));
                }
            }
        }
        for route in state.ghosts.routes() {
            let (host, counted) = (route.host.as_ref(), route.counted);
            builder.add(host, &route.pattern, &route.method, counted, None);
        }
        for service in state.services.values() {
            service.set_instances(counts.get(service.name()).copied().unwrap_or(0));
        }
        let (table, left_out) = builder.build(&state.rules);
        for path in left_out {
            error!(path, "a pattern was accepted that the router refuses");
        }
        let workers = state.workers.values();
        let workers = workers.map(|w| (w.instance.clone(), w.registrations.clone())).collect();
        let rules = state.rules.clone();
        let queues = state.queue_table();
        self.live.store(Arc::new(Live { table, queues, workers, rules }));
        self.changes.send_modify(|changes| *changes += 1);
        for service in state.services.values() {
            service.queue.call_all();
        }
        state.queues.call_all();
        let State { workers, services, .. } = state;
        services.retain(|name, _| {
            workers.values().any(|w| w.registrations.iter().any(|r| r.service.name() == &**name))
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is made whole before anything can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What a registration takes from queues, each by name and as it was checked.
    fn shares(&mut self, register: &Register, max_concurrent: u32) -> Box<[Share]> {
        // A message has far fewer routes and activities than 2³².
        let mut first = register.routes.len() as u32;
        let mut share = |offer: &QueueOffer| {
            let (name, activities) = (&offer.queue, &offer.activities);
            let (max, crowd) = (self.queue_waiting_max, &self.crowd);
            let (queue, lines) = self.queues.take(name, activities, max, crowd);
            let capacity = offer.capacity.unwrap_or(max_concurrent).min(max_concurrent);
            let share = Share::new(queue, lines, first, capacity);
            first += activities.len() as u32;
            share
        };
        register.queues.iter().map(&mut share).collect()
    }

    fn queue_table(&mut self) -> QueueTable {
        let State { queues, workers, .. } = self;
        let live = || workers.values().filter(|worker| worker.instance.is_live());
        let registrations = || live().flat_map(|worker| &worker.registrations);
        let taken: HashSet<*const Queue> = registrations()
            .flat_map(|own| own.shares.iter().map(|share| Arc::as_ptr(&share.queue)))
            .collect();
        let mut table = queues.table(|queue| taken.contains(&std::ptr::from_ref(queue)));
        registrations().for_each(|registration| table.seat(registration));
        table
    }

    fn registrations(&self) -> impl Iterator<Item = &Arc<Registration>> {
        self.workers.values().flat_map(|worker| &worker.registrations)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}
