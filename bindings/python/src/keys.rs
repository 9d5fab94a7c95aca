//! One number for each route of each registration, by which handlers are found.

use std::sync::{PoisonError, RwLock};

use sdk::Registration;

/// The key of each registration's first route.
#[derive(Debug)]
pub(crate) struct Keys(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    /// By the registration's number. Those of registrations that are gone stay: four bytes each.
    firsts: Vec<u32>,
    next: u32,
}

/// How many keys a registration has: one for each route, then one for each activity.
pub(crate) fn routes(registration: &Registration) -> u32 {
    let queues = registration.queues().iter();
    let activities: usize = queues.map(|queue| queue.activities.len()).sum();
    (registration.routes().len() + activities) as u32
}

impl Keys {
    /// Those of what is there at the beginning.
    pub(crate) fn of(registrations: &[Registration]) -> Keys {
        let keys = Keys(RwLock::default());
        for (number, registration) in registrations.iter().enumerate() {
            keys.add(number, routes(registration));
        }
        keys
    }

    /// A registration of so many routes has come; gives the key of the first.
    pub(crate) fn add(&self, number: usize, routes: u32) -> u32 {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let first = state.next;
        let length = state.firsts.len().max(number + 1);
        state.firsts.resize(length, first);
        state.firsts[number] = first;
        // They come around after four billion routes, long after the first have gone.
        state.next = first.wrapping_add(routes);
        first
    }

    /// The key that comes next.
    pub(crate) fn next(&self) -> u32 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).next
    }

    #[inline]
    pub(crate) fn key(&self, registration: u32, route: u32) -> u32 {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let first = state.firsts.get(registration as usize).copied().unwrap_or(0);
        first.wrapping_add(route)
    }
}
