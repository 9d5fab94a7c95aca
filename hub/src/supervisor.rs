//! Keeping workers running: what `slotway serve` is besides a hub.
//!
//! Pure parts decide, one thread acts. [`fleet`] holds all workers, [`team`] one of them,
//! [`seat`] one instance and [`process`] one process; time and the system come in from outside,
//! so that all of it is tested without either. [`run`] waits for what happens (a process has
//! ended, a worker serves, a time has come, somebody asks) and [`system`] starts, signals and
//! reaps.
//!
//! An instance that is replaced keeps its old process until the new one serves: it has
//! registered, and has answered a probe. Then the old one is told to end, finishes what it has,
//! and is killed when its grace time is over. There are no generations in it, and one instance
//! of a worker is replaced at a time.

mod fleet;
mod guardian;
mod history;
mod limits;
mod output;
mod owners;
mod process;
mod run;
mod scaler;
mod seat;
mod status;
mod system;
mod team;

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use tokio::sync::{mpsc, oneshot};

pub(crate) use self::fleet::Refused;
pub(crate) use self::guardian::guard;
use self::run::{Order, Run};
pub(crate) use self::status::{Restarted, Scaled, Status};
use self::system::System;
pub(crate) use self::system::uid_of;
use crate::config::Program;
use crate::error::HubError;
use crate::shared::Shared;

/// Orders that may wait; whoever has one more waits with it.
const ORDERS_MAX: usize = 64;

/// The supervisor of a hub.
#[derive(Debug, Clone)]
pub(crate) struct Supervisor {
    orders: mpsc::Sender<Order>,
}

/// The supervisor's thread has ended, which it does with the hub only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gone;

impl Supervisor {
    /// Starts these programs for the hub, and keeps them running. `control` is where they
    /// connect; `descriptors` how many a process of theirs may have unless it asks for more.
    pub(crate) fn start(
        shared: &Arc<Shared>,
        control: PathBuf,
        descriptors: Option<u64>,
        programs: Vec<Program>,
    ) -> Result<Supervisor, HubError> {
        let (orders, received) = mpsc::channel(ORDERS_MAX);
        let runtime = |source| HubError::Runtime { source };
        let own = tokio::runtime::Builder::new_current_thread();
        let own = { own }.enable_all().build().map_err(runtime)?;
        let run_shared = shared.clone();
        // The first order of all.
        let _ = orders.try_send(Order::Follow(programs));
        thread::Builder::new()
            .name("supervisor".to_owned())
            .spawn(move || {
                let system = System::new(control, descriptors);
                own.block_on(Run::new(run_shared, system).run(received));
            })
            .map_err(runtime)?;
        let supervisor = Supervisor { orders };
        let _ = shared.supervisor.set(supervisor.clone());
        Ok(supervisor)
    }

    /// What there is.
    pub(crate) async fn status(&self) -> Result<Status, Gone> {
        self.ask(Order::Status).await
    }

    /// Replaces the processes of a worker, of an instance or of all, one after the other;
    /// gives what the outcomes come by, one for each worker.
    pub(crate) async fn restart(
        &self,
        target: Option<String>,
    ) -> Result<Result<Vec<oneshot::Receiver<Restarted>>, Refused>, Gone> {
        self.ask(|reply| Order::Restart(target, reply)).await
    }

    /// Has so many instances of a worker from here on.
    pub(crate) async fn scale(
        &self,
        worker: String,
        wanted: u32,
    ) -> Result<Result<Scaled, Refused>, Gone> {
        self.ask(|reply| Order::Scale(worker, wanted, reply)).await
    }

    /// Follows these programs from here on, and restarts what goes on.
    pub(crate) async fn follow(&self, programs: Vec<Program>) {
        let _ = self.orders.send(Order::Follow(programs)).await;
    }

    /// Starts nothing any more: the hub shuts down.
    pub(crate) async fn freeze(&self) {
        let _ = self.orders.send(Order::Freeze).await;
    }

    /// Ends all processes; returns when none is left.
    pub(crate) async fn stop(&self) {
        let _ = self.ask(Order::Stop).await;
    }

    /// A connection of this process was ended because it answered no probe.
    pub(crate) fn hangs(&self, pid: u32) {
        // Whoever finds no room for an order will be evicted again.
        let _ = self.orders.try_send(Order::Hangs(pid));
    }

    /// Completes if the thread has ended, which it does not while the hub lives.
    pub(crate) async fn gone(&self) {
        self.orders.closed().await;
    }

    async fn ask<T>(&self, order: impl FnOnce(oneshot::Sender<T>) -> Order) -> Result<T, Gone> {
        let (reply, answer) = oneshot::channel();
        self.orders.send(order(reply)).await.map_err(|_| Gone)?;
        answer.await.map_err(|_| Gone)
    }
}
