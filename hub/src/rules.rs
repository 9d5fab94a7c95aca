//! What single routes have of their own, ready for requests.
//!
//! A configuration's rules are compiled once, and looked up when the routing table is
//! built: a request finds its rule with its route. What a rule counts lives as long as a
//! rule about the same routes is in the configuration, so that a reload forgets nobody
//! who is in flight or in line.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use slotway_core::control::{ANY_METHOD, HostPattern, Pattern};

use crate::config::{Config, RouteRule};
use crate::gate::Gate;
use crate::routing::RouteMethod;

/// What a route has of its own.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) wait: Option<Duration>,
    pub(crate) request: Option<Duration>,
    pub(crate) idle: Option<Duration>,
    pub(crate) body_bytes: Option<u64>,
    pub(crate) idempotent: Option<bool>,
    pub(crate) gate: Option<Arc<Gate>>,
}

/// A configuration's rules in order: the first that matches counts.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    list: Vec<(Selector, Arc<Rule>)>,
}

/// Which routes a rule is about.
#[derive(Debug, Clone)]
pub(crate) struct Selector {
    host: Option<HostPattern>,
    method: Option<Method>,
    pattern: Pattern,
}

impl PartialEq for Selector {
    /// Whether both are about the same routes, whatever they call the parameters.
    fn eq(&self, other: &Selector) -> bool {
        (&self.host, &self.method, self.pattern.shape())
            == (&other.host, &other.method, other.pattern.shape())
    }
}

impl Rules {
    /// The rules of a configuration that was checked. What `before` counts goes on.
    pub(crate) fn compile(config: &Config, before: &Rules) -> Rules {
        let compiled = config.routes.iter().filter_map(|rule| {
            let selector = Selector::of(rule)?;
            let gate = rule.concurrency.map(|limit| {
                let waiters_max = rule.waiters.unwrap_or(config.limits.waiters);
                match before.gate(&selector) {
                    Some(gate) => {
                        gate.set_limits(limit, waiters_max);
                        gate
                    }
                    None => Arc::new(Gate::new(limit, waiters_max)),
                }
            });
            let rule = Rule {
                wait: rule.wait,
                request: rule.request,
                idle: rule.idle,
                body_bytes: rule.body_bytes,
                idempotent: rule.idempotent,
                gate,
            };
            Some((selector, Arc::new(rule)))
        });
        Rules { list: compiled.collect() }
    }

    fn gate(&self, selector: &Selector) -> Option<Arc<Gate>> {
        let same = self.list.iter().find(|(known, _)| known == selector);
        same.and_then(|(_, rule)| rule.gate.clone())
    }

    /// The rule of a route. Without a method it is for those that no rule names.
    pub(crate) fn find(
        &self,
        host: Option<&HostPattern>,
        method: Option<&Method>,
        pattern: &Pattern,
    ) -> Option<&Arc<Rule>> {
        let matches = |selector: &Selector| {
            selector.covers(host, pattern)
                && (selector.method.is_none() || selector.method.as_ref() == method)
        };
        self.list.iter().find(|(selector, _)| matches(selector)).map(|(_, rule)| rule)
    }

    /// Them, each with the routes that it is about, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Selector, &Rule)> {
        self.list.iter().map(|(selector, rule)| (selector, &**rule))
    }

    /// The methods of a pattern that rules name.
    pub(crate) fn methods<'r>(
        &'r self,
        host: Option<&'r HostPattern>,
        pattern: &'r Pattern,
    ) -> impl Iterator<Item = &'r Method> {
        let covering = self.list.iter().filter(move |(s, _)| s.covers(host, pattern));
        covering.filter_map(|(selector, _)| selector.method.as_ref())
    }
}

impl Selector {
    /// Which routes a rule is about; `None` where the configuration's check says what is
    /// wrong.
    pub(crate) fn of(rule: &RouteRule) -> Option<Selector> {
        let host = rule.host.as_deref().map(HostPattern::parse).transpose().ok()?;
        let method = rule.method.as_deref().map(RouteMethod::parse).transpose().ok()?;
        let method = method.and_then(|method| match method {
            RouteMethod::Only(method) => Some(method),
            RouteMethod::Any => None,
        });
        Some(Selector { host, method, pattern: Pattern::parse(&rule.pattern).ok()? })
    }

    /// Whether it is about the routes of a host and a pattern.
    fn covers(&self, host: Option<&HostPattern>, pattern: &Pattern) -> bool {
        let covers_host = match (&self.host, host) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(host)) => {
                own == host || own.wildcard().is_some_and(|domain| is_below(host.text(), domain))
            }
        };
        covers_host && (self.pattern.shape() == pattern.shape() || self.is_above(pattern))
    }

    /// Whether it closes with `{*rest}` and the pattern is one of everything below.
    fn is_above(&self, pattern: &Pattern) -> bool {
        if !self.pattern.has_rest() {
            return false;
        }
        let mut below = pattern.shape().split('/');
        for own in self.pattern.shape().split('/') {
            let Some(segment) = below.next() else { return false };
            if own.starts_with("{*") {
                return !segment.is_empty();
            }
            // A parameter stands for any one segment.
            let any = is_parameter(own) && !segment.is_empty() && !segment.starts_with("{*");
            if !any && own != segment {
                return false;
            }
        }
        false
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.method.as_ref().map_or(ANY_METHOD, Method::as_str);
        let host = self.host.as_ref().map_or("", HostPattern::text);
        write!(f, "{method} {host}{}", self.pattern.text())
    }
}

/// Whether a segment of a shape is a parameter: a literal brace is doubled.
fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{') && !segment.starts_with("{{")
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|front| front.ends_with('.'))
}

#[cfg(test)]
mod tests;
