//! The routing table: built once, read by every request without a lock.
//!
//! Each host has two matchit routers. The first knows every pattern without `{*rest}`,
//! the second those with it and is asked only when the first has no match: so
//! `/files/{name}` and `/files/{*rest}` can stand side by side, and the more exact
//! pattern wins whatever the order of registration. The most exact host that has a path
//! decides about it, methods and all.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use http::{HeaderValue, Method};

use super::hosts::Hosts;
use super::{HostPattern, Pattern, RouteMethod};
use crate::metrics::RouteId;
use crate::rules::{Rule, Rules};

/// All routes. `P` is one place that serves a route.
#[derive(Debug)]
pub(crate) struct Table<P> {
    hosts: Hosts<Paths<P>>,
}

/// The routes of one host, or of every host.
#[derive(Debug)]
struct Paths<P> {
    exact: matchit::Router<Path<P>>,
    rest: matchit::Router<Path<P>>,
}

/// Everything that one shape of path has.
#[derive(Debug, Clone)]
struct Path<P> {
    methods: Vec<(Method, Arc<Target<P>>)>,
    any: Option<Arc<Target<P>>>,
    allow: HeaderValue,
}

/// One route: the places that serve a method of a path. It has none when every worker
/// that served it is gone.
#[derive(Debug, Clone)]
pub(crate) struct Target<P> {
    pub(crate) places: Vec<P>,
    /// Its counters.
    pub(crate) counted: RouteId,
    /// What the configuration says of it.
    pub(crate) rule: Option<Arc<Rule>>,
}

/// The values of a path's parameters, as they were sent.
pub(crate) type Params<'t, 'p> = matchit::Params<'t, 'p>;

