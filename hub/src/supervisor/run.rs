//! The thread that keeps workers running: it waits for what happens and passes it on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Interval, MissedTickBehavior, interval, sleep_until};
use tracing::error;

use super::fleet::{Fleet, Refused};
use super::limits::{Limits, resident_bytes};
use super::owners::{Owners, serves};
use super::process::{Cx, Hands, State};
use super::scaler::Load;
use super::status::{Restarted, Scaled, Status};
use super::system::System;
use crate::config::Program;
use crate::shared::Shared;

/// How often the load and answers are looked at, where that is asked for.
const LOOK: Duration = Duration::from_secs(1);
/// How often memory is, in looks.
const MEMORY_LOOKS: u32 = 3;

/// What the thread is asked for.
#[derive(Debug)]
pub(super) enum Order {
    /// What there is.
    Status(oneshot::Sender<Status>),
    /// Replace a worker's processes, or an instance's, or all.
    Restart(Option<String>, oneshot::Sender<Result<Vec<oneshot::Receiver<Restarted>>, Refused>>),
    /// Have so many instances of a worker.
    Scale(String, u32, oneshot::Sender<Result<Scaled, Refused>>),
    /// Follow these programs from here on, and restart what goes on.
    Follow(Vec<Program>),
    /// A connection of this process answered no probe, and was ended.
    Hangs(u32),
    /// Start nothing any more.
    Freeze,
    /// End everything; answered when nothing is left.
    Stop(oneshot::Sender<()>),
}

/// Everything that the thread has.
pub(super) struct Run {
    shared: Arc<Shared>,
    system: Watched,
    fleet: Fleet,
    limits: Limits,
    looks: u32,
    frozen: bool,
    stopped: Option<oneshot::Sender<()>>,
}

/// The system, with an eye on who is started.
struct Watched {
    system: System,
    owners: Owners,
    shared: Arc<Shared>,
}

impl Hands for Watched {
    fn start(&mut self, program: &Program, label: &str) -> Result<u32, String> {
        let pid = self.system.start(program, label)?;
        self.owners.add(pid, label, &self.shared.registry.live());
        Ok(pid)
    }

    fn signal(&mut self, pid: u32, signal: rustix::process::Signal) {
        self.system.signal(pid, signal);
    }

    fn kill(&mut self, pid: u32) {
        self.system.kill(pid);
    }
}

impl Run {
    pub(super) fn new(shared: Arc<Shared>, system: System) -> Run {
        let owners = Owners::default();
        Run {
            system: Watched { system, owners, shared: shared.clone() },
            shared,
            fleet: Fleet::default(),
            limits: Limits::default(),
            looks: 0,
            frozen: false,
            stopped: None,
        }
    }

