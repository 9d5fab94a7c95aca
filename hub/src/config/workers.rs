//! What workers may ask for, and how the hub sees whether they are well.

use std::path::PathBuf;
use std::time::Duration;

use slotway_core::control::check_name;
use slotway_core::{EventRings, Layout, RegionSpec, SpecError};

use super::Faults;

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
    /// The sizes of its rings for events likewise.
    pub rings: EventRings,
    /// Subscriptions of one worker.
    pub subscriptions: usize,
    /// The bytes of one region at most, whatever a worker asks for.
    pub region_bytes_max: u64,
    /// How long the hub looks for a worker's answer at most before it sleeps. The actual
    /// time adapts; zero sleeps at once.
    pub spin: Duration,
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
            rings: EventRings::default(),
            subscriptions: 256,
            region_bytes_max: 4 << 30,
            spin: Duration::from_micros(20),
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
    pub(super) fn check(&self, faults: &mut Faults) {
        for (key, value) in [
            ("workers.max", self.max),
            ("workers.registrations", self.registrations),
            ("workers.subscriptions", self.subscriptions),
        ] {
            if value == 0 {
                faults.zero(key);
            }
        }
        match self.rings.validate() {
            Err(error @ SpecError::RingBytes("outbox_bytes", _)) => {
                faults.add("workers.outbox-bytes", error.to_string());
            }
            Err(error) => faults.add("workers.inbox-bytes", error.to_string()),
            Ok(()) => {}
        }
        match self.region.validate() {
            Err(error @ SpecError::Slots(_)) => faults.add("workers.slots", error.to_string()),
            Err(error @ SpecError::HeadBytes(_)) => {
                faults.add("workers.head-bytes", error.to_string());
            }
            Err(error @ SpecError::RingBytes("request_bytes", _)) => {
                faults.add("workers.request-bytes", error.to_string());
            }
            Err(error @ SpecError::RingBytes(..)) => {
                faults.add("workers.response-bytes", error.to_string());
            }
            Err(error) => faults.add("workers", error.to_string()),
            Ok(()) => self.check_length(faults),
        }
    }

    /// A worker that asks for nothing has to get its region.
    fn check_length(&self, faults: &mut Faults) {
        let rings = self.rings.validate().is_ok().then_some(self.rings);
        match Layout::with_events(self.region, rings) {
            Err(error) => faults.add("workers", error.to_string()),
            Ok(layout) if layout.length() as u64 > self.region_bytes_max => faults.add(
                "workers.region-bytes-max",
                format!(
                    "{} is less than the {} bytes of a region of the sizes in [workers]; write \
                     more, or make those smaller",
                    self.region_bytes_max,
                    layout.length()
                ),
            ),
            Ok(_) => {}
        }
    }
}

impl Health {
    pub(super) fn check(&self, faults: &mut Faults) {
        for (index, name) in self.require.iter().enumerate() {
            if let Err(error) = check_name(name) {
                faults.add(format!("health.require[{index}]"), format!("{name:?}: {error}"));
            }
        }
        for (key, value) in [("health.interval", self.interval), ("health.timeout", self.timeout)] {
            if value.is_zero() {
                faults.no_time(key);
            }
        }
    }
}
