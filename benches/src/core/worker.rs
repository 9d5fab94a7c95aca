//! The peer of our own exchange: it echoes every body.

use std::io;
use std::os::fd::OwnedFd;

use slotway::Options;
use slotway_core::map::Mapping;
use slotway_core::worker::{Spin, WorkerSide};

use super::cell::State;

/// Serves until the process is killed.
pub(crate) fn serve(memory: OwnedFd, state: State) -> io::Result<()> {
    let mapping = Mapping::open(memory).map_err(io::Error::other)?;
    let side: WorkerSide<_> = WorkerSide::new(mapping);
    let mut spin = match state {
        State::Adaptive => Spin::new(Options::default_spin_cap()),
        State::Asleep | State::Awake => Spin::new(0),
    };
    loop {
        match side.claim() {
            Some(claim) => {
                // SAFETY: nothing is consumed before the claim is finished.
                let (body, _) = unsafe { side.request_body(&claim) };
                side.write_response(&claim, body);
                side.encode_head(&claim, 200, Some(body.len() as u64), |head| {
                    head.header(b"content-type", b"text/plain")
                })
                .map_err(io::Error::other)?;
                // The hub of these measurements is a thread that sleeps on the region's
                // own bell, which core rings.
                let _ = side.finish(claim);
            }
            None if state == State::Awake => std::hint::spin_loop(),
            None => {
                side.wait(&mut spin, None, || false);
            }
        }
    }
}