/// What the table knows of a method and a path.
#[derive(Debug)]
pub(crate) enum Found<'t, 'p, P> {
    /// A route.
    Route { target: &'t Arc<Target<P>>, params: Params<'t, 'p> },
    /// An OPTIONS that no worker registered; holds the path's methods.
    Options(&'t HeaderValue),
    /// The path has routes, but none for the method; holds the path's methods.
    NotAllowed(&'t HeaderValue),
    /// No route has the path.
    Nothing,
}

impl<P> Table<P> {
    /// Finds the route of a request. `host` is what the client sent.
    pub(crate) fn find<'t, 'p>(
        &'t self,
        host: &str,
        method: &Method,
        path: &'p str,
    ) -> Found<'t, 'p, P> {
        let Some(found) = self.hosts.find(host, |paths| paths.at(path)) else {
            return Found::Nothing;
        };
        match found.value.target(method) {
            Some(target) => Found::Route { target, params: found.params },
            None if *method == Method::OPTIONS => Found::Options(&found.value.allow),
            None => Found::NotAllowed(&found.value.allow),
        }
    }

    /// The methods of a path, if it has any.
    pub(crate) fn allow(&self, host: &str, path: &str) -> Option<&HeaderValue> {
        self.hosts.find(host, |paths| paths.at(path)).map(|found| &found.value.allow)
    }
}

impl<P> Paths<P> {
    fn at<'t, 'p>(&'t self, path: &'p str) -> Option<matchit::Match<'t, 'p, &'t Path<P>>> {
        self.exact.at(path).or_else(|_| self.rest.at(path)).ok()
    }
}

impl<P> Path<P> {
    fn target(&self, method: &Method) -> Option<&Arc<Target<P>>> {
        let named = |wanted: &Method| {
            self.methods.iter().find(|(method, _)| method == wanted).map(|(_, target)| target)
        };
        named(method)
            .or_else(|| named(&Method::GET).filter(|_| *method == Method::HEAD))
            // A TRACE shows its sender every header, so it is served by name only.
            .or_else(|| self.any.as_ref().filter(|_| *method != Method::TRACE))
    }
}

/// Collects routes for a table.
pub(crate) struct Builder<P> {
    paths: HashMap<(Option<HostPattern>, Arc<str>), Draft<P>>,
}

struct Draft<P> {
    /// One of those that have the shape.
    pattern: Pattern,
    methods: Vec<(Method, Target<P>)>,
    any: Option<Target<P>>,
}

impl<P: Clone> Builder<P> {
    pub(crate) fn new() -> Builder<P> {
        Builder { paths: HashMap::new() }
    }

    /// Adds a route, and a place that serves it if there is one.
    pub(crate) fn add(
        &mut self,
        host: Option<&HostPattern>,
        pattern: &Pattern,
        method: &RouteMethod,
        counted: RouteId,
        place: Option<P>,
    ) {
        let key = (host.cloned(), pattern.shape().clone());
        let draft = self.paths.entry(key).or_insert_with(|| Draft {
            pattern: pattern.clone(),
            methods: Vec::new(),
            any: None,
        });
        let new = || Target { places: Vec::new(), counted, rule: None };
        let target = match method {
            RouteMethod::Any => draft.any.get_or_insert_with(new),
            RouteMethod::Only(method) => {
                let at = draft.methods.iter().position(|(known, _)| known == method);
                let at = at.unwrap_or_else(|| {
                    draft.methods.push((method.clone(), new()));
                    draft.methods.len() - 1
                });
                &mut draft.methods[at].1
            }
        };
        target.places.extend(place);
    }

    /// The table. A path that the router refuses is left out and named; [`Pattern`]
    /// admits none, so this says that the two disagree and the table is still whole for
    /// everybody else.
    pub(crate) fn build(self, rules: &Rules) -> (Table<P>, Vec<String>) {
        let mut table = Table::default();
        let mut left_out = Vec::new();
        for ((host, shape), draft) in self.paths {
            let paths = table.hosts.of(host.as_ref());
            let router = if draft.pattern.has_rest() { &mut paths.rest } else { &mut paths.exact };
            if let Err(error) = router.insert(&*shape, draft.finish(host.as_ref(), rules)) {
                left_out.push(format!("{shape}: {error}"));
            }
        }
        (table, left_out)
    }
}

impl<P: Clone> Draft<P> {
    fn finish(self, host: Option<&HostPattern>, rules: &Rules) -> Path<P> {
        let ruled = |target: Target<P>, method: Option<&Method>| {
            let rule = rules.find(host, method, &self.pattern).cloned();
            Arc::new(Target { rule, ..target })
        };
        let methods = self.methods.into_iter().map(|(method, target)| {
            let target = ruled(target, Some(&method));
            (method, target)
        });
        let mut path = Path {
            methods: methods.collect(),
            any: self.any.map(|target| ruled(target, None)),
            allow: HeaderValue::from_static(""),
        };
        path.allow = path.allow();
        // A rule may name a method that is served by a route of another one.
        let named = rules.methods(host, &self.pattern).filter_map(|method| {
            let known = path.methods.iter().any(|(known, _)| known == method);
            let target = path.target(method).filter(|_| !known)?;
            Some((method.clone(), ruled(Target::clone(target), Some(method))))
        });
        let named: Vec<_> = named.collect();
        path.methods.extend(named);
        path
    }
}

impl<P> Path<P> {
    /// The value of `Allow`: what is registered, and what the hub answers by itself.
    fn allow(&self) -> HeaderValue {
        let mut names: Vec<&str> = self.methods.iter().map(|(m, _)| m.as_str()).collect();
        if self.any.is_some() {
            // It takes whatever comes; these are those that people ask for.
            names.extend(["DELETE", "GET", "PATCH", "POST", "PUT"]);
        }
        if names.contains(&"GET") {
            names.push("HEAD");
        }
        names.push("OPTIONS");
        names.sort_unstable();
        names.dedup();
        // Methods are tokens, and tokens are visible ASCII.
        HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
    }
}

impl<P> Default for Paths<P> {
    fn default() -> Paths<P> {
        Paths { exact: matchit::Router::new(), rest: matchit::Router::new() }
    }
}

impl<P> Default for Table<P> {
    fn default() -> Table<P> {
        Table { hosts: Hosts::default() }
    }
}

impl<P> fmt::Debug for Builder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("paths", &self.paths.len()).finish()
    }
}

#[cfg(test)]
mod tests;