    /// Keeps everything running until it is told to stop and nothing is left.
    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut children = match signal(SignalKind::child()) {
            Ok(children) => children,
            Err(error) => return error!(%error, "nobody would hear of workers that end"),
        };
        let mut changes = self.shared.registry.changes();
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let deadline = self.fleet.deadline().map(tokio::time::Instant::from_std);
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    // The hub is gone without a word.
                    None => return,
                },
                _ = children.recv() => self.reap(),
                () = changed(&mut changes, self.awaits_readiness()) => self.look_who_serves(),
                () = due(deadline) => self.with(|fleet, cx| fleet.tick(cx)),
                () = tick(&mut ticks, self.looks_at_anything()) => self.look(),
            }
            if self.stopped.is_some() && self.fleet.processes().next().is_none() {
                self.system.system.release_guardian();
                if let Some(stopped) = self.stopped.take() {
                    let _ = stopped.send(());
                }
            }
        }
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Fleet, &mut Cx<'_>) -> T) -> T {
        let frozen = self.frozen;
        let mut cx = Cx { now: Instant::now(), hands: &mut self.system, frozen };
        act(&mut self.fleet, &mut cx)
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Status(reply) => drop(reply.send(self.fleet.status(Instant::now()))),
            Order::Restart(target, reply) => {
                let restarted = self.with(|fleet, cx| fleet.restart(target.as_deref(), cx));
                drop(reply.send(restarted));
            }
            Order::Scale(name, wanted, reply) => {
                drop(reply.send(self.with(|fleet, cx| fleet.scale(&name, wanted, cx))));
            }
            Order::Follow(programs) => self.with(|fleet, cx| fleet.follow(programs, cx)),
            Order::Hangs(pid) => self.hangs(pid),
            Order::Freeze => self.frozen = true,
            Order::Stop(reply) => {
                self.frozen = true;
                self.stopped = Some(reply);
                self.with(|fleet, cx| fleet.close(cx));
            }
        }
    }

    fn reap(&mut self) {
        for ended in self.system.system.reap() {
            self.system.owners.remove(ended.pid);
            self.limits.remove(ended.pid);
            self.with(|fleet, cx| fleet.exited(ended.pid, &ended.exit, cx));
        }
    }

    /// Kills the process that a connection was of, unless another of its connections lives: one
    /// of several processes that it has started is its own to see to.
    fn hangs(&mut self, pid: u32) {
        let owners = &mut self.system.owners;
        let Some(owner) = owners.by_pid(pid) else { return };
        let live = self.shared.registry.live_now();
        if !owners.connections(&live).contains_key(&owner) {
            self.with(|fleet, cx| fleet.hangs(owner, cx));
        }
    }

    /// Whether a process has started that does not serve yet.
    fn awaits_readiness(&self) -> bool {
        self.fleet.processes().any(|(_, process)| process.is_starting())
    }

    fn look_who_serves(&mut self) {
        let live = self.shared.registry.live_now();
        let owners = &mut self.system.owners;
        owners.sweep(&live);
        let ready: Vec<u32> = live
            .workers
            .iter()
            .filter(|(instance, registrations)| serves(instance, registrations))
            .filter_map(|(instance, _)| owners.of(instance))
            .collect();
        for pid in ready {
            self.with(|fleet, cx| fleet.ready(pid, cx));
        }
    }

    /// Whether there is anything to look at now and then.
    fn looks_at_anything(&self) -> bool {
        let mut programs = self.fleet.teams().map(|team| team.program());
        programs.any(|it| it.scales() || it.max_requests.is_some() || it.memory.is_some())
    }

    /// Looks at load, answers and memory.
    fn look(&mut self) {
        self.looks = self.looks.wrapping_add(1);
        let live = self.shared.registry.live_now();
        self.system.owners.sweep(&live);
        let connections = self.system.owners.connections(&live);
        let weighs = self.fleet.teams().any(|team| team.program().memory.is_some());
        let weigh = weighs && self.looks.is_multiple_of(MEMORY_LOOKS);
        let memory = if weigh { resident_bytes() } else { Default::default() };
        let (mut loads, mut spent) = (Vec::new(), Vec::new());
        for team in self.fleet.teams() {
            let mut load = Load::default();
            for (_, process) in team.processes().filter(|(_, it)| it.state == State::Ready) {
                let own = connections.get(&process.pid).map_or(&[][..], Vec::as_slice);
                let instances = own.iter().map(|(instance, _)| &**instance);
                let why = self.limits.answered(process.pid, &process.program, instances);
                let why = why.or_else(|| {
                    let (most, used) = (process.program.memory?, *memory.get(&process.pid)?);
                    (used > most).then(|| format!("it has {used} bytes resident"))
                });
                spent.extend(why.map(|why| (process.pid, why)));
                for registration in own.iter().flat_map(|(_, registrations)| registrations) {
                    let lines = registration.shares.iter().flat_map(|share| &share.activities);
                    let lines = lines.map(|(_, line)| line).chain([&registration.service.queue]);
                    load.wait = load.wait.max(lines.filter_map(|line| line.oldest()).max());
                    load.in_flight += u64::from(registration.in_flight());
                    load.capacity += u64::from(registration.max_concurrent);
                }
            }
            if team.program().scales() {
                loads.push((team.name().to_owned(), load));
            }
        }
        for (pid, why) in spent {
            self.with(|fleet, cx| fleet.is_spent(pid, &why, cx));
        }
        for (name, load) in loads {
            self.with(|fleet, cx| fleet.look_at(&name, load, cx));
        }
    }
}

/// Completes when the table of workers has changed, if that is of any interest.
async fn changed(changes: &mut watch::Receiver<u64>, wanted: bool) {
    if !wanted || changes.changed().await.is_err() {
        std::future::pending().await
    }
}

/// Completes at that time, if there is one.
async fn due(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// Completes at the next look, if there is anything to look at.
async fn tick(ticks: &mut Interval, wanted: bool) {
    match wanted {
        true => drop(ticks.tick().await),
        false => std::future::pending().await,
    }
}
