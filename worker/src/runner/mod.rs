//! Many registrations in one process.

mod crew;
mod report;
mod state;
mod unit;

use std::sync::Arc;

pub use report::{Ended, Report};
pub use unit::Unit;

use crate::book::RegistrationMetrics;
use crate::error::Result;
use crate::options::{Heartbeat, Options};
#[cfg(feature = "signals")]
use crate::worker::Signals;
use state::{Inner, Settings};

/// Slots of one region at most: 384 MiB of addresses at the default sizes, a tenth of what a
/// hub allows for a region, and only what is used takes memory. A region that is broken or
/// hangs takes no more exchanges with it than these.
const SLOTS_MAX: u32 = 1024;

/// Runs many registrations in one process, over one control connection and one region, or more
/// where one region would have too many slots.
///
/// Each registration is a [`Unit`] with an identity, `tenant.type.instance` by habit, and goes
/// its own way: it is accepted or refused by itself, comes back by a backoff of its own, and
/// what it does or meets changes nothing for the others. [`run`](Self::run) ends with a
/// [`Report`] when somebody says so, or when no registration is left.
///
/// ```no_run
/// use slotway::{Options, Request, Runner, Unit};
///
/// fn main() -> slotway::Result<()> {
///     let report = Runner::new(Options::new())
///         .unit(
///             Unit::new("media.resize")
///                 .instance("a1")
///                 .max_concurrent(4)
///                 .post("/resize", |request: &mut Request| {
///                     request.text().map(str::len).unwrap_or(0).to_string()
///                 }),
///         )
///         .unit(Unit::new("media.crop").instance("a1").get("/crop", |_: &mut Request| "cropped"))
///         .run_until_signal()?;
///     for ended in &report.registrations {
///         println!("{}: {}", ended.identity, ended.reason);
///     }
///     Ok(())
/// }
/// ```
///
/// A heartbeat of 30 s with a timeout of 45 s is on, unless [`heartbeat`](Self::heartbeat) says
/// otherwise; what [`Options::connect`] says does not matter here.
#[derive(Debug)]
#[must_use = "a runner does nothing until it runs"]
pub struct Runner {
    inner: Arc<Inner>,
    settings: Settings,
    heartbeat: Option<Heartbeat>,
}

impl Runner {
    /// A runner without units.
    pub fn new(options: Options) -> Runner {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let heartbeat = Some(options.heartbeat.unwrap_or_default());
        let settings = Settings { options, threads, hot_add: false, slots_max: SLOTS_MAX };
        Runner { inner: Arc::default(), settings, heartbeat }
    }

    /// Puts a unit into the list. One whose identity is there already is left out, with a
    /// warning: the first stays.
    pub fn unit(self, unit: Unit) -> Runner {
        self.inner.add_first(unit);
        self
    }

    /// The same for several, in their order.
    pub fn units(self, units: impl IntoIterator<Item = Unit>) -> Runner {
        units.into_iter().for_each(|unit| self.inner.add_first(unit));
        self
    }

    /// How many threads run handlers, for each region. Default: as many as there are
    /// processors. Handlers that wait for something else want more.
    pub fn threads(mut self, threads: usize) -> Runner {
        self.settings.threads = threads.max(1);
        self
    }

    /// Whether units may be added while it runs. Default: they may not. A runner that allows
    /// it goes on when all of its registrations were withdrawn or refused.
    pub fn hot_add(mut self, hot_add: bool) -> Runner {
        self.settings.hot_add = hot_add;
        self
    }

    /// Slots of one region at most. Where the [`Unit::max_concurrent`] of all units together
    /// are more, the units are spread over several connections, each with a region; a unit
    /// without one counts as 1. Default 1,024: at the default sizes 384 MiB of addresses, a
    /// tenth of what a hub allows for a region.
    pub fn max_slots_per_region(mut self, slots: u32) -> Runner {
        self.settings.slots_max = slots.max(1);
        self
    }

    /// How often to ask the hub whether it is there, and how long it may be silent. Default:
    /// every 30 s, 45 s. `None` never asks: the death of a hub is noticed without it.
    pub fn heartbeat(mut self, heartbeat: Option<Heartbeat>) -> Runner {
        self.heartbeat = heartbeat;
        self
    }

    /// What ends it and changes it, from any thread and at any time.
    pub fn handle(&self) -> RunnerHandle {
        RunnerHandle { inner: self.inner.clone() }
    }

    /// As [`RunnerHandle::add`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn add(&self, unit: Unit) -> Result<()> {
        self.inner.add(unit)
    }

    /// Serves until a [`handle`](Self::handle) shuts it down, or every registration was
    /// withdrawn or refused for good. Without a unit, or after a shutdown, it returns at once
    /// and connects to nothing.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfOrder`](crate::Error::OutOfOrder) when it runs already or has run;
    /// options or units that cannot be, one that wants more slots than a region may have; what
    /// the system refused. What a hub refuses is in the report.
    pub fn run(&self) -> Result<Report> {
        let mut settings = self.settings.clone();
        settings.options.heartbeat = self.heartbeat;
        settings.options.keep_open = settings.hot_add;
        self.inner.run(settings)
    }

    /// The same; SIGTERM and SIGINT shut it down, and a second signal does not wait for the
    /// drain.
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run).
    #[cfg(feature = "signals")]
    pub fn run_until_signal(&self) -> Result<Report> {
        // Before anything that a signal should end in order.
        let mut signals = Signals::catch()?;
        let handle = self.handle();
        signals.listen(move |count| match count {
            1 => handle.shutdown(),
            _ => handle.close(),
        })?;
        self.run()
    }
}

/// Ends and changes a [`Runner`], from any thread.
#[derive(Debug, Clone)]
pub struct RunnerHandle {
    inner: Arc<Inner>,
}

impl RunnerHandle {
    /// Begins the drain and returns: nothing new comes, what is in flight is answered, until
    /// the drain deadline of the [`Options`]. Before [`run`](Runner::run) it makes that return
    /// at once.
    pub fn shutdown(&self) {
        self.inner.stop(true);
    }

    /// The same without a drain.
    pub fn close(&self) {
        self.inner.stop(false);
    }

    /// Adds a unit: to the list before it runs, later to what runs if
    /// [`hot_add`](Runner::hot_add) was asked for. A unit that is added while somebody begins
    /// to run is driven, or its caller gets the error; it is never lost.
    ///
    /// # Errors
    ///
    /// A unit that cannot be, or whose identity is there already, which the error names;
    /// [`Error::OutOfOrder`](crate::Error::OutOfOrder) when it is already running without
    /// `hot_add`, or has ended; [`Error::Closed`](crate::Error::Closed) while it shuts down.
    pub fn add(&self, unit: Unit) -> Result<()> {
        self.inner.add(unit)
    }

    /// Withdraws the registration of an identity and waits until nothing of it is in flight,
    /// for the drain deadline at most; the others go on. Gives what it has done. Not to be
    /// called by a handler of that registration, whose own request is in flight.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) when there is none;
    /// [`Error::Timeout`](crate::Error::Timeout) when something was in flight for longer:
    /// nothing new comes, and it is gone when that has ended.
    pub fn withdraw(&self, identity: &str) -> Result<RegistrationMetrics> {
        self.inner.withdraw(identity)
    }

    /// What each registration has done and met, in the order of their adding.
    pub fn metrics(&self) -> Vec<RegistrationMetrics> {
        self.inner.metrics()
    }
}
