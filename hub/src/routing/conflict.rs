//! Whether a registration's routes may join those that are there.
//!
//! A method of a path belongs to one name; instances of that name share it. Patterns
//! that match the same paths must call their parameters the same, because whoever reads
//! two of them takes `{id}` and `{name}` for two different places. Instances of one name
//! may differ in that, so that a new version can rename a parameter while the old one
//! still runs.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::{Pattern, RouteMethod};

/// Everything that is registered, by shape.
#[derive(Debug, Default)]
pub(crate) struct Conflicts<'a> {
    shapes: HashMap<Arc<str>, Vec<Owned<'a>>>,
}

#[derive(Debug, Clone, Copy)]
struct Owned<'a> {
    name: &'a str,
    method: &'a RouteMethod,
    pattern: &'a Pattern,
}

/// Two routes that cannot both be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// One registration names the route twice.
    pub(crate) twice: bool,
    reason: String,
}

impl<'a> Conflicts<'a> {
    /// Adds a route that is live.
    pub(crate) fn live(&mut self, name: &'a str, method: &'a RouteMethod, pattern: &'a Pattern) {
        let owned = Owned { name, method, pattern };
        self.shapes.entry(pattern.shape().clone()).or_default().push(owned);
    }

    /// Checks the routes of a registration that wants to join, and counts them as live.
    pub(crate) fn join<I>(&mut self, name: &'a str, routes: I) -> Result<(), Conflict>
    where
        I: Iterator<Item = (&'a RouteMethod, &'a Pattern)> + Clone,
    {
        for (method, pattern) in routes.clone() {
            for known in self.shapes.get(pattern.shape()).into_iter().flatten() {
                if known.name != name {
                    known.against(name, method, pattern)?;
                }
            }
        }
        let mut own = Conflicts::default();
        for (method, pattern) in routes.clone() {
            for known in own.shapes.get(pattern.shape()).into_iter().flatten() {
                known.within(method, pattern)?;
            }
            own.live(name, method, pattern);
        }
        for (method, pattern) in routes {
            self.live(name, method, pattern);
        }
        Ok(())
    }
}

impl Owned<'_> {
    fn against(&self, name: &str, method: &RouteMethod, pattern: &Pattern) -> Result<(), Conflict> {
        let (theirs, ours) = (self.pattern.text(), pattern.text());
        if self.method == method {
            return Err(Conflict::new(format!(
                "the route {method} {ours} of {name:?} is already served by {:?} as {method} \
                 {theirs}; use another path, or register under that name to share its load",
                self.name
            )));
        }
        if self.pattern.names() != pattern.names() {
            return Err(Conflict::new(format!(
                "the pattern {ours} of {name:?} matches the same paths as {theirs} of {:?} but \
                 names its parameters otherwise; use the same names in both",
                self.name
            )));
        }
        Ok(())
    }

    fn within(&self, method: &RouteMethod, pattern: &Pattern) -> Result<(), Conflict> {
        let (first, second) = (self.pattern.text(), pattern.text());
        if self.pattern.names() != pattern.names() {
            return Err(Conflict::new(format!(
                "the patterns {first} and {second} match the same paths but name their \
                 parameters differently; use the same names in both"
            )));
        }
        if self.method == method {
            let reason = format!("the route {method} {second} is there twice; leave one out");
            return Err(Conflict { twice: true, reason });
        }
        Ok(())
    }
}

impl Conflict {
    fn new(reason: String) -> Conflict {
        Conflict { twice: false, reason }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

#[cfg(test)]
mod tests;
