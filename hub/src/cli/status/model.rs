//! What a hub tells of itself, as far as people look at it. What a hub does not tell is as
//! if there were none of it: it may be older or newer than this program.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::super::surface::Failure;

/// One look.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Status {
    pub(in crate::cli) at_ms: u64,
    pub(in crate::cli) hub: Hub,
    pub(in crate::cli) workers: Vec<Worker>,
    /// The last ones that left, newest first.
    pub(in crate::cli) departed: Vec<Departed>,
    pub(in crate::cli) supervisor: Option<Vec<Program>>,
    pub(in crate::cli) queues: Option<Vec<TaskQueue>>,
    pub(in crate::cli) waiting_for_approval: Option<Vec<Waiting>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Hub {
    pub(in crate::cli) version: String,
    pub(in crate::cli) pid: u32,
    pub(in crate::cli) uptime_s: u64,
    pub(in crate::cli) health: String,
    pub(in crate::cli) missing: Vec<String>,
    pub(in crate::cli) connections: u64,
    pub(in crate::cli) in_flight: u64,
    pub(in crate::cli) waiting: u64,
    pub(in crate::cli) cpu: f64,
    pub(in crate::cli) rss: u64,
    pub(in crate::cli) rps: f64,
    pub(in crate::cli) eps: f64,
    pub(in crate::cli) ms: Percentiles,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Percentiles {
    pub(in crate::cli) p50: Option<f64>,
    pub(in crate::cli) p99: Option<f64>,
}

/// How something is, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli) enum Level {
    Sick,
    Warn,
    Leaving,
    #[default]
    #[serde(other)]
    Ok,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Worker {
    pub(in crate::cli) id: u64,
    pub(in crate::cli) pid: Option<u32>,
    pub(in crate::cli) sdk: String,
    pub(in crate::cli) names: Vec<String>,
    /// What whoever started the process calls it.
    pub(in crate::cli) instance: Option<String>,
    pub(in crate::cli) level: Level,
    pub(in crate::cli) say: String,
    pub(in crate::cli) slots: u32,
    pub(in crate::cli) in_use: u32,
    pub(in crate::cli) errors: u64,
    pub(in crate::cli) rps: f64,
    pub(in crate::cli) ms: Percentiles,
    pub(in crate::cli) registrations: Vec<Registration>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Registration {
    pub(in crate::cli) name: String,
    pub(in crate::cli) identity: String,
    pub(in crate::cli) in_flight: u32,
    pub(in crate::cli) closing: bool,
    pub(in crate::cli) rps: Option<f64>,
    pub(in crate::cli) queues: Vec<Subscribed>,
}

/// A task queue that a registration serves.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Subscribed {
    pub(in crate::cli) queue: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Departed {
    pub(in crate::cli) pid: Option<u32>,
    pub(in crate::cli) names: Vec<String>,
    pub(in crate::cli) at_ms: u64,
    pub(in crate::cli) level: Level,
    pub(in crate::cli) detail: String,
}

/// What the supervisor keeps alive.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Program {
    pub(in crate::cli) name: String,
    pub(in crate::cli) wanted: u32,
    pub(in crate::cli) instances: Vec<Supervised>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Supervised {
    pub(in crate::cli) instance: String,
    pub(in crate::cli) pid: Option<u32>,
    pub(in crate::cli) state: String,
    /// How long it has been so.
    pub(in crate::cli) since_ms: u64,
    pub(in crate::cli) restarts: u64,
    pub(in crate::cli) last_exit: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct TaskQueue {
    pub(in crate::cli) queue: String,
    pub(in crate::cli) waiting: u64,
    pub(in crate::cli) waiting_max: u64,
    pub(in crate::cli) in_flight: u64,
    pub(in crate::cli) capacity: u64,
    pub(in crate::cli) workers: u64,
    pub(in crate::cli) oldest_wait_ms: Option<f64>,
    pub(in crate::cli) rejected: u64,
    pub(in crate::cli) completed: u64,
    pub(in crate::cli) failed: u64,
    pub(in crate::cli) retried: u64,
}

/// A registration that waits for approval.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::cli) struct Waiting {
    /// The connection.
    pub(in crate::cli) worker: u64,
    pub(in crate::cli) identity: String,
    pub(in crate::cli) pid: Option<u32>,
    pub(in crate::cli) sdk: String,
}

impl Status {
    /// What is in the object.
    pub(in crate::cli) fn of(told: Value) -> Result<Status, Failure> {
        serde_json::from_value(told)
            .map_err(|error| Failure::Broken(format!("this hub tells something else: {error}")))
    }
}

impl Program {
    /// Instances that serve.
    pub(in crate::cli) fn ready(&self) -> usize {
        let ready = self.instances.iter().filter(|one| one.care() == Care::Ready);
        // One that is being replaced has two processes, and they may both be ready.
        ready.map(|one| &one.instance).collect::<BTreeSet<_>>().len()
    }
}

/// How a process of the supervisor's is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cli) enum Care {
    CrashLoop,
    Backoff,
    Starting,
    Stopping,
    Ready,
}

impl Supervised {
    pub(in crate::cli) fn care(&self) -> Care {
        match self.state.as_str() {
            "crash loop" => Care::CrashLoop,
            "backoff" => Care::Backoff,
            "starting" => Care::Starting,
            "ready" => Care::Ready,
            _ => Care::Stopping,
        }
    }
}
