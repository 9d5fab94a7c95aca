//! The hosts of a route: one host, or every host below a domain.

use core::fmt;
use std::borrow::ToOwned;
use std::string::String;
use std::sync::Arc;

/// Bytes of a host at most, as in DNS.
pub const HOST_BYTES_MAX: usize = 253;

/// Which hosts a route is for: `api.example`, or `*.example` for every host below it.
/// Letters are kept in lower case, because hosts are compared without case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPattern {
    text: Arc<str>,
}

/// Why a host cannot be; holds it where that says more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostError {
    /// It is longer than a host may be; holds its length in bytes.
    TooLong(usize),
    /// It names a port; routes are for a host on every port.
    Port(String),
    /// Its asterisk is not a first label of its own.
    Asterisk(String),
    /// It is not a name or an address.
    NotHost(String),
}

impl HostPattern {
    /// Reads a host.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<HostPattern, HostError> {
        if text.len() > HOST_BYTES_MAX {
            return Err(HostError::TooLong(text.len()));
        }
        let domain = text.strip_prefix("*.").unwrap_or(text);
        if domain.contains('*') {
            return Err(HostError::Asterisk(text.to_owned()));
        }
        if !is_address(domain) {
            if let Some((name, port)) = domain.rsplit_once(':')
                && (is_name(name) || is_address(name))
                && port.bytes().all(|b| b.is_ascii_digit())
            {
                return Err(HostError::Port(text.to_owned()));
            }
            if !is_name(domain) {
                return Err(HostError::NotHost(text.to_owned()));
            }
        }
        Ok(HostPattern { text: text.to_ascii_lowercase().into() })
    }

    /// The pattern in lower case.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The domain below which every host matches, if it is such a pattern.
    pub fn wildcard(&self) -> Option<&str> {
        self.text.strip_prefix("*.")
    }
}

/// Labels of letters, digits, `-` and `_`, with dots between them.
fn is_name(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    text.split('.').all(|label| (1..=63).contains(&label.len()) && label.bytes().all(fits))
}

/// An address of IP version 6, in brackets as in a URL.
fn is_address(text: &str) -> bool {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inner.is_some_and(|inner| inner.parse::<core::net::Ipv6Addr>().is_ok())
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostError::TooLong(length) => {
                write!(f, "the host has {length} bytes; a host has at most {HOST_BYTES_MAX}")
            }
            HostError::Port(host) => write!(
                f,
                "the host {host:?} names a port; leave it out, a route is for a host on every port"
            ),
            HostError::Asterisk(host) => write!(
                f,
                "the host {host:?} has an asterisk that is not its whole first label; write \
                 *.example for every host below example"
            ),
            HostError::NotHost(host) => write!(
                f,
                "{host:?} is not a host; write a name as in api.example, *.example for every host \
                 below it, or an address"
            ),
        }
    }
}

impl core::error::Error for HostError {}
