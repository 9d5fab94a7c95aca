//! How a worker reaches its hub and behaves towards it.

use std::env;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use slotway_core::control::{RegionRequest, check_name};

use crate::backoff::Backoff;
use crate::error::{Error, Result};

/// The environment variable that names the hub's socket.
pub const HUB_VARIABLE: &str = "SLOTWAY_HUB";

/// The environment variable that numbers this deployment, as
/// [`Options::generation`] does.
pub const GENERATION_VARIABLE: &str = "SLOTWAY_GENERATION";

/// The environment variable with what whoever started this process calls it, such as `api.1`;
/// the hub shows it. `slotway serve` sets it for the workers that it starts.
pub const INSTANCE_VARIABLE: &str = "SLOTWAY_INSTANCE";

/// Longest path of a Unix socket, in bytes.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// What connecting waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Connect {
    /// Until a registration is live, through as many attempts as it takes. The default.
    #[default]
    UntilLive,
    /// Until a registration is live, and for so long at most; then connecting fails with
    /// what the last attempt met.
    Within(Duration),
    /// For one attempt; if it fails, so does connecting.
    Once,
    /// For nothing: the connection is made in the background.
    Background,
}

/// When a hub counts as hung. A hub that dies is noticed at once without this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// How often to ask. Default 30 s.
    pub interval: Duration,
    /// After so long without any word from the hub the connection is given up; one that is
    /// shorter than the interval is counted from the question on. It has a timer of its own.
    /// Default 45 s.
    pub timeout: Duration,
}

impl Default for Heartbeat {
    fn default() -> Heartbeat {
        Heartbeat { interval: Duration::from_secs(30), timeout: Duration::from_secs(45) }
    }
}

/// How a worker reaches its hub and behaves towards it.
///
/// ```
/// use std::time::Duration;
/// let options = slotway::Options::new().slots(64).drain_deadline(Duration::from_secs(5));
/// # let _ = options;
/// ```
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) hub: Option<PathBuf>,
    pub(crate) sdk: String,
    pub(crate) region: RegionRequest,
    pub(crate) backoff: Backoff,
    pub(crate) spin_cap: u32,
    pub(crate) connect: Connect,
    pub(crate) handshake_timeout: Duration,
    pub(crate) drain_deadline: Duration,
    pub(crate) heartbeat: Option<Heartbeat>,
    pub(crate) reconnect: bool,
    pub(crate) keep_open: bool,
    pub(crate) generation: Option<u64>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            hub: None,
            sdk: concat!("rust/", env!("CARGO_PKG_VERSION")).to_owned(),
            region: RegionRequest::default(),
            backoff: Backoff::default(),
            spin_cap: Options::default_spin_cap(),
            connect: Connect::default(),
            handshake_timeout: Duration::from_secs(10),
            drain_deadline: Duration::from_secs(30),
            heartbeat: None,
            reconnect: true,
            keep_open: false,
            generation: None,
        }
    }
}

/// How long a thread looks before it sleeps, at most.
const SPIN_TIME: Duration = Duration::from_micros(50);

/// How many looks take so long. A processor's pause between two takes 10 to 140 cycles, so
/// it has to be measured; of several times the shortest is the one that nothing came into.
fn looks_in(time: Duration) -> u32 {
    const LOOKS: u32 = 128;
    let shortest = (0..8)
        .map(|_| {
            let begin = Instant::now();
            for _ in 0..LOOKS {
                std::hint::spin_loop();
            }
            begin.elapsed()
        })
        .min();
    let nanos = shortest.map_or(1, |shortest| shortest.as_nanos().max(1));
    let looks = time.as_nanos() * u128::from(LOOKS) / nanos;
    // A clock that stands still is not to make it spin for ever.
    u32::try_from(looks).map_or(LOOKS_MAX, |looks| looks.clamp(1, LOOKS_MAX))
}

/// As many as 50 µs hold where a pause takes next to nothing.
const LOOKS_MAX: u32 = 1 << 15;

