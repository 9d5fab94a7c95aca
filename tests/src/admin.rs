//! What the hub says about itself on its admin socket.

use std::cell::Cell;
use std::time::Duration;

use serde_json::Value;

use crate::http::{Connection, Request};
use crate::{Hub, eventually};

/// How many slots of all workers are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SlotCounts {
    /// Slots there are.
    pub slots: u64,
    /// Not in use.
    pub free: u64,
    /// Published and not claimed yet.
    pub ready: u64,
    /// At work in a worker.
    pub claimed: u64,
    /// Given up by the hub, still with the worker.
    pub abandoned: u64,
    /// Requests that wait for a slot.
    pub waiting: u64,
}

impl SlotCounts {
    /// Whether no slot is in use and nobody waits for one.
    pub fn all_free(&self) -> bool {
        self.free == self.slots && self.waiting == 0
    }
}

/// A worker as the hub sees it.
#[derive(Debug, Clone)]
pub struct WorkerInfo {
    /// What the hub said, whole.
    pub json: Value,
}

impl WorkerInfo {
    /// The process id that the kernel told the hub.
    pub fn pid(&self) -> u64 {
        self.json["pid"].as_u64().expect("a pid")
    }

    /// The names it serves.
    pub fn names(&self) -> Vec<&str> {
        let registrations = self.json["registrations"].as_array().expect("registrations");
        registrations.iter().map(|known| known["name"].as_str().expect("a name")).collect()
    }

    /// Exchanges in flight.
    pub fn in_flight(&self) -> u64 {
        let registrations = self.json["registrations"].as_array().expect("registrations");
        let each = |known: &Value| known["in_flight"].as_u64().expect("a number");
        let own = self.json["in_flight"].as_u64().expect("a number");
        own.max(registrations.iter().map(each).sum())
    }
}

impl Hub {
    /// Asks the admin socket.
    #[track_caller]
    pub fn admin(&self, target: &str) -> Value {
        let asked = Connection::open_unix(&self.admin_path())
            .and_then(|mut admin| admin.exchange(&Request::local(target).close()));
        asked.expect("an admin socket that answers").expect(200).json()
    }

    /// The sum of the samples of `/metrics` whose line holds all of these.
    #[track_caller]
    pub fn metric(&self, parts: &[&str]) -> u64 {
        let asked = Connection::open_unix(&self.admin_path())
            .and_then(|mut admin| admin.exchange(&Request::local("/metrics").close()));
        let text = asked.expect("an admin socket that answers").expect(200).text();
        let is_it = |line: &&str| parts.iter().all(|part| line.contains(part));
        let samples = text.lines().filter(|line| !line.starts_with('#')).filter(is_it);
        let value = |line: &str| line.rsplit(' ').next().and_then(|value| value.parse().ok());
        samples.map(|line| value(line).unwrap_or(0.0_f64) as u64).sum()
    }

    /// The workers that are connected and welcomed.
    #[track_caller]
    pub fn workers(&self) -> Vec<WorkerInfo> {
        let workers = self.admin("/internal/workers");
        let workers = workers["workers"].as_array().expect("a list").clone();
        workers.into_iter().map(|json| WorkerInfo { json }).collect()
    }

    /// The workers that left, newest first, as the hub tells it.
    #[track_caller]
    pub fn departed(&self) -> Vec<Value> {
        self.admin("/internal/workers")["departed"].as_array().expect("a list").clone()
    }

    /// Waits until a process has left; gives how.
    #[track_caller]
    pub fn wait_departed(&self, pid: u32) -> Value {
        let what = format!("the worker {pid} has left");
        eventually(&what, Duration::from_secs(30), || {
            self.departed().into_iter().find(|gone| gone["pid"] == pid)
        })
    }

    /// The slots of all workers.
    #[track_caller]
    pub fn slots(&self) -> SlotCounts {
        let slots = self.admin("/internal/slots");
        let count = |name: &str| slots["total"][name].as_u64().expect("a number");
        let waiting = slots["waiting"].as_object().expect("waiting by name");
        SlotCounts {
            slots: count("slots"),
            free: count("free"),
            ready: count("ready"),
            claimed: count("claimed"),
            abandoned: count("abandoned"),
            waiting: waiting.values().map(|count| count.as_u64().expect("a number")).sum(),
        }
    }

    /// How many live instances `/health` says a name has.
    #[track_caller]
    pub fn instances(&self, name: &str) -> u64 {
        self.get("/health").json()["services"][name].as_u64().unwrap_or(0)
    }

    /// Waits until a process serves a name.
    #[track_caller]
    pub fn wait_registered(&self, pid: u32, name: &str) {
        let what = format!("the worker {pid} serves {name}");
        eventually(&what, Duration::from_secs(20), || {
            let workers = self.workers();
            let is_it = |w: &&WorkerInfo| w.pid() == u64::from(pid) && w.names().contains(&name);
            workers.iter().find(is_it).map(|_| ())
        });
    }

    /// Waits until so many slots are at work in workers.
    #[track_caller]
    pub fn wait_claimed(&self, count: u64) {
        eventually("the slots are in use", Duration::from_secs(20), || {
            (self.slots().claimed == count).then_some(())
        });
    }

    /// Waits until every slot is free and nothing is in flight.
    #[track_caller]
    pub fn wait_all_free(&self) {
        let seen = Cell::new((SlotCounts::default(), 0));
        let what = "every slot to be free and nothing to be in flight";
        let show = ShowOnPanic(|| eprintln!("in use until the end: {:?}", seen.get()));
        eventually(what, Duration::from_secs(20), || {
            let flying: u64 = self.workers().iter().map(WorkerInfo::in_flight).sum();
            seen.set((self.slots(), flying));
            (seen.get().0.all_free() && flying == 0).then_some(())
        });
        drop(show);
    }
}

/// Runs when it is dropped by a panic.
struct ShowOnPanic<F: Fn()>(F);

impl<F: Fn()> Drop for ShowOnPanic<F> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            (self.0)();
        }
    }
}
