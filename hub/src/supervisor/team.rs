//! One worker: all its instances, and what is done with them one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tracing::{error, info, warn};

use super::history::delay;
use super::process::{Cx, Process};
use super::scaler::{Load, Scaler};
use super::seat::{Outcome, Seat};
use super::status::{Failed, Restarted, WorkerStatus};
use crate::chance::chance;
use crate::config::Program;

/// One worker.
#[derive(Debug)]
pub(super) struct Team {
    program: Arc<Program>,
    wanted: u32,
    seats: BTreeMap<u32, Seat>,
    /// The rolling restart that is under way.
    roll: Option<Roll>,
    /// What was asked for meanwhile.
    next: Option<Roll>,
    /// Instances that were replaced because they had reached a limit, and how often in a row.
    spent: Spent,
    scaler: Scaler,
    /// The configuration has it no more.
    removed: bool,
}

/// A rolling restart: one instance after the other.
#[derive(Debug, Default)]
struct Roll {
    left: BTreeSet<u32>,
    /// The one whose turn it is.
    active: Option<u32>,
    restarted: Vec<String>,
    /// Who waits for the outcome.
    replies: Vec<oneshot::Sender<Restarted>>,
}

/// Keeps instances that reach their limit at once from being replaced without end.
#[derive(Debug, Default)]
struct Spent {
    active: Option<u32>,
    times: usize,
    last: Option<Instant>,
    not_before: Option<Instant>,
}

impl Team {
    pub(super) fn new(program: Program, cx: &mut Cx<'_>) -> Team {
        let mut team = Team {
            wanted: program.instances,
            program: Arc::new(program),
            seats: BTreeMap::new(),
            roll: None,
            next: None,
            spent: Spent::default(),
            scaler: Scaler::default(),
            removed: false,
        };
        team.fill(cx);
        team
    }

    pub(super) fn name(&self) -> &str {
        &self.program.name
    }

    pub(super) fn program(&self) -> &Program {
        &self.program
    }

    pub(super) fn wanted(&self) -> u32 {
        self.wanted
    }

    /// Whether nothing of it is left, nor is to be.
    pub(super) fn is_gone(&self) -> bool {
        self.removed && self.seats.is_empty()
    }

    pub(super) fn is_removed(&self) -> bool {
        self.removed
    }

    pub(super) fn has_instance(&self, number: u32) -> bool {
        self.seats.get(&number).is_some_and(Seat::is_open)
    }

    pub(super) fn processes(&self) -> impl Iterator<Item = (&str, &Process)> {
        self.seats.values().flat_map(|seat| seat.processes().map(|it| (seat.label(), it)))
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.seats.values().filter_map(Seat::deadline).min()
    }

    /// Has as many instances as are wanted, those of the lowest numbers.
    fn fill(&mut self, cx: &mut Cx<'_>) {
        let (wanted, removed) = (self.wanted, self.removed);
        for (_, seat) in self.seats.iter_mut().filter(|(number, _)| removed || **number > wanted) {
            if seat.is_open() {
                seat.close(cx);
            }
        }
        if removed || cx.frozen {
            return;
        }
        for number in 1..=wanted {
            match self.seats.get_mut(&number) {
                Some(seat) => seat.reopen(&self.program, cx),
                None => {
                    let label = format!("{}.{number}", self.program.name);
                    self.seats.insert(number, Seat::open(label, &self.program, cx));
                }
            }
        }
    }

    /// Has so many instances from here on.
    pub(super) fn scale(&mut self, wanted: u32, why: &str, cx: &mut Cx<'_>) {
        let (worker, from) = (self.name(), self.wanted);
        info!(worker, from, to = wanted, "scaled: {why}");
        self.wanted = wanted;
        self.fill(cx);
        self.advance(cx);
    }

