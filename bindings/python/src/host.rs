//! By which name and scheme a client called: what it says in `host`, and what the hub says
//! in `x-forwarded-proto`, which nobody else can write.

/// A scheme of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    /// The port where none is stated.
    pub(crate) fn port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

/// The scheme that `x-forwarded-proto` says; without a word of it, the plain one.
pub(crate) fn scheme(proto: Option<&[u8]>) -> Scheme {
    match proto {
        Some(proto) if proto.eq_ignore_ascii_case(b"https") => Scheme::Https,
        _ => Scheme::Http,
    }
}

/// A host and the port that is stated with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Host<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) port: Option<u16>,
}

impl<'a> Host<'a> {
    /// Takes a `host` header apart. An IPv6 address keeps its brackets.
    pub(crate) fn parse(host: &'a [u8]) -> Host<'a> {
        let whole = Host { name: host, port: None };
        let Some(colon) = host.iter().rposition(|&byte| byte == b':') else { return whole };
        let digits = &host[colon + 1..];
        if !digits.iter().all(u8::is_ascii_digit) {
            return whole;
        }
        let port = str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        Host { name: &host[..colon], port }
    }
}
