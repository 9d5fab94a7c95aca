//! The task that listens to one worker: it takes the slots that call for attention and
//! wakes whoever waits on them.
//!
//! It sleeps on the hub's doorbell, an eventfd that the worker writes only when the hub
//! has announced that it sleeps. tokio watches it edge-triggered, so it is never read.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use tokio::io::unix::AsyncFd;
use tokio::task::yield_now;

use super::Instance;

/// Listens to the instance until the task is aborted.
pub(crate) async fn attend(instance: Arc<Instance>, doorbell: AsyncFd<OwnedFd>) -> io::Error {
    loop {
        instance.look();
        if !instance.side().prepare_sleep() {
            instance.metrics.hub_spins.add_one();
            // A busy worker must not keep this thread from its other tasks.
            yield_now().await;
            continue;
        }
        match doorbell.readable().await {
            Ok(mut ready) => {
                instance.metrics.hub_wakes.add_one();
                ready.clear_ready();
            }
            Err(error) => return error,
        }
    }
}

impl Instance {
    fn look(&self) {
        self.side().drain_attention(|slot| {
            let wakers = self.wakers(slot);
            wakers.wake();
            if let Err(violation) = wakers.reap(|| self.side().reap(slot)) {
                self.violated(violation);
            }
        });
    }
}
