//! Routes of names that nobody serves at the moment.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::instance::RegisteredRoute;

/// Routes that are remembered at most; the longest-gone name is forgotten first.
const ROUTES_MAX: usize = 16_384;

/// What is remembered.
#[derive(Debug, Default)]
pub(super) struct Ghosts {
    /// Oldest first.
    names: VecDeque<Ghost>,
    routes: usize,
}

#[derive(Debug)]
struct Ghost {
    name: Box<str>,
    routes: Arc<[RegisteredRoute]>,
}

impl Ghosts {
    /// Remembers routes of a name, besides what is remembered of it.
    pub(super) fn add(&mut self, name: &str, routes: Arc<[RegisteredRoute]>) {
        // One that only took activities leaves nothing to remember.
        if routes.is_empty() {
            return;
        }
        self.routes += routes.len();
        self.names.push_back(Ghost { name: name.into(), routes });
        while self.routes > ROUTES_MAX
            && let Some(oldest) = self.names.pop_front()
        {
            self.routes -= oldest.routes.len();
        }
    }

    /// Forgets a name: it is served again, or something newer of it is to be remembered.
    pub(super) fn replace(&mut self, name: &str) {
        self.names.retain(|ghost| {
            let keep = *ghost.name != *name;
            if !keep {
                self.routes -= ghost.routes.len();
            }
            keep
        });
    }

    pub(super) fn routes(&self) -> impl Iterator<Item = &RegisteredRoute> {
        self.names.iter().flat_map(|ghost| ghost.routes.iter())
    }
}
