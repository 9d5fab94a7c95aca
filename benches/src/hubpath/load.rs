//! So many tasks, each with one exchange in flight after the other.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Path;
use crate::cpu::CpuClocks;
use crate::measure::{Sample, median};

const WARM_UP: Duration = Duration::from_millis(50);
const MEASURED: Duration = Duration::from_millis(300);
/// Exchanges of a task between two looks at the clock.
const BETWEEN_LOOKS: usize = 16;

/// How much is in flight at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) depth: usize,
}

impl Load {
    /// The median latency in µs at depth 1, else exchanges a second.
    pub(super) async fn run(self, path: Arc<impl Path>) -> io::Result<Sample> {
        self.phase(&path, WARM_UP).await?;
        let clocks = CpuClocks::own()?;
        let (begin, cpu) = (Instant::now(), clocks.start());
        let done = self.phase(&path, MEASURED).await?;
        let (seconds, cpu_us) = (begin.elapsed().as_secs_f64(), cpu.us());
        let value = match self.depth {
            1 => median(done.latencies_us),
            _ => done.count as f64 / seconds,
        };
        Ok(Sample::new(value, cpu_us / done.count.max(1) as f64))
    }

    async fn phase(self, path: &Arc<impl Path>, length: Duration) -> io::Result<Done> {
        let until = Instant::now() + length;
        if self.depth == 1 {
            // A task of its own: what drives the runtime is polled by other rules.
            let path = path.clone();
            return tokio::spawn(async move { one_by_one(&*path, until).await }).await?;
        }
        let tasks: Vec<_> = (0..self.depth)
            .map(|_| {
                let path = path.clone();
                tokio::spawn(async move { many(&*path, until).await })
            })
            .collect();
        let mut done = Done::default();
        for task in tasks {
            done.count += task.await??.count;
        }
        Ok(done)
    }
}

/// What a phase came to.
#[derive(Debug, Default)]
struct Done {
    count: usize,
    latencies_us: Vec<f64>,
}

async fn one_by_one(path: &impl Path, until: Instant) -> io::Result<Done> {
    let mut latencies_us = Vec::with_capacity(1 << 20);
    let mut start = Instant::now();
    while start < until {
        path.exchange().await?;
        let end = Instant::now();
        latencies_us.push((end - start).as_nanos() as f64 / 1000.0);
        start = end;
    }
    Ok(Done { count: latencies_us.len(), latencies_us })
}

async fn many(path: &impl Path, until: Instant) -> io::Result<Done> {
    let mut count = 0;
    while Instant::now() < until {
        for _ in 0..BETWEEN_LOOKS {
            path.exchange().await?;
        }
        count += BETWEEN_LOOKS;
    }
    Ok(Done { count, latencies_us: Vec::new() })
}
