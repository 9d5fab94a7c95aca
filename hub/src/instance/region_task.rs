//! The task that listens to one worker: it takes the slots that call for attention and
//! wakes whoever waits on them.
//!
//! It sleeps on the hub's doorbell, an eventfd that the worker writes only when the hub
//! has announced that it sleeps. tokio watches it edge-triggered, so it is never read.

use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::io::unix::AsyncFd;
use tokio::task::yield_now;

use super::Instance;
use super::spin::Spin;

/// Listens to the instance until the task is aborted.
pub(crate) async fn attend(
    instance: Arc<Instance>,
    doorbell: AsyncFd<OwnedFd>,
    spin_cap: Duration,
) -> io::Error {
    let mut spin = Spin::new(spin_cap);
    loop {
        instance.look();
        if instance.calls.is_owed() {
            // Behind the tasks that are ready now, each of which may owe a call as well.
            yield_now().await;
            instance.settle();
            continue;
        }
        if spin.look(&instance).await {
            continue;
        }
        if !instance.side().prepare_sleep() {
            instance.metrics.hub_spins.add_one();
            // A busy worker must not keep this thread from its other tasks.
            yield_now().await;
            continue;
        }
        let woken = poll_fn(|cx| match doorbell.poll_read_ready(cx) {
            Poll::Ready(ready) => Poll::Ready(Some(ready)),
            Poll::Pending => instance.calls.poll_owed(cx).map(|()| None),
        });
        match woken.await {
            Some(Ok(mut ready)) => {
                instance.metrics.hub_wakes.add_one();
                ready.clear_ready();
            }
            Some(Err(error)) => return error,
            None => {}
        }
    }
}

impl Instance {
    fn look(&self) {
        let events = self.side().drain_attention(|slot| {
            let wakers = self.wakers(slot);
            wakers.wake();
            if let Err(violation) = wakers.reap(|| self.side().reap(slot)) {
                self.violated(violation);
            }
        });
        if events {
            self.courier().called();
        }
    }
}