    /// Follows another configuration: what runs is restarted, one instance after the other.
    pub(super) fn follow(&mut self, program: Program, cx: &mut Cx<'_>) {
        let counts = |program: &Program| (program.instances, program.min, program.max);
        // Who scaled it by hand meant it, until the file says another number.
        if counts(&self.program) != counts(&program) {
            self.wanted = program.instances;
        }
        self.program = Arc::new(program);
        let old = match std::mem::take(&mut self.removed) {
            // What runs was told to end already.
            true => Vec::new(),
            false => self.open_seats().collect(),
        };
        self.fill(cx);
        self.roll(old, None, cx);
    }

    fn open_seats(&self) -> impl Iterator<Item = u32> {
        self.seats.iter().filter(|(_, seat)| seat.is_open()).map(|(number, _)| *number)
    }

    /// The configuration has it no more.
    pub(super) fn remove(&mut self, cx: &mut Cx<'_>) {
        self.removed = true;
        self.fill(cx);
        self.advance(cx);
    }

    /// Replaces the instances of these numbers, or all, one after the other.
    pub(super) fn restart(
        &mut self,
        only: Option<u32>,
        reply: Option<oneshot::Sender<Restarted>>,
        cx: &mut Cx<'_>,
    ) {
        let numbers = self.open_seats().filter(|number| only.is_none_or(|only| only == *number));
        self.roll(numbers.collect(), reply, cx);
    }

    fn roll(
        &mut self,
        numbers: Vec<u32>,
        reply: Option<oneshot::Sender<Restarted>>,
        cx: &mut Cx<'_>,
    ) {
        // What is under way was begun for what was there before.
        let roll = match &self.roll {
            Some(_) => self.next.get_or_insert_default(),
            None => self.roll.get_or_insert_default(),
        };
        roll.left.extend(numbers);
        roll.replies.extend(reply);
        self.advance(cx);
    }

    /// A process has ended. False when it was none of this worker's.
    pub(super) fn exited(&mut self, pid: u32, exit: &str, cx: &mut Cx<'_>) -> bool {
        let program = &self.program;
        let known = self.seats.values_mut().any(|seat| seat.exited(pid, exit, program, cx));
        if known {
            self.advance(cx);
        }
        known
    }

    /// A process serves.
    pub(super) fn ready(&mut self, pid: u32, cx: &mut Cx<'_>) {
        for seat in self.seats.values_mut() {
            seat.ready(pid, cx);
        }
        self.advance(cx);
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, cx: &mut Cx<'_>) {
        for seat in self.seats.values_mut() {
            seat.tick(&self.program, cx);
        }
        self.advance(cx);
    }

    /// Goes on with whatever is done one after the other.
    fn advance(&mut self, cx: &mut Cx<'_>) {
        for number in self.seats.keys().copied().collect::<Vec<_>>() {
            let outcome = self.seats.get_mut(&number).and_then(Seat::take_outcome);
            if let Some(outcome) = outcome {
                self.settled(number, outcome, cx.now);
            }
        }
        self.seats.retain(|_, seat| !seat.is_gone());
        while let Some(roll) = &mut self.roll {
            // Each waits for the one before, whoever asked for that.
            if roll.active.is_some() || self.spent.active.is_some() {
                return;
            }
            let open = |number: &u32| self.seats.get(number).is_some_and(Seat::is_open);
            let Some(number) = roll.left.pop_first().filter(open) else {
                // One that has gone meanwhile is passed over.
                if roll.left.is_empty() {
                    self.rolled(None);
                }
                continue;
            };
            roll.active = Some(number);
            let Some(seat) = self.seats.get_mut(&number) else { continue };
            seat.replace(&self.program, cx);
            if let Some(outcome) = seat.take_outcome() {
                self.settled(number, outcome, cx.now);
            }
        }
    }

