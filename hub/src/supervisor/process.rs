//! One process of an instance, and what the system is asked to do with it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::config::Program;

/// What starts and ends processes. The real one is [`System`](super::system::System).
pub(super) trait Hands {
    /// Starts a program in a process group of its own; gives the process id.
    ///
    /// # Errors
    ///
    /// Why not, in words.
    fn start(&mut self, program: &Program, label: &str) -> Result<u32, String>;

    /// Sends a signal to a process that has not been reaped.
    fn signal(&mut self, pid: u32, signal: Signal);

    /// Kills a process that has not been reaped, with its whole group.
    fn kill(&mut self, pid: u32);
}

/// What every step needs.
pub(super) struct Cx<'a> {
    pub(super) now: Instant,
    pub(super) hands: &'a mut dyn Hands,
    /// The hub shuts down: nothing is started any more.
    pub(super) frozen: bool,
}

/// A process that runs.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) state: State,
    /// Since when it is in this state.
    pub(super) since: Instant,
    /// What it was started by, which also says how to stop it.
    pub(super) program: Arc<Program>,
}

/// Where a process stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It has not served yet, and has until then.
    Starting { until: Option<Instant> },
    /// It serves.
    Ready,
    /// It was told to end, and is killed then; `None` once it was.
    Stopping { kill_at: Option<Instant> },
}

impl Process {
    pub(super) fn new(pid: u32, program: Arc<Program>, now: Instant) -> Process {
        let state = match program.ready_timeout {
            Some(timeout) => State::Starting { until: Some(now + timeout) },
            None => State::Ready,
        };
        Process { pid, state, since: now, program }
    }

    pub(super) fn is_starting(&self) -> bool {
        matches!(self.state, State::Starting { .. })
    }

    pub(super) fn is_stopping(&self) -> bool {
        matches!(self.state, State::Stopping { .. })
    }

    /// Whether it should serve by now and does not.
    pub(super) fn is_late(&self, now: Instant) -> bool {
        matches!(self.state, State::Starting { until: Some(until) } if until <= now)
    }

    /// How long it has served.
    pub(super) fn served(&self, now: Instant) -> Option<Duration> {
        (self.state == State::Ready).then(|| now - self.since)
    }

    /// It serves from here on.
    pub(super) fn ready(&mut self, now: Instant) {
        (self.state, self.since) = (State::Ready, now);
    }

    /// Tells it to end.
    pub(super) fn stop(&mut self, cx: &mut Cx<'_>) {
        if self.is_stopping() {
            return;
        }
        let Program { stop_signal, grace, .. } = *self.program;
        cx.hands.signal(self.pid, stop_signal.signal());
        (self.state, self.since) = (State::Stopping { kill_at: Some(cx.now + grace) }, cx.now);
    }

    /// Kills it, if its time is over.
    pub(super) fn tick(&mut self, cx: &mut Cx<'_>) {
        if let State::Stopping { kill_at: Some(at) } = self.state
            && at <= cx.now
        {
            self.state = State::Stopping { kill_at: None };
            cx.hands.kill(self.pid);
        }
    }

    /// When there is something to do about it.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Starting { until } => until,
            State::Ready => None,
            State::Stopping { kill_at } => kill_at,
        }
    }
}
