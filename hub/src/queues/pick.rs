//! Which worker gets an activity: of those that take its type and have room, the one with the
//! fewest of the queue in hand; of equals one by chance. Who has missed a probe comes last.

use super::Seat;
use crate::chance::chance;
use crate::exchange::Exchange;
use crate::instance::NoSlot;

/// What the choice came to.
pub(super) enum Picked<'t> {
    /// A slot of this worker.
    Slot(Exchange, &'t Seat),
    /// Every live worker has as many as it may have.
    Busy,
    /// The same, those aside that are to be avoided.
    Avoided,
    /// No worker has memory for a slot.
    NoMemory,
    /// No worker is live.
    NoneLive,
}

/// Takes a slot at one of `seats`, at that of the worker `first` if it can be. Workers are
/// named by the hub's numbers; those in `avoid` are not asked.
pub(super) fn pick<'t>(
    seats: &'t [Seat],
    first: Option<u64>,
    avoid: &[u64],
    in_line: bool,
) -> Picked<'t> {
    let mut worst = Picked::NoneLive;
    for seat in in_order(seats, first) {
        let registration = &seat.registration;
        let instance = &registration.instance;
        if !instance.is_live() {
            continue;
        }
        if avoid.contains(&instance.who.id) {
            worst = Picked::Avoided;
            continue;
        }
        let found = match registration.admit_share(seat.share, in_line) {
            Some(permit) => Exchange::open(permit, in_line),
            None => Err(NoSlot::Busy),
        };
        match found {
            Ok(exchange) => return Picked::Slot(exchange, seat),
            Err(NoSlot::Busy) if matches!(worst, Picked::Avoided) => {}
            Err(NoSlot::Busy) => worst = Picked::Busy,
            Err(NoSlot::NoMemory) if matches!(worst, Picked::NoneLive) => worst = Picked::NoMemory,
            Err(NoSlot::NoMemory | NoSlot::Gone) => {}
        }
    }
    worst
}

/// The seats in the order in which to try them: first the best, then whoever may have room
/// after all, because all of this changes while it is looked at.
fn in_order(seats: &[Seat], first: Option<u64>) -> impl Iterator<Item = &Seat> {
    let count = seats.len();
    let from = if count > 1 { chance() as usize % count } else { 0 };
    let around = move || (0..count).map(move |step| (from + step) % count);
    let load = |at: &usize| {
        let seat = &seats[*at];
        let instance = &seat.registration.instance;
        (instance.misses() > 0, seat.share().in_flight(), instance.in_flight())
    };
    let has_room = |at: &usize| {
        let share = seats[*at].share();
        share.in_flight() < share.capacity && seats[*at].registration.instance.is_live()
    };
    let is_first = |seat: &Seat| Some(seat.registration.instance.who.id) == first;
    let first = first.and_then(|_| seats.iter().position(is_first));
    let best = first.or_else(|| around().filter(has_room).min_by_key(load));
    let others = around().filter(move |at| Some(*at) != best);
    best.into_iter().chain(others).map(|at| &seats[at])
}
