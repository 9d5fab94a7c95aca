//! What a runner, its handles and its connections share.
//!
//! ```text
//! Idle ──run──▶ Running ──every connection has ended, or a shutdown is through──▶ Ended
//! ```
//!
//! One lock holds the phase and the list, so a unit that is added while somebody begins to run
//! is either in the list that is driven, or its caller is told that it came too late.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use super::crew::Crew;
use super::report::{Ended, Report};
use super::unit::Unit;
use crate::book::{Ending, RegistrationMetrics, RegistrationState};
use crate::error::{Error, Result};
use crate::options::Options;
use crate::sync::{lock, wait};

const RUNNING: &str =
    "the runner is already running; units are added before, or later if it allows hot_add";
const RAN: &str = "the runner has ended; a runner runs once, make another";

/// So many withdrawn registrations are remembered for the report.
const DEPARTED_MAX: usize = 1024;

/// How a runner is to run.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) options: Options,
    pub(super) threads: usize,
    pub(super) hot_add: bool,
    pub(super) slots_max: u32,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    stopping: bool,
    /// In order, before it runs.
    units: Vec<Unit>,
    /// In order, while it runs.
    members: Vec<Member>,
    crews: Vec<Arc<Crew>>,
    /// Those that were withdrawn, oldest first.
    departed: VecDeque<RegistrationMetrics>,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Idle,
    Running(Box<Settings>),
    Ended,
}

/// One registration that runs.
#[derive(Debug, Clone)]
struct Member {
    identity: String,
    slots: u32,
    crew: Arc<Crew>,
    index: usize,
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Adds a unit, to the list or to what runs.
    pub(super) fn add(self: &Arc<Self>, unit: Unit) -> Result<()> {
        let mut state = self.lock();
        let identity = unit.identity();
        let allowed = match &state.phase {
            Phase::Idle => None,
            Phase::Running(settings) if settings.hot_add => Some(settings.clone()),
            Phase::Running(_) => return Err(Error::OutOfOrder(RUNNING)),
            Phase::Ended => return Err(Error::OutOfOrder(RAN)),
        };
        unit.check()?;
        if state.has(&identity) {
            return Err(unit.registration().twice());
        }
        let Some(settings) = allowed else {
            state.units.push(unit);
            return Ok(());
        };
        if state.stopping {
            return Err(Error::Closed);
        }
        let slots = fits(&unit, settings.slots_max)?;
        let room = state.crews.iter().find(|crew| {
            !crew.connection().is_closed() && state.used(crew) + slots <= crew.slots()
        });
        let (crew, index) = match room.cloned() {
            Some(crew) => {
                let index = crew.add(unit)?;
                (crew, index)
            }
            None => (self.start(&mut state, &settings, slots, vec![unit])?, 0),
        };
        state.members.push(Member { identity, slots, crew, index });
        Ok(())
    }

    /// Adds a unit to the list, or leaves it out with a warning if it is there already.
    pub(super) fn add_first(&self, unit: Unit) {
        let mut state = self.lock();
        let identity = unit.identity();
        if state.has(&identity) {
            tracing::warn!(identity, "a unit is in the list twice; the first one stays");
        } else {
            state.units.push(unit);
        }
    }

    /// Starts one connection more.
    fn start(
        self: &Arc<Self>,
        state: &mut State,
        settings: &Settings,
        used: u32,
        units: Vec<Unit>,
    ) -> Result<Arc<Crew>> {
        let asked = settings.options.region_slots().max(used).min(settings.slots_max);
        let inner = Arc::downgrade(self);
        let ended = move || {
            if let Some(inner) = inner.upgrade() {
                // Under the lock, so that whoever looked before waits by now.
                drop(inner.lock());
                inner.changed.notify_all();
            }
        };
        let options = settings.options.clone();
        let crew = Arc::new(Crew::start(options, asked, units, settings.threads, ended)?);
        state.crews.push(crew.clone());
        // It may have ended before anybody could be told.
        self.changed.notify_all();
        Ok(crew)
    }

    /// Runs what is in the list until it is through.
    pub(super) fn run(self: &Arc<Self>, settings: Settings) -> Result<Report> {
        let mut state = self.lock();
        match &state.phase {
            Phase::Idle => {}
            Phase::Running(_) => return Err(Error::OutOfOrder(RUNNING)),
            Phase::Ended => return Err(Error::OutOfOrder(RAN)),
        }
        let units = std::mem::take(&mut state.units);
        if units.is_empty() || state.stopping {
            state.phase = Phase::Ended;
            let idle = units.iter().map(|unit| Ended::new(unmoved(unit), &Ending::Shutdown));
            return Ok(Report { registrations: idle.collect(), drained: true });
        }
        state.phase = Phase::Running(Box::new(settings.clone()));
        if let Err(error) = self.start_all(&mut state, &settings, units) {
            state.phase = Phase::Ended;
            // Dropping them closes what was started.
            (state.crews, state.members) = Default::default();
            return Err(error);
        }
        while !state.stopping && !state.crews.iter().all(|crew| crew.connection().is_closed()) {
            state = wait(&self.changed, state, None);
        }
        // Whoever adds a unit from here on is told that it is too late.
        state.stopping = true;
        let crews = state.crews.clone();
        drop(state);
        let mut drained = true;
        for crew in &crews {
            crew.connection().begin_shutdown();
        }
        for crew in &crews {
            drained &= crew.wait();
        }
        let mut state = self.lock();
        state.phase = Phase::Ended;
        let mut registrations: Vec<_> = state
            .members
            .iter()
            .filter_map(Member::metrics)
            .map(|metrics| Ended::new(metrics, &Ending::Shutdown))
            .collect();
        let departed = state.departed.drain(..).map(|gone| Ended::new(gone, &Ending::Withdrawn));
        registrations.extend(departed);
        (state.crews, state.members) = Default::default();
        Ok(Report { registrations, drained })
    }

