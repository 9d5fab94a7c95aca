//! One instance: the process that serves for it, the one that is to take over, and those that
//! finish what they have.
//!
//! What callers may rely on:
//!
//! - There is at most one process in charge and one that is to take over from it. The one in
//!   charge is told to end only when the other serves.
//! - Whoever asks for a replacement hears of its outcome exactly once, through
//!   [`Seat::take_outcome`].

use std::sync::Arc;
use std::time::Instant;

use tracing::{error, info, warn};

use super::history::{History, Rest};
use super::process::{Cx, Process, State};
use super::status::Row;
use crate::chance::chance;
use crate::config::Program;

/// One instance of a program.
#[derive(Debug)]
pub(super) struct Seat {
    label: String,
    /// The process in charge.
    current: Option<Process>,
    /// The one that takes over once it serves.
    successor: Option<Process>,
    /// Those that were told to end.
    leaving: Vec<Process>,
    /// When the next attempt begins, while there is no process in charge.
    rest: Option<Rest>,
    history: History,
    replacing: Option<Replacing>,
    outcome: Option<Outcome>,
    launches: u64,
    last_exit: Option<String>,
    /// It is not wanted any more.
    closing: bool,
}

/// What became of a replacement; else why the old process stays.
pub(super) type Outcome = Result<(), String>;

/// Where a replacement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replacing {
    /// The new process does not serve yet.
    Awaiting,
    /// It does, and this old one finishes what it has.
    Retiring(u32),
}

impl Seat {
    /// One whose first process starts now.
    pub(super) fn open(label: String, program: &Arc<Program>, cx: &mut Cx<'_>) -> Seat {
        let mut seat = Seat {
            label,
            current: None,
            successor: None,
            leaving: Vec::new(),
            rest: None,
            history: History::default(),
            replacing: None,
            outcome: None,
            launches: 0,
            last_exit: None,
            closing: false,
        };
        seat.start(program, cx);
        seat
    }

    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// Whether it is wanted.
    pub(super) fn is_open(&self) -> bool {
        !self.closing
    }

    /// Whether nothing of it is left.
    pub(super) fn is_gone(&self) -> bool {
        self.closing && self.processes().next().is_none()
    }

    /// Whether a process of it serves.
    pub(super) fn is_ready(&self) -> bool {
        self.current.as_ref().is_some_and(|process| process.state == State::Ready)
    }

    /// Whether a replacement is under way.
    pub(super) fn is_replacing(&self) -> bool {
        self.replacing.is_some()
    }

    pub(super) fn processes(&self) -> impl Iterator<Item = &Process> {
        self.current.iter().chain(&self.successor).chain(&self.leaving)
    }

    fn processes_mut(&mut self) -> impl Iterator<Item = &mut Process> {
        self.current.iter_mut().chain(&mut self.successor).chain(&mut self.leaving)
    }

    /// The process in charge, if it serves.
    pub(super) fn serving(&self) -> Option<u32> {
        self.current.as_ref().filter(|it| it.state == State::Ready).map(|it| it.pid)
    }

    /// What became of a replacement that is through.
    pub(super) fn take_outcome(&mut self) -> Option<Outcome> {
        self.outcome.take()
    }