    /// A replacement is through.
    fn settled(&mut self, number: u32, outcome: Outcome, now: Instant) {
        let label = match self.seats.get(&number) {
            Some(seat) => seat.label().to_owned(),
            None => return,
        };
        if self.spent.active == Some(number) {
            self.spent.active = None;
            if let Err(reason) = outcome {
                warn!(instance = label, reason, "could not be replaced; it goes on");
                self.spent.rest(&self.program, now);
            }
            return;
        }
        let Some(roll) = self.roll.as_mut().filter(|roll| roll.active == Some(number)) else {
            return;
        };
        roll.active = None;
        match outcome {
            Ok(()) => roll.restarted.push(label),
            Err(reason) => {
                error!(instance = label, reason, "the restart failed; what runs goes on");
                self.rolled(Some(Failed { instance: label, reason }));
            }
        }
    }

    /// The rolling restart is through.
    fn rolled(&mut self, failed: Option<Failed>) {
        let Some(roll) = self.roll.take() else { return };
        self.roll = self.next.take();
        let worker = self.program.name.clone();
        if failed.is_none() {
            info!(worker, instances = roll.restarted.len(), "restarted");
        }
        let left = roll.left.iter().map(|number| format!("{worker}.{number}")).collect();
        let told = Restarted { worker, restarted: roll.restarted, failed, left };
        for reply in roll.replies {
            // Who does not wait any more reads it in the log.
            let _ = reply.send(told.clone());
        }
    }

    /// Whether every instance that is wanted serves.
    fn is_settled(&self) -> bool {
        let open = self.seats.values().filter(|seat| seat.is_open());
        open.filter(|seat| seat.is_ready()).count() == self.wanted as usize
            && self.roll.is_none()
            && self.spent.active.is_none()
    }

    /// Has more instances, or fewer, if the load calls for that.
    pub(super) fn look_at(&mut self, load: Load, cx: &mut Cx<'_>) {
        if !self.program.scales() || self.removed || cx.frozen {
            return;
        }
        let settled = self.is_settled();
        let wanted = self.scaler.look(&self.program, self.wanted, settled, load, cx.now);
        if let Some(wanted) = wanted {
            let why = match load.wait {
                Some(wait) if wanted > self.wanted => format!("a request has waited for {wait:?}"),
                _ => "there is room to spare".to_owned(),
            };
            self.scale(wanted, &why, cx);
        }
    }

    /// The process in charge of an instance has reached a limit: another takes its place.
    pub(super) fn is_spent(&mut self, pid: u32, why: &str, cx: &mut Cx<'_>) {
        let busy = self.roll.is_some() || self.spent.active.is_some();
        let rests = self.spent.not_before.is_some_and(|until| cx.now < until);
        if busy || rests || cx.frozen {
            return;
        }
        let found = self.seats.iter_mut().find(|(_, seat)| seat.serving() == Some(pid));
        let Some((number, seat)) = found.filter(|(_, seat)| seat.is_open() && !seat.is_replacing())
        else {
            return;
        };
        info!(instance = seat.label(), pid, "is replaced: {why}");
        self.spent.active = Some(*number);
        self.spent.count(&self.program, cx.now);
        seat.replace(&self.program, cx);
        self.advance(cx);
    }

    /// Ends everything.
    pub(super) fn close(&mut self, cx: &mut Cx<'_>) {
        self.removed = true;
        self.fill(cx);
        self.advance(cx);
    }

    pub(super) fn status(&self, now: Instant) -> WorkerStatus {
        let (min, max) = self.program.bounds();
        WorkerStatus {
            name: self.name().to_owned(),
            wanted: if self.removed { 0 } else { self.wanted },
            min,
            max,
            instances: self.seats.values().flat_map(|seat| seat.rows(now)).collect(),
        }
    }
}

impl Spent {
    /// One more. Where they follow each other closely the next has to wait.
    fn count(&mut self, program: &Program, now: Instant) {
        let close = |last: Instant| now - last < Duration::from_secs(10);
        self.times = if self.last.is_some_and(close) { self.times + 1 } else { 0 };
        self.last = Some(now);
        if self.times > 0 {
            self.rest(program, now);
        }
    }

    fn rest(&mut self, program: &Program, now: Instant) {
        self.not_before = Some(now + delay(program, self.times.max(1), chance()));
    }
}