impl Options {
    /// The defaults.
    pub fn new() -> Options {
        Options::default()
    }

    /// The looks that take about 50 µs on this machine: a thread whose hub has to be woken
    /// first must look for longer than that takes, which is 20 µs and more across cores, or
    /// both go on waking each other for ever. 0 where there is one processor: whoever spins
    /// there keeps the hub from running.
    pub fn default_spin_cap() -> u32 {
        static CAP: OnceLock<u32> = OnceLock::new();
        *CAP.get_or_init(|| match std::thread::available_parallelism() {
            Ok(processors) if processors.get() > 1 => looks_in(SPIN_TIME),
            _ => 0,
        })
    }

    /// The path of the hub's control socket. Without it: what `SLOTWAY_HUB` names, else
    /// `$XDG_RUNTIME_DIR/slotway/hub.sock`, else `/tmp/slotway-$UID/hub.sock`.
    #[must_use]
    pub fn hub(mut self, path: impl Into<PathBuf>) -> Options {
        self.hub = Some(path.into());
        self
    }

    /// Name and version of the library that speaks to the hub, for the hub's log.
    /// Default `rust/<version>`.
    #[must_use]
    pub fn sdk(mut self, sdk: impl Into<String>) -> Options {
        self.sdk = sdk.into();
        self
    }

    /// Exchanges in flight at most that this worker asks for; the hub's default if absent.
    #[must_use]
    pub fn slots(mut self, slots: u32) -> Options {
        self.region.slots = Some(slots);
        self
    }

    /// Bytes for one encoded head that this worker asks for.
    #[must_use]
    pub fn head_bytes(mut self, bytes: u32) -> Options {
        self.region.head_bytes = Some(bytes);
        self
    }

    /// Bytes of the ring for a request's body that this worker asks for: a power of two.
    #[must_use]
    pub fn request_bytes(mut self, bytes: u32) -> Options {
        self.region.request_bytes = Some(bytes);
        self
    }

    /// Bytes of the ring for a response's body that this worker asks for: a power of two.
    #[must_use]
    pub fn response_bytes(mut self, bytes: u32) -> Options {
        self.region.response_bytes = Some(bytes);
        self
    }

