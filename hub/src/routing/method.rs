//! The method of a route: one method, or any.

use std::fmt;

use http::Method;
use slotway_core::control::{ANY_METHOD, check_method};

/// What a route's method matches.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum RouteMethod {
    /// Every method that no other route of the same pattern names.
    Any,
    /// This one.
    Only(Method),
}

impl RouteMethod {
    /// Reads a registration's method. Names are case-sensitive, as in HTTP.
    pub(crate) fn parse(text: &str) -> Result<RouteMethod, String> {
        check_method(text).map_err(|error| error.to_string())?;
        if text == ANY_METHOD {
            return Ok(RouteMethod::Any);
        }
        let method = Method::from_bytes(text.as_bytes());
        method.map(RouteMethod::Only).map_err(|error| format!("{text:?} is not a method: {error}"))
    }
}

impl fmt::Display for RouteMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RouteMethod::Any => f.write_str(ANY_METHOD),
            RouteMethod::Only(method) => f.write_str(method.as_str()),
        }
    }
}

#[cfg(test)]
mod tests;
