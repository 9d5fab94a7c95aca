//! All workers.

use std::fmt;
use std::time::Instant;

use tokio::sync::oneshot;
use tracing::{info, warn};

use super::process::{Cx, Process, State};
use super::scaler::Load;
use super::status::{Restarted, Scaled, Status};
use super::team::Team;
use crate::config::{INSTANCES_MAX, Program};

/// All workers, in the order of the configuration.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    teams: Vec<Team>,
}

/// Why something cannot be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Nothing has that name; those that there are.
    Unknown { asked: String, known: Vec<String> },
    /// So many instances there cannot be.
    Bounds { worker: String, asked: u32, min: u32, max: u32 },
    /// The hub shuts down.
    Closing,
}

impl Fleet {
    /// Follows these programs: those that are new start, those that are gone are stopped, and
    /// those that go on are restarted, each worker at its own pace.
    pub(super) fn follow(&mut self, programs: Vec<Program>, cx: &mut Cx<'_>) {
        for team in &mut self.teams {
            if !team.is_removed() && !programs.iter().any(|it| it.name == team.name()) {
                info!(worker = team.name(), "is no longer in the configuration");
                team.remove(cx);
            }
        }
        for program in programs {
            match self.teams.iter_mut().find(|team| team.name() == program.name) {
                Some(team) => team.follow(program, cx),
                None => self.teams.push(Team::new(program, cx)),
            }
        }
        self.sweep();
    }

    /// Restarts a worker, an instance, or without a name all; gives what the outcomes come by.
    pub(super) fn restart(
        &mut self,
        target: Option<&str>,
        cx: &mut Cx<'_>,
    ) -> Result<Vec<oneshot::Receiver<Restarted>>, Refused> {
        if cx.frozen {
            return Err(Refused::Closing);
        }
        let mut outcomes = Vec::new();
        let live = self.teams.iter_mut().filter(|team| !team.is_removed());
        for team in live {
            let only = match target.map(|target| team.instance(target)) {
                Some(None) => continue,
                Some(Some(only)) => only,
                None => None,
            };
            let (reply, outcome) = oneshot::channel();
            team.restart(only, Some(reply), cx);
            outcomes.push(outcome);
        }
        match target {
            Some(target) if outcomes.is_empty() => Err(self.unknown(target)),
            _ => Ok(outcomes),
        }
    }

    /// Has so many instances of a worker.
    pub(super) fn scale(
        &mut self,
        name: &str,
        wanted: u32,
        cx: &mut Cx<'_>,
    ) -> Result<Scaled, Refused> {
        if cx.frozen {
            return Err(Refused::Closing);
        }
        let live = self.teams.iter_mut().filter(|team| !team.is_removed());
        let Some(team) = live.into_iter().find(|team| team.name() == name) else {
            return Err(self.unknown(name));
        };
        let (min, max) = match team.program().scales() {
            true => team.program().bounds(),
            false => (0, INSTANCES_MAX),
        };
        if !(min..=max).contains(&wanted) {
            return Err(Refused::Bounds { worker: name.to_owned(), asked: wanted, min, max });
        }
        let from = team.wanted();
        team.scale(wanted, "somebody asked for it", cx);
        self.sweep();
        Ok(Scaled { worker: name.to_owned(), from, to: wanted })
    }

    fn unknown(&self, asked: &str) -> Refused {
        let live = self.teams.iter().filter(|team| !team.is_removed());
        let known = live.map(|team| team.name().to_owned()).collect();
        Refused::Unknown { asked: asked.to_owned(), known }
    }

    /// A process of ours has ended. False when it was none.
    pub(super) fn exited(&mut self, pid: u32, exit: &str, cx: &mut Cx<'_>) -> bool {
        let known = self.teams.iter_mut().any(|team| team.exited(pid, exit, cx));
        self.sweep();
        known
    }

    /// A process serves.
    pub(super) fn ready(&mut self, pid: u32, cx: &mut Cx<'_>) {
        for team in &mut self.teams {
            team.ready(pid, cx);
        }
    }

    /// A process has served and hangs: it is killed, and its instance starts another.
    pub(super) fn hangs(&mut self, pid: u32, cx: &mut Cx<'_>) {
        let found = self.processes().find(|(_, process)| process.pid == pid);
        if let Some((instance, process)) = found
            && process.state == State::Ready
        {
            warn!(instance, pid, "is killed: it answers no probes");
            cx.hands.kill(pid);
        }
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, cx: &mut Cx<'_>) {
        for team in &mut self.teams {
            team.tick(cx);
        }
        self.sweep();
    }

    /// The load of a worker was looked at.
    pub(super) fn look_at(&mut self, name: &str, load: Load, cx: &mut Cx<'_>) {
        if let Some(team) = self.teams.iter_mut().find(|team| team.name() == name) {
            team.look_at(load, cx);
        }
    }

    /// A process has reached a limit.
    pub(super) fn is_spent(&mut self, pid: u32, why: &str, cx: &mut Cx<'_>) {
        for team in &mut self.teams {
            team.is_spent(pid, why, cx);
        }
    }

    /// Ends everything.
    pub(super) fn close(&mut self, cx: &mut Cx<'_>) {
        for team in &mut self.teams {
            team.close(cx);
        }
        self.sweep();
    }

    /// When there is something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.teams.iter().filter_map(Team::deadline).min()
    }

    pub(super) fn teams(&self) -> impl Iterator<Item = &Team> {
        self.teams.iter()
    }

    /// Every process with its instance's name.
    pub(super) fn processes(&self) -> impl Iterator<Item = (&str, &Process)> {
        self.teams.iter().flat_map(Team::processes)
    }

    pub(super) fn status(&self, now: Instant) -> Status {
        Status { workers: self.teams.iter().map(|team| team.status(now)).collect() }
    }

    /// Forgets workers that are gone.
    fn sweep(&mut self) {
        self.teams.retain(|team| !team.is_gone());
    }
}

impl Team {
    /// Whether a name is this worker's, or that of one of its instances: then which.
    fn instance(&self, target: &str) -> Option<Option<u32>> {
        if target == self.name() {
            return Some(None);
        }
        let number = target.strip_prefix(self.name())?.strip_prefix('.')?.parse().ok()?;
        self.has_instance(number).then_some(Some(number))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Unknown { asked, known } if known.is_empty() => {
                write!(f, "There is no worker {asked:?}; there is none at all.")
            }
            Refused::Unknown { asked, known } => write!(
                f,
                "There is no worker {asked:?}, nor such an instance of one; there is {}.",
                known.join(", ")
            ),
            Refused::Bounds { worker, asked, min, max } => write!(
                f,
                "{worker} cannot have {asked} instances; ask for {min} to {max}, or change its \
                 bounds in the configuration."
            ),
            Refused::Closing => f.write_str("The hub shuts down."),
        }
    }
}

#[cfg(test)]
mod tests;