    /// How long to wait between attempts to reach the hub.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Options {
        self.backoff = backoff;
        self
    }

    /// How often a thread that waits for an exchange looks before it sleeps, at most.
    /// The actual number adapts; 0 never spins. Default:
    /// [`default_spin_cap`](Self::default_spin_cap).
    #[must_use]
    pub fn spin_cap(mut self, looks: u32) -> Options {
        self.spin_cap = looks;
        self
    }

    /// What connecting waits for.
    #[must_use]
    pub fn connect(mut self, connect: Connect) -> Options {
        self.connect = connect;
        self
    }

    /// How long the hub may take from the hello to its answers before the attempt counts
    /// as failed. Default 10 s.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Options {
        self.handshake_timeout = timeout;
        self
    }

    /// How long a shutdown waits for exchanges in flight. Default 30 s.
    #[must_use]
    pub fn drain_deadline(mut self, deadline: Duration) -> Options {
        self.drain_deadline = deadline;
        self
    }

    /// Ask the hub now and then whether it is there. Default: never, because the death
    /// of a hub is noticed without asking.
    #[must_use]
    pub fn heartbeat(mut self, heartbeat: Heartbeat) -> Options {
        self.heartbeat = Some(heartbeat);
        self
    }

    /// Whether the connection comes back when the hub goes away. Default: it does, for as
    /// long as it takes; otherwise it ends with what it met.
    #[must_use]
    pub fn reconnect(mut self, reconnect: bool) -> Options {
        self.reconnect = reconnect;
        self
    }

    /// Whether the connection stays open when the hub has refused every registration for
    /// good, for others that may be added. Default: it ends.
    #[must_use]
    pub fn keep_open(mut self, keep_open: bool) -> Options {
        self.keep_open = keep_open;
        self
    }

    /// The number of this deployment, such as a build's or the time in seconds: as soon as
    /// the worker is ready the hub retires the instances of its names with lower numbers.
    /// They finish what they have, and their `run` returns. Without it: what
    /// `SLOTWAY_GENERATION` says, else 0, which replaces nobody.
    #[must_use]
    pub fn generation(mut self, generation: u64) -> Options {
        self.generation = Some(generation);
        self
    }

    /// The number of this deployment that these options lead to.
    pub(crate) fn generation_number(&self) -> Result<u64> {
        let named = || env::var_os(GENERATION_VARIABLE).filter(|named| !named.is_empty());
        let Some(named) = self.generation.is_none().then(named).flatten() else {
            return Ok(self.generation.unwrap_or(0));
        };
        named.to_str().and_then(|text| text.parse().ok()).ok_or_else(|| {
            Error::InvalidArgument(format!(
                "{GENERATION_VARIABLE} is {named:?}; it is a number, such as 7 or the time in \
                 seconds"
            ))
        })
    }

    /// The slots that are asked for, or a hub's default.
    pub(crate) fn region_slots(&self) -> u32 {
        self.region.or(Default::default()).slots
    }

    /// What this process is called by whoever started it.
    pub(crate) fn instance_label(&self) -> Result<Option<String>> {
        let Some(named) = env::var_os(INSTANCE_VARIABLE).filter(|named| !named.is_empty()) else {
            return Ok(None);
        };
        let rule = match named.to_str().map(check_name) {
            Some(Ok(())) => return Ok(named.into_string().ok()),
            Some(Err(rule)) => rule.to_string(),
            None => "it is not UTF-8".to_owned(),
        };
        Err(Error::InvalidArgument(format!(
            "{INSTANCE_VARIABLE} is {named:?}, which names no instance: {rule}"
        )))
    }

    /// The path of the hub's control socket that these options lead to.
    pub fn hub_path(&self) -> PathBuf {
        self.hub.clone().unwrap_or_else(|| {
            choose(env::var_os(HUB_VARIABLE).as_deref(), env::var_os("XDG_RUNTIME_DIR").as_deref())
        })
    }

    pub(crate) fn check(&self) -> Result<()> {
        let path = self.hub_path();
        let length = path.as_os_str().len();
        if length == 0 || length > SOCKET_PATH_BYTES_MAX {
            return Err(Error::InvalidArgument(format!(
                "the hub's socket path {path:?} has {length} bytes; a Unix socket's path has 1 to \
                 {SOCKET_PATH_BYTES_MAX}"
            )));
        }
        if path.as_os_str().as_bytes().contains(&0) {
            return Err(Error::InvalidArgument(format!(
                "the hub's socket path {path:?} holds a byte of zero, which no path does"
            )));
        }
        self.generation_number()?;
        self.instance_label()?;
        // The hub's defaults stand where nothing is asked for; the sum is the hub's to judge.
        self.region.or(Default::default()).validate().map_err(|error| {
            Error::InvalidArgument(format!("the region that is asked for cannot be: {error}"))
        })?;
        if let Some(beat) = self.heartbeat {
            if beat.interval.is_zero() || beat.timeout.is_zero() {
                return Err(Error::InvalidArgument(
                    "a heartbeat's interval and timeout are longer than nothing".to_owned(),
                ));
            }
            if beat.timeout < beat.interval {
                tracing::warn!(
                    ?beat,
                    "the heartbeat's timeout is shorter than its interval; it counts from each \
                     question on"
                );
            }
        }
        Ok(())
    }
}

fn choose(named: Option<&std::ffi::OsStr>, runtime: Option<&std::ffi::OsStr>) -> PathBuf {
    if let Some(named) = named.filter(|named| !named.is_empty()) {
        return named.into();
    }
    match runtime.map(Path::new).filter(|path| path.is_absolute()) {
        Some(runtime) => runtime.join("slotway/hub.sock"),
        None => {
            let uid = rustix::process::geteuid().as_raw();
            PathBuf::from(format!("/tmp/slotway-{uid}/hub.sock"))
        }
    }
}

#[cfg(test)]
mod tests;
