//! The hub's path without HTTP: a tokio task, a worker's thread, and back.
//!
//! Beside it stands what core and an eventfd cost by themselves: the same exchange with no
//! permits, no counters and nothing that outlives its future.

mod bare;
mod hub;
mod load;
mod worker;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::machine::{self, Placement};
use crate::measure::Sample;
use crate::progress::Progress;
use crate::report::Report;
use crate::steal;
use bare::Bare;
use hub::Hub;
use load::Load;
use worker::Worker;

/// Slots of the region; more than the greatest depth.
const SLOTS: u32 = 128;
/// A body of this many bytes goes there and back.
const BODY: [u8; 64] = [7; 64];

/// Something that carries a request to a worker and its answer back.
trait Path: Sized + Send + Sync + 'static {
    /// Begins to listen, in the runtime of the moment, and gives what the worker needs.
    fn new() -> io::Result<(Self, worker::End)>;

    /// One exchange of [`BODY`].
    fn exchange(&self) -> impl Future<Output = io::Result<()>> + Send;
}

/// A runtime and where its threads run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runtime {
    /// One thread, on a processor of its own where there is one for the worker as well.
    CurrentThread,
    /// Two threads, which the kernel places beside the worker's.
    MultiThread,
}

/// One thing to measure.
#[derive(Debug, Clone, Copy)]
struct Case {
    runtime: Runtime,
    depth: usize,
    /// How long the handler works.
    work: Duration,
}

impl Case {
    fn all() -> Vec<Case> {
        let mut cases = Vec::new();
        for runtime in [Runtime::CurrentThread, Runtime::MultiThread] {
            for depth in [1, 16, 64] {
                cases.push(Case { runtime, depth, work: Duration::ZERO });
            }
            cases.push(Case { runtime, depth: 1, work: Duration::from_micros(5) });
        }
        cases
    }

    /// `hubpath.d1.p50`, `hubpath.multi.d64.rate`, `hubpath.work5us.d1.p50`.
    fn name(self) -> String {
        let runtime = if self.runtime == Runtime::MultiThread { "multi." } else { "" };
        let work = match self.work.as_micros() {
            0 => String::new(),
            us => format!("work{us}us."),
        };
        let quantity = if self.depth == 1 { "p50" } else { "rate" };
        format!("hubpath.{runtime}{work}d{}.{quantity}", self.depth)
    }

    fn what(self) -> String {
        let runtime = match self.runtime {
            Runtime::CurrentThread => "current thread",
            Runtime::MultiThread => "2 threads",
        };
        let work = match self.work.as_micros() {
            0 => String::new(),
            us => format!(", handler works {us} µs"),
        };
        format!("hub path, {runtime}, depth {}{work}", self.depth)
    }

    fn unit(self) -> &'static str {
        if self.depth == 1 { "us" } else { "exchanges/s" }
    }

    /// The processors of the runtime and of the worker, if they are pinned.
    fn processors(self) -> Option<(usize, usize)> {
        match (self.runtime, machine::placements().first()) {
            (Runtime::CurrentThread, Some(Placement::TwoCores(ours, theirs))) => {
                Some((*ours, *theirs))
            }
            _ => None,
        }
    }

    /// One round of one contestant, with a runtime, a region and a worker of its own.
    fn round<P: Path>(self) -> io::Result<Sample> {
        let (own, workers) = self.processors().unzip();
        let mut builder = match self.runtime {
            Runtime::CurrentThread => tokio::runtime::Builder::new_current_thread(),
            Runtime::MultiThread => tokio::runtime::Builder::new_multi_thread(),
        };
        let runtime = builder.worker_threads(2).enable_all().build()?;
        machine::pinned(own, || {
            let (path, end) = {
                let _inside = runtime.enter();
                P::new()?
            };
            let _worker = Worker::start(end, self.work, workers)?;
            let load = Load { depth: self.depth };
            runtime.block_on(load.run(Arc::new(path)))
        })?
    }
}

/// The figures.
pub(crate) fn run(report: &mut Report) -> io::Result<()> {
    for case in Case::all() {
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        let bar = Progress::new(&case.what(), report.rounds());
        for round in 0..report.rounds() {
            bar.show(round);
            ours.push(steal::undisturbed(|| case.round::<Hub>())?);
            bare.push(steal::undisturbed(|| case.round::<Bare>())?);
        }
        bar.done();
        report.add(&case.name(), &case.what(), case.unit(), &ours, "core and an eventfd", &bare);
    }
    Ok(())
}
