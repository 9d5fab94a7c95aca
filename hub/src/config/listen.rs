//! Where HTTP is served: addresses, and what is spoken there.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use super::Faults;

/// One listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Where.
    pub address: Address,
    /// TLS, if it is spoken there.
    pub tls: Option<Tls>,
    /// Which versions of HTTP are spoken there.
    pub http: HttpVersions,
    /// Whether connections begin with a PROXY protocol header (version 1 or 2). It is then
    /// required of every connection, because who may leave it out may also forge it.
    pub proxy_protocol: bool,
    /// The mode of a Unix socket's file. 0660 unless set: the hub's user and its group.
    pub mode: Mode,
}

/// Where a listener's socket comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A TCP address; port 0 takes a free one.
    Tcp(SocketAddr),
    /// A Unix socket at this path, written `unix:PATH`.
    Unix(PathBuf),
    /// A socket that the service manager passes (`LISTEN_FDS`), by its name there
    /// (`FileDescriptorName=`), written `fd:NAME`; `fd:` takes the only one.
    Passed(String),
}

/// A certificate and its key, both PEM files, read anew on SIGHUP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate, followed by those between it and a root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The mode of a file, written in octal: `0660`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode(pub u32);

/// Versions of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum HttpVersions {
    /// 1.1 and 2: by ALPN under TLS, by the client's first bytes without.
    #[default]
    Both,
    /// 1.0 and 1.1.
    #[value(name = "1")]
    One,
    /// 2.
    #[value(name = "2")]
    Two,
}

impl Listen {
    /// Plain HTTP at an address.
    pub fn plain(address: Address) -> Listen {
        Listen {
            address,
            tls: None,
            http: HttpVersions::default(),
            proxy_protocol: false,
            mode: Mode::default(),
        }
    }
}

impl Default for Listen {
    fn default() -> Listen {
        Listen::plain(Address::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))))
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Address, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            if path.is_empty() {
                return Err("unix: names no path; write one, as in unix:/run/app.sock".to_owned());
            }
            return Ok(Address::Unix(path.into()));
        }
        if let Some(name) = text.strip_prefix("fd:") {
            return Ok(Address::Passed(name.to_owned()));
        }
        text.parse().map(Address::Tcp).map_err(|_| {
            format!(
                "{text:?} is no address; write one as in 127.0.0.1:8080, [::1]:8080, \
                 unix:/run/app.sock or fd:NAME"
            )
        })
    }
}

impl Default for Mode {
    fn default() -> Mode {
        Mode(0o660)
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Mode, String> {
        let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
        mode.map(Mode).ok_or_else(|| format!("{text:?} is no file mode; write one as in 0660"))
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Unix(path) => write!(f, "unix:{}", path.display()),
            Address::Passed(name) => write!(f, "fd:{name}"),
        }
    }
}

/// Says what cannot be about the listeners, taken together and each by itself.
pub(super) fn check(listeners: &[Listen], faults: &mut Faults) {
    if listeners.is_empty() {
        faults.add("listen", "the hub would listen nowhere; write at least one address");
    }
    for (index, listen) in listeners.iter().enumerate() {
        let earlier = || listeners[..index].iter();
        // A port 0 takes a free one each time.
        let free = matches!(listen.address, Address::Tcp(address) if address.port() == 0);
        if !free && earlier().any(|other| other.address == listen.address) {
            faults.add(
                format!("listen[{index}].address"),
                format!("{} is there twice; leave one out", listen.address),
            );
        }
        let Some(tls) = &listen.tls else { continue };
        for (given, path, other) in
            [("certificate", &tls.certificate, "key"), ("key", &tls.key, "certificate")]
        {
            if path.as_os_str().is_empty() {
                faults.add(
                    format!("listen[{index}].{other}"),
                    format!("there is no {given} with it; write {given} = \"FILE.pem\" too"),
                );
            }
        }
    }
}
