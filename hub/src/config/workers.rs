//! What workers may ask for, and how the hub sees whether they are well.

use std::path::PathBuf;
use std::time::Duration;

use slotway_core::RegionSpec;
use slotway_core::control::check_name;

/// The control socket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Control {
    /// Where workers connect; [`ControlPath::default_path`](crate::ControlPath::default_path)
    /// when `None`.
    pub path: Option<PathBuf>,
    /// User ids whose workers are let in besides the hub's own.
    pub allow_uids: Vec<u32>,
}

/// Bounds on workers and their regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workers {
    /// Workers connected at a time.
    pub max: usize,
    /// Registrations of one worker.
    pub registrations: usize,
    /// The sizes of a region where the worker asks for none.
    pub region: RegionSpec,
    /// The bytes of one region at most, whatever a worker asks for.
    pub region_bytes_max: u64,
}

/// Which names have to be served, and how a worker that hangs is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Names without which the hub is not ready.
    pub require: Vec<String>,
    /// How long after one probe the next is sent.
    pub interval: Duration,
    /// How long a worker has to answer a probe.
    pub timeout: Duration,
    /// Probes missed in a row that end a worker; 0 ends none.
    pub misses: u32,
}

impl Default for Workers {
    fn default() -> Workers {
        Workers {
            max: 1024,
            registrations: 1024,
            region: RegionSpec::default(),
            region_bytes_max: 4 << 30,
        }
    }
}

impl Default for Health {
    fn default() -> Health {
        Health {
            require: Vec::new(),
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(2),
            misses: 3,
        }
    }
}

impl Workers {
    pub(super) fn check(&self) -> Result<(), String> {
        for (what, value) in [("workers", self.max), ("registrations", self.registrations)] {
            if value == 0 {
                return Err(format!("the limit {what} is 0; it must be at least 1"));
            }
        }
        self.region.validate().map_err(|error| format!("the region's sizes: {error}"))
    }
}

impl Health {
    pub(super) fn check(&self) -> Result<(), String> {
        for name in &self.require {
            check_name(name).map_err(|error| format!("the required name {name:?}: {error}"))?;
        }
        for (what, value) in [("interval", self.interval), ("timeout", self.timeout)] {
            if value.is_zero() {
                return Err(format!("the probe's {what} is 0; it must be longer"));
            }
        }
        Ok(())
    }
}
