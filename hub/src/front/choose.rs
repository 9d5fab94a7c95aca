//! Which instance gets a request: of two chosen by chance the one with fewer exchanges in
//! flight, and if both are full whoever has room. Who has missed a probe comes last of two.

use std::sync::Arc;

use crate::chance::chance;
use crate::exchange::Exchange;
use crate::instance::NoSlot;
use crate::registry::Place;
use crate::service::Service;

/// What the choice came to.
pub(crate) enum Chosen<'t> {
    /// A slot at this place.
    Slot(Exchange, &'t Place),
    /// Every live instance is busy: wait in this service's line.
    Busy {
        /// The service.
        service: &'t Arc<Service>,
        /// The service has instances without this route, so others in line may be luckier.
        pass: bool,
    },
    /// No instance has memory for a slot.
    NoMemory,
    /// No instance is live.
    NoneLive,
}

/// Takes a slot at one of `places`.
pub(crate) fn choose(places: &[Place], in_line: bool) -> Chosen<'_> {
    let mut best = Chosen::NoneLive;
    for place in in_order(places) {
        let registration = &place.registration;
        if !registration.instance.is_live() {
            continue;
        }
        let found = match registration.admit() {
            Some(permit) => Exchange::open(permit, in_line),
            None => Err(NoSlot::Busy),
        };
        match found {
            Ok(exchange) => return Chosen::Slot(exchange, place),
            Err(NoSlot::Busy) => {
                let service = &registration.service;
                best = Chosen::Busy { service, pass: places.len() < service.instances() };
            }
            Err(NoSlot::NoMemory) if matches!(best, Chosen::NoneLive) => best = Chosen::NoMemory,
            Err(NoSlot::NoMemory | NoSlot::Gone) => {}
        }
    }
    best
}

/// The places in the order in which to try them.
fn in_order(places: &[Place]) -> impl Iterator<Item = &Place> {
    let count = places.len();
    let (mut first, mut second) = (0, 0);
    if count > 1 {
        let chance = chance() as usize;
        first = chance % count;
        // Another one: the distance is 1 to count - 1.
        second = (first + 1 + (chance >> 32) % (count - 1)) % count;
        // One that has missed a probe may hang: others first.
        let load = |at: usize| {
            let instance = &places[at].registration.instance;
            (instance.misses() > 0, instance.in_flight())
        };
        if load(second) < load(first) {
            std::mem::swap(&mut first, &mut second);
        }
    }
    let tried = move |at: &usize| *at != first && *at != second;
    let others = (0..count).filter(tried);
    let chosen = places.get(first).into_iter().chain((count > 1).then(|| &places[second]));
    chosen.chain(others.map(|at| &places[at]))
}
