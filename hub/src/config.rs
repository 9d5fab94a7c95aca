//! The hub's configuration: a plain struct with every limit in one place.
//!
//! [`Config::default`] is what `slotway hub` runs with when no flag is given. Everything
//! that bounds memory is here, so the hub's size can be read off its configuration.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use slotway_core::RegionSpec;

use crate::control::ControlPath;

/// Everything that a hub can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where HTTP is served. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where workers connect; [`ControlPath::default_path`] when `None`.
    pub control: Option<PathBuf>,
    /// Where `/internal` is served.
    pub admin: Admin,
    /// Names without which `/health` is not ok.
    pub require: Vec<String>,
    /// User ids whose workers are let in besides the hub's own.
    pub allow_uids: Vec<u32>,
    /// The sizes of a region where the worker asks for none.
    pub region: RegionSpec,
    /// The bytes of one region at most, whatever a worker asks for.
    pub region_bytes_max: u64,
    /// Every limit on time.
    pub times: Times,
    /// Every limit on numbers and bytes.
    pub limits: Limits,
}

/// Where the admin surface is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admin {
    /// `admin.sock` beside the control socket.
    BesideControl,
    /// A Unix socket at this path.
    Path(PathBuf),
    /// Nowhere.
    Disabled,
}

/// Limits on time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    /// How long a request may wait for a free slot.
    pub wait: Duration,
    /// How long a request may take until its response's head is there.
    pub request: Duration,
    /// How long either side of a stream may stand still.
    pub idle: Duration,
    /// How long a client may take over a request's head, and rest between two requests.
    pub header_read: Duration,
    /// How long a worker may take to say hello, and to take what the hub says to it.
    pub control: Duration,
    /// How long a shutdown waits for requests in flight.
    pub grace: Duration,
}

/// Limits on numbers and bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// Connections of clients at a time; further ones wait to be accepted.
    pub connections: usize,
    /// Requests of one name that may wait for a slot.
    pub waiters: usize,
    /// Workers connected at a time.
    pub workers: usize,
    /// Registrations of one worker.
    pub registrations: usize,
    /// Bytes of one response that are read ahead of its client.
    pub spool_bytes: usize,
    /// Bytes of all responses together that are read ahead of their clients.
    pub spool_bytes_total: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            control: None,
            admin: Admin::BesideControl,
            require: Vec::new(),
            allow_uids: Vec::new(),
            region: RegionSpec::default(),
            region_bytes_max: 4 << 30,
            times: Times::default(),
            limits: Limits::default(),
        }
    }
}

impl Default for Times {
    fn default() -> Times {
        Times {
            wait: Duration::from_secs(10),
            request: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            header_read: Duration::from_secs(30),
            control: Duration::from_secs(5),
            grace: Duration::from_secs(10),
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            head_bytes: 64 << 10,
            connections: 16_384,
            waiters: 1024,
            workers: 1024,
            registrations: 1024,
            spool_bytes: 256 << 10,
            spool_bytes_total: 64 << 20,
        }
    }
}

impl Config {
    /// Says what in the configuration cannot be, if anything.
    ///
    /// # Errors
    ///
    /// A sentence that names the setting, its value and the rule.
    pub fn check(&self) -> Result<(), String> {
        self.region.validate().map_err(|error| format!("the region's sizes: {error}"))?;
        for name in &self.require {
            slotway_core::control::check_name(name)
                .map_err(|error| format!("the required name {name:?}: {error}"))?;
        }
        let limits = &self.limits;
        for (what, value) in [
            ("head_bytes", limits.head_bytes),
            ("connections", limits.connections),
            ("waiters", limits.waiters),
            ("workers", limits.workers),
            ("registrations", limits.registrations),
            ("spool_bytes", limits.spool_bytes),
            ("spool_bytes_total", limits.spool_bytes_total),
        ] {
            if value == 0 {
                return Err(format!("the limit {what} is 0; it must be at least 1"));
            }
        }
        // hyper asks for at least this much of a buffer.
        if limits.head_bytes < 8192 {
            let value = limits.head_bytes;
            return Err(format!("the limit head_bytes is {value}; it must be at least 8192"));
        }
        let times = &self.times;
        for (what, value) in [
            ("wait", times.wait),
            ("request", times.request),
            ("idle", times.idle),
            ("header_read", times.header_read),
            ("control", times.control),
        ] {
            if value.is_zero() {
                return Err(format!("the {what} timeout is 0; it must be longer"));
            }
        }
        Ok(())
    }

    /// The control socket's path, the default filled in.
    pub(crate) fn control_path(&self) -> ControlPath {
        match &self.control {
            Some(path) => ControlPath::given(path.clone()),
            None => ControlPath::default_path(),
        }
    }
}

#[cfg(test)]
mod tests;
