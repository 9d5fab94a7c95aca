//! One registration and what answers for it.

use std::fmt;

use crate::error::Result;
use crate::registration::Registration;
use crate::response::IntoResponse;
use crate::sse::IntoAdmission;
use crate::worker::{Handler, Offer, Request, answering, staying};

/// One registration of a [`Runner`](crate::Runner): an identity, routes and activities, and
/// the functions that answer them.
///
/// ```
/// use slotway::{Request, Unit};
///
/// let resizer = Unit::new("media.resize")
///     .instance("a1")
///     .max_concurrent(4)
///     .post("/resize", |request: &mut Request| request.text().map(str::len).unwrap_or(0).to_string())
///     .activity("media/images", "resize", |_: &mut Request| "done");
/// assert_eq!(resizer.identity(), "media.resize.a1");
/// ```
#[must_use = "a unit does nothing until a runner has it"]
pub struct Unit {
    offer: Offer<Handler>,
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unit").field("registration", &self.registration()).finish_non_exhaustive()
    }
}

impl Unit {
    /// A registration under `name`, by habit `tenant.type`; instances of one name share its
    /// load.
    pub fn new(name: impl Into<String>) -> Unit {
        Unit { offer: Offer::new(name) }
    }

    /// Says which of its name it is, as [`Registration::instance`].
    pub fn instance(mut self, instance: impl Into<String>) -> Unit {
        self.offer.instance(instance.into());
        self
    }

    /// Exchanges of it in flight at most; the rest waits in the hub. Without it the slots of
    /// its region are the limit, which it shares with the others there.
    pub fn max_concurrent(mut self, exchanges: u32) -> Unit {
        self.offer.max_concurrent(exchanges);
        self
    }

    /// Limits the routes that follow to one host, as [`Registration::host`].
    pub fn host(mut self, host: impl Into<String>) -> Unit {
        self.offer.host(host.into());
        self
    }

    /// Lets the hub send a request of the route that was added last to another worker, when
    /// the first died with it before anything was answered.
    pub fn idempotent(mut self) -> Unit {
        self.offer.idempotent();
        self
    }

    /// Adds a route, as [`Worker::route`](crate::Worker::route).
    pub fn route<F, R>(mut self, method: &str, pattern: &str, handler: F) -> Unit
    where
        F: Fn(&mut Request) -> R + Send + Sync + 'static,
        R: IntoResponse,
    {
        self.offer.route(method, pattern, answering(handler));
        self
    }

    /// Adds a route for GET.
    pub fn get<F, R>(self, pattern: &str, handler: F) -> Unit
    where
        F: Fn(&mut Request) -> R + Send + Sync + 'static,
        R: IntoResponse,
    {
        self.route("GET", pattern, handler)
    }

    /// Adds a route for POST.
    pub fn post<F, R>(self, pattern: &str, handler: F) -> Unit
    where
        F: Fn(&mut Request) -> R + Send + Sync + 'static,
        R: IntoResponse,
    {
        self.route("POST", pattern, handler)
    }

    /// Adds a route whose clients stay with the hub, as [`Worker::sse`](crate::Worker::sse).
    pub fn sse<C, A, D>(mut self, pattern: &str, on_connect: C, on_disconnect: D) -> Unit
    where
        C: Fn(&mut Request) -> A + Send + Sync + 'static,
        A: IntoAdmission,
        D: Fn(&mut Request) + Send + Sync + 'static,
    {
        self.offer.sse_route(pattern, staying(on_connect, on_disconnect));
        self
    }

    /// Takes activities of one type from a queue, as
    /// [`Worker::activity`](crate::Worker::activity).
    pub fn activity<F, R>(mut self, queue: &str, activity: &str, handler: F) -> Unit
    where
        F: Fn(&mut Request) -> R + Send + Sync + 'static,
        R: IntoResponse,
    {
        self.offer.activity(queue, activity, answering(handler));
        self
    }

    /// Activities of the queue in this unit's hands at most, as
    /// [`Worker::capacity`](crate::Worker::capacity).
    pub fn capacity(mut self, queue: &str, activities: u32) -> Unit {
        self.offer.capacity(queue, activities);
        self
    }

    /// Its identity: the key by which a runner knows it.
    pub fn identity(&self) -> String {
        self.registration().identity()
    }

    /// What it offers.
    pub fn registration(&self) -> &Registration {
        // An offer begins with one and never has none; a unit's has no other.
        &self.offer.registrations()[0]
    }

    /// Slots that it needs in a region.
    pub(super) fn slots(&self) -> u32 {
        self.registration().max_concurrent.unwrap_or(1)
    }

    pub(super) fn check(&self) -> Result<()> {
        self.registration().check()
    }

    pub(super) fn into_parts(self) -> (Registration, Vec<Handler>) {
        let (mut registrations, mut handlers) = self.offer.into_parts();
        (registrations.remove(0), handlers.remove(0))
    }
}
