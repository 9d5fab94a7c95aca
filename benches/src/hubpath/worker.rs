//! A worker's thread: core's worker side, waiting as the Rust SDK's threads do.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use slotway::Options;
use slotway_core::map::{Doorbell, Mapping};
use slotway_core::worker::{Spin, WorkerSide};

use crate::machine;

/// What a worker is handed.
pub(super) struct End {
    pub(super) memory: OwnedFd,
    pub(super) hub_bell: Doorbell,
}

/// A worker; it ends when it is dropped.
pub(super) struct Worker {
    side: Arc<WorkerSide<Mapping>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts it, on one processor if that is named. Its handler works for `work`.
    pub(super) fn start(end: End, work: Duration, cpu: Option<usize>) -> io::Result<Worker> {
        let mapping = Mapping::open(end.memory).map_err(io::Error::other)?;
        let side = Arc::new(WorkerSide::new(mapping));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let (side, stop) = (side.clone(), stop.clone());
            std::thread::spawn(move || {
                // Where it may not be pinned it still answers.
                let _ = cpu.map(machine::pin);
                serve(&side, &end.hub_bell, work, &stop);
            })
        };
        Ok(Worker { side, stop, thread: Some(thread) })
    }
}

fn serve(side: &WorkerSide<Mapping>, hub_bell: &Doorbell, work: Duration, stop: &AtomicBool) {
    let mut spin = Spin::new(Options::default_spin_cap());
    // SeqCst: nothing here is so quick that it mattered.
    while !stop.load(Ordering::SeqCst) {
        let Some(claim) = side.claim() else {
            side.wait(&mut spin, None, || stop.load(Ordering::SeqCst));
            continue;
        };
        if !work.is_zero() {
            let begin = Instant::now();
            while begin.elapsed() < work {
                std::hint::spin_loop();
            }
        }
        // SAFETY: nothing is consumed before the claim is finished.
        let (body, _) = unsafe { side.request_body(&claim) };
        side.write_response(&claim, body);
        let _ = side.encode_head(&claim, 200, Some(body.len() as u64), |head| {
            head.header(b"content-type", b"text/plain")
        });
        if side.finish(claim).needed() {
            hub_bell.ring();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.side.wake_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
