//! Where a hub listens, as people and programs write it.

use std::fmt;

use crate::config::Address;

/// Where a hub listens. Written as a URL: `http://127.0.0.1:8080`, `https://[::1]:8443`,
/// `http+unix:///run/app.sock`, and `http+fd:NAME` for a passed Unix socket without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// The address, with the port that was taken; [`Address::Passed`] only for a Unix
    /// socket that has no path.
    pub address: Address,
    /// Whether TLS is spoken there.
    pub tls: bool,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        match &self.address {
            Address::Tcp(address) => write!(f, "{scheme}://{address}"),
            Address::Unix(path) => write!(f, "{scheme}+unix://{}", path.display()),
            Address::Passed(name) => write!(f, "{scheme}+fd:{name}"),
        }
    }
}