    /// Spreads units over as few connections as their slots allow, each into the first with
    /// room.
    fn start_all(
        self: &Arc<Self>,
        state: &mut State,
        settings: &Settings,
        units: Vec<Unit>,
    ) -> Result<()> {
        settings.options.check()?;
        let mut regions: Vec<(u32, Vec<Unit>)> = Vec::new();
        let mut placed = Vec::with_capacity(units.len());
        for unit in units {
            unit.check()?;
            let slots = fits(&unit, settings.slots_max)?;
            let room = regions.iter().position(|(used, _)| used + slots <= settings.slots_max);
            let at = room.unwrap_or_else(|| {
                regions.push((0, Vec::new()));
                regions.len() - 1
            });
            let (used, members) = &mut regions[at];
            *used += slots;
            placed.push((unit.identity(), slots, at, members.len()));
            members.push(unit);
        }
        let mut crews = Vec::with_capacity(regions.len());
        for (used, units) in regions {
            crews.push(self.start(state, settings, used, units)?);
        }
        for (identity, slots, at, index) in placed {
            state.members.push(Member { identity, slots, crew: crews[at].clone(), index });
        }
        Ok(())
    }

    /// Withdraws the registration of an identity.
    pub(super) fn withdraw(&self, identity: &str) -> Result<RegistrationMetrics> {
        let mut state = self.lock();
        if let Some(at) = state.units.iter().position(|unit| unit.identity() == identity) {
            let unit = state.units.remove(at);
            return Ok(RegistrationMetrics { ending: Some(Ending::Withdrawn), ..unmoved(&unit) });
        }
        let member = state.members.iter().find(|member| member.identity == identity).cloned();
        let (Some(member), Phase::Running(settings)) = (member, &state.phase) else {
            return Err(Error::InvalidArgument(format!(
                "there is no registration {identity:?}; it was withdrawn, or never was"
            )));
        };
        let (deadline, hot_add) = (settings.options.drain_deadline, settings.hot_add);
        drop(state);
        let metrics = member.crew.withdraw(member.index, deadline)?;
        let mut state = self.lock();
        state.members.retain(|known| !known.is(&member));
        if state.departed.len() == DEPARTED_MAX {
            state.departed.pop_front();
        }
        state.departed.push_back(metrics.clone());
        let is_empty = !state.members.iter().any(|known| Arc::ptr_eq(&known.crew, &member.crew));
        // The last connection of a runner that takes more stays for them.
        if is_empty && (!hot_add || state.crews.len() > 1) {
            member.crew.connection().begin_shutdown();
            if hot_add {
                state.crews.retain(|crew| !Arc::ptr_eq(crew, &member.crew));
            }
        }
        Ok(metrics)
    }

    /// What each registration has done, in order.
    pub(super) fn metrics(&self) -> Vec<RegistrationMetrics> {
        let state = self.lock();
        let idle = state.units.iter().map(unmoved);
        idle.chain(state.members.iter().filter_map(Member::metrics)).collect()
    }

    /// Begins to end it. `drain`: what is in flight is answered first.
    pub(super) fn stop(&self, drain: bool) {
        let mut state = self.lock();
        state.stopping = true;
        for crew in &state.crews {
            match drain {
                true => crew.connection().begin_shutdown(),
                false => crew.connection().begin_close(),
            }
        }
        drop(state);
        self.changed.notify_all();
    }
}

impl State {
    fn has(&self, identity: &str) -> bool {
        self.units.iter().any(|unit| unit.identity() == identity)
            || self.members.iter().any(|member| member.identity == identity)
    }

    /// Slots of a connection's region that its registrations may use.
    fn used(&self, crew: &Arc<Crew>) -> u32 {
        let own = self.members.iter().filter(|member| Arc::ptr_eq(&member.crew, crew));
        own.map(|member| member.slots).sum()
    }
}

impl Member {
    fn is(&self, other: &Member) -> bool {
        Arc::ptr_eq(&self.crew, &other.crew) && self.index == other.index
    }

    fn metrics(&self) -> Option<RegistrationMetrics> {
        self.crew.connection().metrics_of(self.index)
    }
}

/// The slots that a unit needs, if one region may have them.
fn fits(unit: &Unit, slots_max: u32) -> Result<u32> {
    let slots = unit.slots();
    if slots <= slots_max {
        return Ok(slots);
    }
    Err(Error::InvalidArgument(format!(
        "{:?} allows {slots} exchanges at a time and a region has {slots_max} slots at most; allow \
         fewer, or raise max_slots_per_region",
        unit.identity()
    )))
}

/// The metrics of a unit that nothing has happened to.
fn unmoved(unit: &Unit) -> RegistrationMetrics {
    let registration = unit.registration();
    RegistrationMetrics::none(&registration.name, registration.instance.as_deref())
}

impl RegistrationMetrics {
    fn none(name: &str, instance: Option<&str>) -> RegistrationMetrics {
        RegistrationMetrics {
            index: 0,
            name: name.to_owned(),
            instance: instance.map(str::to_owned),
            state: RegistrationState::Pending,
            received: 0,
            processed: 0,
            failed: 0,
            in_flight: 0,
            bytes_in: 0,
            bytes_out: 0,
            reconnects: 0,
            disconnects: 0,
            last_disconnect: None,
            backoff: None,
            heartbeat_rtt: None,
            ending: None,
        }
    }
}
