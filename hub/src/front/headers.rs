//! Which headers go further, and which are between two neighbours only.

use http::header::{
    CONNECTION, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
    TRAILER, TRANSFER_ENCODING, UPGRADE, VARY,
};

/// Names that are about one connection (RFC 9110, section 7.6.1) whatever `connection`
/// says.
pub(super) fn is_hop_by_hop(name: &HeaderName) -> bool {
    *name == CONNECTION
        || *name == TRANSFER_ENCODING
        || *name == UPGRADE
        || *name == TE
        || *name == TRAILER
        || *name == PROXY_AUTHENTICATE
        || *name == PROXY_AUTHORIZATION
        || matches!(name.as_str(), "keep-alive" | "proxy-connection")
}

/// The names that `connection` makes hop-by-hop; mostly none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    names: Vec<HeaderName>,
}

impl Named {
    pub(super) fn of_request(headers: &HeaderMap) -> Named {
        let mut named = Named::default();
        for value in headers.get_all(CONNECTION) {
            named.add(value.as_bytes());
        }
        named
    }

    /// Adds the names of one value of `connection`.
    pub(super) fn add(&mut self, value: &[u8]) {
        for token in value.split(|&byte| byte == b',') {
            let token = token.trim_ascii();
            if token.eq_ignore_ascii_case(b"close") || token.eq_ignore_ascii_case(b"keep-alive") {
                continue;
            }
            // What is no name cannot name a header.
            if let Ok(name) = HeaderName::from_bytes(token) {
                self.names.push(name);
            }
        }
    }

    pub(super) fn contains(&self, name: &HeaderName) -> bool {
        self.names.contains(name)
    }

    pub(super) fn names(&self) -> &[HeaderName] {
        &self.names
    }
}

/// Adds a name to `vary`, unless it is there.
pub(super) fn add_vary(headers: &mut HeaderMap, name: &'static str) {
    let known = headers.get_all(VARY).iter().any(|value| {
        let mut names = value.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        names.any(|known| known == b"*" || known.eq_ignore_ascii_case(name.as_bytes()))
    });
    if !known {
        headers.append(VARY, HeaderValue::from_static(name));
    }
}

#[cfg(test)]
mod tests;