    /// When there is something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let rest = self.rest.map(|rest| rest.until);
        self.processes().filter_map(Process::deadline).chain(rest).min()
    }

    fn launch(&mut self, program: &Arc<Program>, cx: &mut Cx<'_>) -> Result<Process, String> {
        self.launches += 1;
        let pid = cx.hands.start(program, &self.label)?;
        info!(instance = self.label, pid, "started");
        Ok(Process::new(pid, program.clone(), cx.now))
    }

    /// Starts the process in charge.
    fn start(&mut self, program: &Arc<Program>, cx: &mut Cx<'_>) {
        self.rest = None;
        match self.launch(program, cx) {
            Ok(process) => {
                self.current = Some(process);
                self.look(cx);
            }
            Err(words) => {
                let words = format!("could not be started: {words}");
                self.fell(program, None, words, cx);
            }
        }
    }

    /// The process in charge has ended, or there was none.
    fn fell(
        &mut self,
        program: &Program,
        process: Option<&Process>,
        words: String,
        cx: &mut Cx<'_>,
    ) {
        let served = process.and_then(|process| process.served(cx.now));
        if self.replacing == Some(Replacing::Awaiting) {
            self.settle(Err(words.clone()));
        }
        let rest = self.history.ended(program, served, cx.now, chance());
        let again = rest.until - cx.now;
        let (instance, pid) = (&self.label, process.map(|process| process.pid));
        if rest.crash_loop {
            error!(instance, pid, again_in = ?again, "crash loop: {words}");
        } else {
            warn!(instance, pid, again_in = ?again, "ended: {words}");
        }
        self.last_exit = Some(words);
        self.rest = Some(rest);
    }

    /// Whether this process is of this instance and serves for the first time.
    pub(super) fn ready(&mut self, pid: u32, cx: &mut Cx<'_>) {
        for process in self.current.iter_mut().chain(&mut self.successor) {
            if process.pid == pid && process.is_starting() {
                info!(instance = self.label, pid, "ready");
                process.ready(cx.now);
            }
        }
        self.look(cx);
    }

    /// Hands over, if the successor serves.
    fn look(&mut self, cx: &mut Cx<'_>) {
        if self.successor.as_ref().is_some_and(|process| process.state == State::Ready) {
            let old = std::mem::replace(&mut self.current, self.successor.take());
            let Some(mut old) = old else { return self.settle(Ok(())) };
            old.stop(cx);
            if self.replacing.is_some() {
                self.replacing = Some(Replacing::Retiring(old.pid));
            }
            self.leaving.push(old);
        } else if self.is_ready()
            && self.successor.is_none()
            && self.replacing == Some(Replacing::Awaiting)
        {
            self.settle(Ok(()));
        }
    }

    /// A process has ended. False when it was none of this instance's.
    pub(super) fn exited(
        &mut self,
        pid: u32,
        exit: &str,
        program: &Arc<Program>,
        cx: &mut Cx<'_>,
    ) -> bool {
        if let Some(process) = self.current.take_if(|process| process.pid == pid) {
            self.current_exited(&process, exit, program, cx);
        } else if self.successor.take_if(|process| process.pid == pid).is_some() {
            self.last_exit = Some(exit.to_owned());
            self.settle(Err(format!("{exit}, before it served")));
        } else if let Some(at) = self.leaving.iter().position(|process| process.pid == pid) {
            self.leaving.swap_remove(at);
            info!(instance = self.label, pid, "has left: {exit}");
            self.last_exit = Some(exit.to_owned());
            if self.replacing == Some(Replacing::Retiring(pid)) {
                self.settle(Ok(()));
            }
        } else {
            return false;
        }
        true
    }

    fn current_exited(
        &mut self,
        process: &Process,
        exit: &str,
        program: &Arc<Program>,
        cx: &mut Cx<'_>,
    ) {
        if self.closing || cx.frozen {
            info!(instance = self.label, pid = process.pid, "has left: {exit}");
            self.last_exit = Some(exit.to_owned());
        } else if let Some(successor) = self.successor.take() {
            warn!(instance = self.label, pid = process.pid, "ended: {exit}; another takes over");
            self.last_exit = Some(exit.to_owned());
            self.current = Some(successor);
            self.look(cx);
        } else {
            let words = match process.is_stopping() {
                true => format!("did not serve in time; {exit}"),
                false => exit.to_owned(),
            };
            self.fell(program, Some(process), words, cx);
        }
    }

    /// Does what is due.
    pub(super) fn tick(&mut self, program: &Arc<Program>, cx: &mut Cx<'_>) {
        let due = self.rest.is_some_and(|rest| rest.until <= cx.now);
        if due && !cx.frozen && !self.closing {
            self.start(program, cx);
        }
        let label = &self.label;
        if let Some(process) = self.current.as_mut().filter(|it| it.is_late(cx.now)) {
            let within = process.program.ready_timeout.unwrap_or_default();
            warn!(instance = label, pid = process.pid, ?within, "does not serve in time");
            process.stop(cx);
        }
        if let Some(mut process) = self.successor.take_if(|process| process.is_late(cx.now)) {
            let within = process.program.ready_timeout.unwrap_or_default();
            process.stop(cx);
            self.leaving.push(process);
            self.settle(Err(format!("did not serve within {within:?}")));
        }
        for process in self.processes_mut() {
            process.tick(cx);
        }
    }

    /// Has a new process take the place of the one in charge, which stays until it does.
    pub(super) fn replace(&mut self, program: &Arc<Program>, cx: &mut Cx<'_>) {
        if self.closing || cx.frozen {
            self.outcome = Some(Err("it is being stopped".to_owned()));
            return;
        }
        self.replacing = Some(Replacing::Awaiting);
        // Who asks for it wants it now, whatever it did before.
        self.history.forget();
        // One that could not do it in time gives way.
        self.leaving.extend(self.current.take_if(|process| process.is_stopping()));
        if self.current.is_none() {
            return self.start(program, cx);
        }
        match self.launch(program, cx) {
            Ok(process) => {
                self.successor = Some(process);
                self.look(cx);
            }
            Err(words) => self.settle(Err(format!("could not be started: {words}"))),
        }
    }

    fn settle(&mut self, outcome: Outcome) {
        if self.replacing.take().is_some() {
            self.outcome = Some(outcome);
        }
    }

    /// It is not wanted any more: all of its processes are told to end.
    pub(super) fn close(&mut self, cx: &mut Cx<'_>) {
        self.closing = true;
        self.rest = None;
        for process in self.processes_mut() {
            process.stop(cx);
        }
        self.settle(Err("it is being stopped".to_owned()));
    }

    /// It is wanted after all.
    pub(super) fn reopen(&mut self, program: &Arc<Program>, cx: &mut Cx<'_>) {
        if !std::mem::take(&mut self.closing) {
            return;
        }
        self.leaving.extend(self.current.take());
        self.leaving.extend(self.successor.take());
        self.start(program, cx);
    }

    /// What people are told of it, a row for each process.
    pub(super) fn rows(&self, now: Instant) -> Vec<Row> {
        let row = |pid, state, since: Instant| Row {
            instance: self.label.clone(),
            pid,
            state,
            since_ms: u64::try_from((now - since).as_millis()).unwrap_or(u64::MAX),
            restarts: self.launches.saturating_sub(1),
            last_exit: self.last_exit.clone(),
        };
        let resting = self.rest.map(|rest| {
            let state = if rest.crash_loop { "crash loop" } else { "backoff" };
            row(None, state, rest.since)
        });
        let running = self.processes().map(|process| {
            let state = match process.state {
                State::Starting { .. } => "starting",
                State::Ready => "ready",
                State::Stopping { .. } => "stopping",
            };
            row(Some(process.pid), state, process.since)
        });
        resting.into_iter().chain(running).collect()
    }
}
