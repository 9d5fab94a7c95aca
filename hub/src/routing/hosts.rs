//! What each host has of its own.
//!
//! The most exact comes first: the host itself, then the longest `*.` that it is below,
//! then what every host has. A hub whose routes name no host pays for none of this.

use std::collections::HashMap;

use slotway_core::control::{HOST_BYTES_MAX, HostPattern};

/// One `T` for each host pattern, and one for every host.
#[derive(Debug, Default)]
pub(super) struct Hosts<T> {
    exact: HashMap<Box<str>, T>,
    /// By the domain that the hosts are below.
    below: HashMap<Box<str>, T>,
    every: T,
}

impl<T: Default> Hosts<T> {
    /// What a host pattern has; `None` is every host.
    pub(super) fn of(&mut self, host: Option<&HostPattern>) -> &mut T {
        match host.map(|host| (host, host.wildcard())) {
            None => &mut self.every,
            Some((_, Some(domain))) => self.below.entry(domain.into()).or_default(),
            Some((host, None)) => self.exact.entry(host.text().into()).or_default(),
        }
    }
}

impl<T> Hosts<T> {
    /// The first that `look` makes something of, the most exact first. `host` is what a
    /// client sent, port and all.
    pub(super) fn find<'t, R>(
        &'t self,
        host: &str,
        mut look: impl FnMut(&'t T) -> Option<R>,
    ) -> Option<R> {
        if !self.exact.is_empty() || !self.below.is_empty() {
            let mut lower = [0; HOST_BYTES_MAX];
            if let Some(host) = normal(host, &mut lower) {
                let found = self.exact.get(host).and_then(&mut look);
                let found = found.or_else(|| {
                    let dots = host.match_indices('.');
                    let mut domains = dots.filter_map(|(dot, _)| self.below.get(&host[dot + 1..]));
                    domains.find_map(&mut look)
                });
                if found.is_some() {
                    return found;
                }
            }
        }
        look(&self.every)
    }
}

/// The host as patterns have it: without port and closing dot, in lower case. `None` for
/// what is longer than any pattern.
fn normal<'b>(host: &str, lower: &'b mut [u8; HOST_BYTES_MAX]) -> Option<&'b str> {
    let end = match host.find(']') {
        Some(bracket) => bracket + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    let host = &host[..end];
    let host = host.strip_suffix('.').unwrap_or(host);
    let lower = lower.get_mut(..host.len())?;
    lower.copy_from_slice(host.as_bytes());
    lower.make_ascii_lowercase();
    std::str::from_utf8(lower).ok()
}

#[cfg(test)]
mod tests;
