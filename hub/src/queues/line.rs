//! Getting a slot for an activity: at once, or after a wait in its type's line.

use std::sync::Arc;

use slotway_core::record::CallEnd;
use tokio::time::{Instant, timeout_at};

use super::bands::Band;
use super::pick::{Picked, pick};
use super::queue::Waiting;
use super::{Queue, Seat, Wanted};
use crate::exchange::Exchange;
use crate::shared::Shared;
use crate::wait_queue::{Turn, WaitQueue};

/// What one look at the table came to.
enum Look {
    Slot(Exchange, Seat),
    /// Nobody has room now.
    Busy(Arc<WaitQueue>),
    /// All that have room are those that are to be avoided.
    Avoided,
}

/// Why an activity gets no slot.
#[derive(Debug)]
pub(super) struct NoSeat {
    pub(super) end: CallEnd,
    pub(super) reason: String,
}

/// What has been tried of one activity.
#[derive(Debug, Default)]
pub(super) struct Tried {
    /// Workers, by the hub's numbers, that have said that they are busy.
    pub(super) busy: Vec<u64>,
    /// How the queue took it.
    pub(super) band: Option<Band>,
}

/// The queue, if it and the type are known.
pub(super) fn find(shared: &Shared, wanted: &Wanted) -> Result<Arc<Queue>, NoSeat> {
    let live = shared.registry.live();
    let Wanted { queue, kind, .. } = wanted;
    let Some(served) = live.queues.get(queue) else {
        let reason = format!("no worker has ever taken anything from the queue {queue:?}");
        return Err(NoSeat { end: CallEnd::NoQueue, reason });
    };
    if served.kind(kind).is_none() {
        let known: Vec<_> = served.kinds().map(|(kind, _)| kind).take(8).collect();
        let reason = format!(
            "no worker of the queue {queue:?} takes {kind:?}; they take {}",
            known.join(", ")
        );
        return Err(NoSeat { end: CallEnd::NoActivity, reason });
    }
    Ok(served.queue.clone())
}

/// Takes a slot, and waits for one until `due`.
pub(super) async fn seat(
    shared: &Shared,
    queue: &Queue,
    wanted: &Wanted,
    due: Instant,
    tried: &mut Tried,
) -> Result<(Exchange, Seat), NoSeat> {
    let mut turn: Option<(Turn, Arc<WaitQueue>)> = None;
    let mut waiting: Option<Waiting<'_>> = None;
    loop {
        let first = match shared.picker.get() {
            Some(picker) => picker.ask(shared, wanted).await,
            None => None,
        };
        let line = match look(shared, wanted, first, &tried.busy, turn.is_some())? {
            Look::Slot(exchange, seat) => {
                if tried.band.is_none() {
                    tried.band = Some(Band::Accept);
                    queue.counts.accepted.add_one();
                }
                return Ok((exchange, seat));
            }
            Look::Busy(line) => line,
            Look::Avoided => {
                // Nobody calls when they are not busy any more.
                tried.busy.clear();
                tokio::time::sleep_until(due.min(Instant::now() + queue.hint())).await;
                if Instant::now() >= due {
                    return Err(late(wanted));
                }
                continue;
            }
        };
        if waiting.is_none() {
            let hint = queue.hint();
            waiting = queue.wait();
            if waiting.is_none() {
                tried.band = Some(Band::Reject(hint));
                queue.counts.rejected.add_one();
                let reason = format!("{} activities wait already, as many as may", queue.waiting());
                return Err(NoSeat { end: CallEnd::QueueFull, reason });
            }
            if tried.band.is_none() {
                tried.band = Some(Band::Defer(hint));
                queue.counts.deferred.add_one();
            }
        }
        // A new table may have made it another line.
        let own = turn.take().filter(|(_, own)| Arc::ptr_eq(own, &line));
        let in_line = match own {
            Some((turn, _)) => turn,
            // It has no bound of its own.
            None => line.enter().map_err(|_| late(wanted))?,
        };
        if timeout_at(due, in_line.called()).await.is_err() {
            return Err(late(wanted));
        }
        turn = Some((in_line, line));
    }
}

fn late(wanted: &Wanted) -> NoSeat {
    let reason = format!("no worker of {} had room for {} in time", wanted.queue, wanted.kind);
    NoSeat { end: CallEnd::WaitTimeout, reason }
}

/// One look at the table, without waiting.
fn look(
    shared: &Shared,
    wanted: &Wanted,
    first: Option<u64>,
    busy: &[u64],
    in_line: bool,
) -> Result<Look, NoSeat> {
    let live = shared.registry.live();
    let kind = live.queues.get(&wanted.queue).and_then(|served| served.kind(&wanted.kind));
    let Some(kind) = kind else {
        let reason = format!("the queue {:?} was forgotten", wanted.queue);
        return Err(NoSeat { end: CallEnd::NoQueue, reason });
    };
    // Whoever comes later must not overtake whoever waits.
    if !in_line && !kind.line.is_empty() {
        return Ok(Look::Busy(kind.line.clone()));
    }
    match pick(&kind.seats, first, busy, in_line) {
        Picked::Slot(exchange, seat) => Ok(Look::Slot(exchange, seat.clone())),
        Picked::Avoided => Ok(Look::Avoided),
        Picked::Busy | Picked::NoneLive => Ok(Look::Busy(kind.line.clone())),
        Picked::NoMemory => {
            let reason = "there is no memory for a slot on this machine now".to_owned();
            Err(NoSeat { end: CallEnd::NoMemory, reason })
        }
    }
}
