//! The method of a route: one method, or any.

use std::fmt;

use http::Method;

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
        if text == "*" {
            return Ok(RouteMethod::Any);
        }
        let method = Method::from_bytes(text.as_bytes()).map_err(|_| {
            format!("{text:?} is not a method; write a token such as GET, or * for any method")
        })?;
        let upper = text.to_ascii_uppercase();
        if upper != text && STANDARD.contains(&upper.as_str()) {
            return Err(format!("{text:?} is not a method; methods have upper case: {upper}"));
        }
        Ok(RouteMethod::Only(method))
    }
}

const STANDARD: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

impl fmt::Display for RouteMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RouteMethod::Any => f.write_str("*"),
            RouteMethod::Only(method) => f.write_str(method.as_str()),
        }
    }
}

#[cfg(test)]
mod tests;
