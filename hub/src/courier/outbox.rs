//! The task that takes what a worker puts into its outbox.

use std::sync::Arc;
use std::time::Duration;

use slotway_core::record::FromWorker;
use slotway_core::{Violation, Watch};
use tokio::task::yield_now;
use tokio::time::Instant;
use tracing::warn;

use super::calls::{call, hang_up, hang_up_all};
use super::pouch::Pouch;
use super::publish::Publishing;
use super::push::push;
use crate::instance::Instance;
use crate::shared::Shared;

/// Records that are seen to before other tasks have their turn.
const RECORDS_A_TURN: usize = 128;
/// For how long what a dead worker has left still waits for slow subscribers, all in all.
const LAST_WILL: Duration = Duration::from_secs(1);

/// Takes what the worker puts into its outbox, until the worker is gone and it is empty.
pub(crate) async fn drain(shared: Arc<Shared>, instance: Arc<Instance>) {
    if let Err(violation) = listen(&shared, &instance).await {
        instance.violated(violation);
    }
    hang_up_all(&instance);
}

async fn listen(shared: &Arc<Shared>, instance: &Arc<Instance>) -> Result<(), Violation> {
    let mut pouch = Pouch::default();
    let mut publishing = Publishing::new(shared, instance);
    let mut reserved = false;
    // What a dead worker may have left: one ring full.
    let mut left = None;
    loop {
        // Before the look: what was put in before the worker's end is seen.
        if instance.is_dead() && left.is_none() {
            hang_up_all(instance);
            left = instance.region().event_rings().map(|rings| rings.outbox_bytes as usize);
            publishing.patient_until(Instant::now() + LAST_WILL);
        }
        if !reserved && instance.side().has_outgoing() {
            if let Err(error) = instance.region().reserve_outbox() {
                let (worker, pid) = instance.who.ids();
                warn!(worker, pid, %error, "no memory for the worker's events");
                instance.fail();
                return Ok(());
            }
            reserved = true;
        }
        let count = if reserved { instance.side().read_outbox(pouch.room())? } else { 0 };
        if count == 0 {
            if left.is_some() {
                return Ok(());
            }
            pouch.rest();
            if instance.side().watch_outbox() == Watch::Armed {
                instance.courier().outbox.notified().await;
            }
            continue;
        }
        instance.ring(instance.side().tell_outbox());
        pouch.filled(count);
        take(shared, instance, &mut pouch, &mut publishing).await?;
        if let Some(left) = &mut left {
            // Somebody else has the region and goes on writing.
            if count >= *left {
                return Ok(());
            }
            *left -= count;
        }
        yield_now().await;
    }
}

/// Sees to every whole record.
async fn take(
    shared: &Arc<Shared>,
    instance: &Arc<Instance>,
    pouch: &mut Pouch,
    publishing: &mut Publishing<'_>,
) -> Result<(), Violation> {
    let mut records = 0;
    while let Some(record) = pouch.next().map_err(Violation::Record)? {
        match FromWorker::parse(record).map_err(Violation::Record)? {
            FromWorker::Publish(event) => publishing.publish(&event).await,
            FromWorker::Push(asked) => push(shared, instance, &asked),
            // Nobody is there to hear of it.
            FromWorker::Call(_) if instance.is_dead() => {}
            FromWorker::Call(asked) => call(shared, instance, &asked),
            FromWorker::HangUp(asked) => hang_up(instance, asked),
        }
        records += 1;
        if records % RECORDS_A_TURN == 0 {
            yield_now().await;
        }
    }
    publishing.tell();
    Ok(())
}
