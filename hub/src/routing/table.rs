//! The routing table: built once, read by every request without a lock.
//!
//! Two matchit routers stand behind it. The first knows every pattern without
//! `{*rest}`, the second those with it and is asked only when the first has no match: so
//! `/files/{name}` and `/files/{*rest}` can stand side by side, and the more exact
//! pattern wins whatever the order of registration.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use http::{HeaderValue, Method};

use super::{Pattern, RouteMethod};
use crate::metrics::RouteId;

/// All routes. `P` is one place that serves a route.
#[derive(Debug)]
pub(crate) struct Table<P> {
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
    /// Finds the route of a request.
    pub(crate) fn find<'t, 'p>(&'t self, method: &Method, path: &'p str) -> Found<'t, 'p, P> {
        let Ok(found) = self.exact.at(path).or_else(|_| self.rest.at(path)) else {
            return Found::Nothing;
        };
        match found.value.target(method) {
            Some(target) => Found::Route { target, params: found.params },
            None if *method == Method::OPTIONS => Found::Options(&found.value.allow),
            None => Found::NotAllowed(&found.value.allow),
        }
    }
}

impl<P> Path<P> {
    fn target(&self, method: &Method) -> Option<&Arc<Target<P>>> {
        let named = |wanted: &Method| {
            self.methods.iter().find(|(method, _)| method == wanted).map(|(_, target)| target)
        };
        named(method)
            .or_else(|| named(&Method::GET).filter(|_| *method == Method::HEAD))
            .or(self.any.as_ref())
    }
}

/// Collects routes for a table.
pub(crate) struct Builder<P> {
    paths: HashMap<Arc<str>, Draft<P>>,
}

struct Draft<P> {
    rest: bool,
    methods: Vec<(Method, Target<P>)>,
    any: Option<Target<P>>,
}

impl<P> Builder<P> {
    pub(crate) fn new() -> Builder<P> {
        Builder { paths: HashMap::new() }
    }

    /// Adds a route, and a place that serves it if there is one.
    pub(crate) fn add(
        &mut self,
        pattern: &Pattern,
        method: &RouteMethod,
        counted: RouteId,
        place: Option<P>,
    ) {
        let draft = self.paths.entry(pattern.shape().clone()).or_insert_with(|| Draft {
            rest: pattern.has_rest(),
            methods: Vec::new(),
            any: None,
        });
        let new = || Target { places: Vec::new(), counted };
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
    pub(crate) fn build(self) -> (Table<P>, Vec<String>) {
        let mut table = Table { exact: matchit::Router::new(), rest: matchit::Router::new() };
        let mut left_out = Vec::new();
        for (shape, draft) in self.paths {
            let router = if draft.rest { &mut table.rest } else { &mut table.exact };
            if let Err(error) = router.insert(&*shape, draft.finish()) {
                left_out.push(format!("{shape}: {error}"));
            }
        }
        (table, left_out)
    }
}

impl<P> Draft<P> {
    fn finish(self) -> Path<P> {
        let allow = allow(self.methods.iter().map(|(method, _)| method));
        Path {
            methods: self.methods.into_iter().map(|(m, target)| (m, Arc::new(target))).collect(),
            any: self.any.map(Arc::new),
            allow,
        }
    }
}

/// The value of `Allow`: what is registered, and what the hub answers by itself.
fn allow<'m>(methods: impl Iterator<Item = &'m Method>) -> HeaderValue {
    let mut names: Vec<&str> = methods.map(Method::as_str).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.push("OPTIONS");
    names.sort_unstable();
    names.dedup();
    // Methods are tokens, and tokens are visible ASCII.
    HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
}

impl<P> Default for Table<P> {
    fn default() -> Table<P> {
        Table { exact: matchit::Router::new(), rest: matchit::Router::new() }
    }
}

impl<P> fmt::Debug for Builder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("paths", &self.paths.len()).finish()
    }
}

#[cfg(test)]
mod tests;
