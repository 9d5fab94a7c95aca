//! The hub's configuration: plain structs with every limit in one place.
//!
//! [`Config::default`] is what `slotway hub` runs with when nothing is set. Everything
//! that bounds memory is here, so the hub's size can be read off its configuration.

mod admin;
mod change;
mod codec;
mod delegated;
mod events;
mod fault;
mod files;
mod http;
mod identities;
mod limits;
mod listen;
mod load;
mod manual;
mod program;
mod queues;
mod sample;
pub(crate) mod schema;
mod show;
mod workers;

pub use self::admin::{Admin, AdminSocket, Log, LogFormat, Telemetry};
pub use self::change::{Change, Changes};
pub use self::delegated::Delegated;
pub use self::events::{
    Channel, Envelope, Events, EventsAuth, EventsScope, Jwt, JwtAlgorithm, Lag,
};
pub use self::fault::{Fault, Faults};
pub use self::http::{Believe, Compression, Cors, Forwarded, RouteRule, Told};
pub use self::identities::Identities;
pub use self::limits::{Limits, Times};
pub use self::listen::{Address, HttpVersions, Listen, Mode, Tls};
pub(crate) use self::load::{Given, Loaded, Setting};
pub use self::load::{Mistake, Mistakes, Source};
pub(crate) use self::manual::{markdown, page};
pub use self::program::{Cpus, INSTANCES_MAX, Program, StopSignal};
pub use self::queues::Queues;
pub(crate) use self::sample::sample;
pub use self::workers::{Control, Health, Workers};
use crate::control::ControlPath;

/// Everything that a hub can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Threads that serve HTTP, half as many as processors when `None`. It is for the program;
    /// who runs a [`Hub`](crate::Hub) inside another one has a runtime already.
    pub threads: Option<usize>,
    /// Where HTTP is served.
    pub listen: Vec<Listen>,
    /// Where workers connect, and who may.
    pub control: Control,
    /// Where the hub is looked at.
    pub admin: Admin,
    /// Bounds on workers and their regions.
    pub workers: Workers,
    /// Which registrations come in.
    pub identities: Identities,
    /// Which names have to be served, and how a worker that hangs is found.
    pub health: Health,
    /// Every limit on time.
    pub times: Times,
    /// Every limit on numbers and bytes.
    pub limits: Limits,
    /// Streams that workers own.
    pub delegated: Delegated,
    /// Task queues.
    pub queues: Queues,
    /// Whom to believe about who the client is.
    pub forwarded: Forwarded,
    /// Cross-origin requests, if the hub has a say in them.
    pub cors: Option<Cors>,
    /// Compression of responses.
    pub compression: Compression,
    /// The event bus, and streams of its events to browsers.
    pub events: Events,
    /// Streams of their own.
    pub channels: Vec<Channel>,
    /// Logs.
    pub log: Log,
    /// OpenTelemetry export.
    pub telemetry: Telemetry,
    /// What single routes have of their own.
    pub routes: Vec<RouteRule>,
    /// Programs that `slotway serve` keeps running. A [`Hub`](crate::Hub) starts none.
    pub programs: Vec<Program>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            threads: None,
            listen: vec![Listen::default()],
            control: Control::default(),
            admin: Admin::default(),
            workers: Workers::default(),
            identities: Identities::default(),
            health: Health::default(),
            times: Times::default(),
            limits: Limits::default(),
            delegated: Delegated::default(),
            queues: Queues::default(),
            forwarded: Forwarded::default(),
            cors: None,
            compression: Compression::default(),
            events: Events::default(),
            channels: Vec::new(),
            log: Log::default(),
            telemetry: Telemetry::default(),
            routes: Vec::new(),
            programs: Vec::new(),
        }
    }
}

impl Config {
    /// Says what in the configuration cannot be, if anything. It looks at nothing but the
    /// configuration: whether a file is there shows when it is opened.
    ///
    /// # Errors
    ///
    /// Each thing with its key, its value and the rule.
    pub fn check(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        listen::check(&self.listen, &mut faults);
        self.admin.check(&mut faults);
        self.workers.check(&mut faults);
        self.identities.check(&mut faults);
        self.health.check(&mut faults);
        self.times.check(&mut faults);
        self.limits.check(&mut faults);
        self.delegated.check(&mut faults);
        self.queues.check(&mut faults);
        self.log.check(&mut faults);
        if self.threads == Some(0) {
            faults.zero("threads");
        }
        self.compression.check(&mut faults);
        if let Some(cors) = &self.cors {
            cors.check(&mut faults);
        }
        self.events.check(&self.channels, &mut faults);
        http::check_routes(&self.routes, &mut faults);
        program::check(&self.programs, &mut faults);
        faults.into_result()
    }

    /// The control socket's path, the default filled in.
    pub(crate) fn control_path(&self) -> ControlPath {
        match &self.control.path {
            Some(path) => ControlPath::given(path.clone()),
            None => ControlPath::default_path(),
        }
    }
}

/// Reads a length of time as a command line gives it: `100ms`, `5s`, `2m`; a plain number is
/// one of seconds.
pub(crate) fn parse_time(text: &str) -> Result<std::time::Duration, String> {
    <codec::Time as codec::Codec>::text(text)
}

#[cfg(test)]
mod tests;
