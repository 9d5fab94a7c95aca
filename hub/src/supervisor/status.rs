//! What people and programs are told: `GET /internal/supervisor`.

use serde::Serialize;

/// All workers, in the order of the configuration.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    pub(super) workers: Vec<WorkerStatus>,
}

/// One worker.
#[derive(Debug, Serialize)]
pub(super) struct WorkerStatus {
    pub(super) name: String,
    /// How many of it are to run.
    pub(super) wanted: u32,
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) instances: Vec<Row>,
}

/// One process of an instance, or an instance that has none for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    pub(super) instance: String,
    pub(super) pid: Option<u32>,
    /// `starting`, `ready`, `stopping`, `backoff` or `crash loop`.
    pub(super) state: &'static str,
    /// How long it has been that.
    pub(super) since_ms: u64,
    /// How often the instance was started again.
    pub(super) restarts: u64,
    /// How the instance's last process ended, in words.
    pub(super) last_exit: Option<String>,
}

/// What became of the restart of a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Restarted {
    pub(crate) worker: String,
    /// Instances that have a new process.
    pub(crate) restarted: Vec<String>,
    /// The one that could not, which ended the restart.
    pub(crate) failed: Option<Failed>,
    /// Those whose turn did not come after that.
    pub(crate) left: Vec<String>,
}

/// An instance that goes on with its old process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Failed {
    pub(crate) instance: String,
    pub(crate) reason: String,
}

/// How many instances a worker has had and is to have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Scaled {
    pub(crate) worker: String,
    pub(crate) from: u32,
    pub(crate) to: u32,
}
