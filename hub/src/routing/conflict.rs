//! Whether a registration's routes may join those that are there.
//!
//! A method of a path belongs to one name; instances of that name share it. Patterns
//! that match the same paths must call their parameters the same, because whoever reads
//! two of them takes `{id}` and `{name}` for two different places. Instances of one name
//! may differ in that, so that a new version can rename a parameter while the old one
//! still runs. All of this is judged among the routes of one host: another host's are
//! other routes, and so are those of every host, which give way to it.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::{HostPattern, Pattern, RouteMethod};

/// Everything that is registered, by host and shape.
#[derive(Debug, Default)]
pub(crate) struct Conflicts<'a> {
    shapes: HashMap<(Option<&'a HostPattern>, Arc<str>), Vec<Owned<'a>>>,
}

/// One route.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<'a> {
    pub(crate) host: Option<&'a HostPattern>,
    pub(crate) method: &'a RouteMethod,
    pub(crate) pattern: &'a Pattern,
}

#[derive(Debug, Clone, Copy)]
struct Owned<'a> {
    name: &'a str,
    route: Candidate<'a>,
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
    pub(crate) fn live(&mut self, name: &'a str, route: Candidate<'a>) {
        self.shapes.entry(route.key()).or_default().push(Owned { name, route });
    }

    /// Checks the routes of a registration that wants to join, and counts them as live.
    pub(crate) fn join<I>(&mut self, name: &'a str, routes: I) -> Result<(), Conflict>
    where
        I: Iterator<Item = Candidate<'a>> + Clone,
    {
        for route in routes.clone() {
            for known in self.shapes.get(&route.key()).into_iter().flatten() {
                if known.name != name {
                    known.against(name, &route)?;
                }
            }
        }
        let mut own = Conflicts::default();
        for route in routes.clone() {
            for known in own.shapes.get(&route.key()).into_iter().flatten() {
                known.within(&route)?;
            }
            own.live(name, route);
        }
        for route in routes {
            self.live(name, route);
        }
        Ok(())
    }
}

impl<'a> Candidate<'a> {
    fn key(&self) -> (Option<&'a HostPattern>, Arc<str>) {
        (self.host, self.pattern.shape().clone())
    }

    /// The pattern, after the host if it has one.
    fn place(&self) -> String {
        let host = self.host.map_or("", HostPattern::text);
        format!("{host}{}", self.pattern.text())
    }
}

impl Owned<'_> {
    fn against(&self, name: &str, route: &Candidate<'_>) -> Result<(), Conflict> {
        let (theirs, ours) = (self.route.place(), route.place());
        let method = route.method;
        if self.route.method == method {
            return Err(Conflict::new(format!(
                "the route {method} {ours} of {name:?} is already served by {:?} as {method} \
                 {theirs}; use another path, or register under that name to share its load",
                self.name
            )));
        }
        if self.route.pattern.names() != route.pattern.names() {
            return Err(Conflict::new(format!(
                "the pattern {ours} of {name:?} matches the same paths as {theirs} of {:?} but \
                 names its parameters otherwise; use the same names in both",
                self.name
            )));
        }
        Ok(())
    }

    fn within(&self, route: &Candidate<'_>) -> Result<(), Conflict> {
        let (first, second) = (self.route.place(), route.place());
        if self.route.pattern.names() != route.pattern.names() {
            return Err(Conflict::new(format!(
                "the patterns {first} and {second} match the same paths but name their \
                 parameters differently; use the same names in both"
            )));
        }
        if self.route.method == route.method {
            let method = route.method;
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
