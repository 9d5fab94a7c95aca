//! Handlers on threads.

mod answer;
mod offer;
mod request;
mod run;
#[cfg(feature = "signals")]
mod signals;
mod writer;

use std::fmt;

pub(crate) use answer::serve;
#[cfg(feature = "tokio")]
pub(crate) use answer::{not_sent, panic_message, route, send};
pub(crate) use offer::Offer;
#[cfg(feature = "tokio")]
pub(crate) use offer::{Handlers, find};
pub use request::Request;
pub use run::{Handle, Running};
#[cfg(feature = "signals")]
pub(crate) use signals::Signals;
pub use writer::BodyWriter;

use crate::error::Result;
use crate::options::Options;
use crate::response::{IntoResponse, Response};
use crate::sse::{IntoAdmission, Stage, described};

/// A handler, whatever it gives back.
pub(crate) type Handler = Box<dyn Fn(&mut Request) -> Response + Send + Sync>;

/// The handler that a function makes.
pub(crate) fn answering<F, R>(handler: F) -> Handler
where
    F: Fn(&mut Request) -> R + Send + Sync + 'static,
    R: IntoResponse,
{
    Box::new(move |request: &mut Request| handler(request).into_response())
}

/// The handler of a route whose clients stay.
pub(crate) fn staying<C, A, D>(on_connect: C, on_disconnect: D) -> Handler
where
    C: Fn(&mut Request) -> A + Send + Sync + 'static,
    A: IntoAdmission,
    D: Fn(&mut Request) + Send + Sync + 'static,
{
    Box::new(move |request: &mut Request| match request.stage() {
        Some(Stage::Connect | Stage::Reconnect) => {
            on_connect(request).into_admission().into_response()
        }
        Some(Stage::Disconnect) => {
            on_disconnect(request);
            Response::new(204)
        }
        None => described(),
    })
}

/// A worker whose handlers run on threads of its own.
///
/// ```no_run
/// use slotway::{Request, Worker};
///
/// fn main() -> slotway::Result<()> {
///     Worker::new("greeter")
///         .get("/hello/{name}", |request: &mut Request| {
///             format!("hello, {}", request.param("name").unwrap_or("stranger"))
///         })
///         .run()
/// }
/// ```
///
/// A handler that panics is answered with 500; the thread goes on.
#[must_use = "a worker does nothing until it runs"]
pub struct Worker {
    options: Options,
    offer: Offer<Handler>,
    threads: usize,
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("registrations", &self.offer.registrations())
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

impl Worker {
    /// A worker that registers under `name`; instances of one name share its load.
    pub fn new(name: impl Into<String>) -> Worker {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Worker { options: Options::new(), offer: Offer::new(name), threads }
    }

    /// How to reach the hub and behave towards it.
    pub fn options(mut self, options: Options) -> Worker {
        self.options = options;
        self
    }

    /// How many threads run handlers. Default: as many as there are processors. Handlers
    /// that wait for something else want more.
    pub fn threads(mut self, threads: usize) -> Worker {
        self.threads = threads.max(1);
        self
    }

    /// Begins a further registration: the routes that follow belong to it.
    pub fn also(mut self, name: impl Into<String>) -> Worker {
        self.offer.also(name);
        self
    }

    /// Exchanges of the registration in flight at most; the rest waits in the hub.
    pub fn max_concurrent(mut self, exchanges: u32) -> Worker {
        self.offer.max_concurrent(exchanges);
        self
    }

    /// Lets the hub send a request of the route that was added last to another worker,
    /// when the first died with it before anything was answered.
    pub fn idempotent(mut self) -> Worker {
        self.offer.idempotent();
        self
    }

    /// Limits the routes of this registration that follow to one host, `api.example`, or
    /// with `*.` in front to every host below a domain, `*.example`.
    pub fn host(mut self, host: impl Into<String>) -> Worker {
        self.offer.host(host.into());
        self
    }

    /// Adds a route: a method, or `*` for every method that no other route of the pattern
    /// names; a pattern; and what answers.
    pub fn route<F, R>(mut self, method: &str, pattern: &str, handler: F) -> Worker
    where
        F: Fn(&mut Request) -> R + Send + Sync + 'static,
        R: IntoResponse,
    {
        self.offer.route(method, pattern, answering(handler));
        self
    }

    /// Adds a route for every method that no other route of the pattern names.
    pub fn any<F, R>(self, pattern: &str, handler: F) -> Worker
    where
        F: Fn(&mut Request) -> R + Send + Sync + 'static,
        R: IntoResponse,
    {
        self.route("*", pattern, handler)
    }

    /// Adds a route whose clients stay with the hub for the events that this worker pushes.
    ///
    /// `on_connect` says for each client whether it may, in time and like any handler; its
    /// number is [`Request::connection`]. What is pushed to its path, or to it, from then on
    /// it gets, also what is pushed before `on_connect` has returned. After a restart each
    /// client that is still there comes once more ([`Stage::Reconnect`]).
    ///
    /// `on_disconnect` is called once for each client that was accepted and is gone, and
    /// after `on_connect` has returned for it; also for one that left before. What it gives
    /// back matters to nobody. It is not called when the hub itself goes.
    ///
    /// ```no_run
    /// use slotway::{Admission, Request, Worker};
    ///
    /// # fn main() -> slotway::Result<()> {
    /// Worker::new("chat")
    ///     .sse(
    ///         "/rooms/{room}/events",
    ///         |request: &mut Request| match request.param("room") {
    ///             Some("lobby") => Admission::accept(),
    ///             _ => Admission::refuse(404, "no such room"),
    ///         },
    ///         |gone: &mut Request| println!("{:?} is gone", gone.connection()),
    ///     )
    ///     .run()
    /// # }
    /// ```
    ///
    /// [`Stage::Reconnect`]: crate::Stage::Reconnect
    pub fn sse<C, A, D>(mut self, pattern: &str, on_connect: C, on_disconnect: D) -> Worker
    where
        C: Fn(&mut Request) -> A + Send + Sync + 'static,
        A: IntoAdmission,
        D: Fn(&mut Request) + Send + Sync + 'static,
    {
        self.offer.sse_route(pattern, staying(on_connect, on_disconnect));
        self
    }

    /// Takes activities of one type from a queue, `namespace/queue`. The request's body is
    /// what the caller gave, [`Request::activity`] says more, and the answer is the outcome.
    ///
    /// ```no_run
    /// use slotway::{Request, Response, Worker};
    ///
    /// # fn main() -> slotway::Result<()> {
    /// Worker::new("resizer")
    ///     .activity("media/images", "resize", |request: &mut Request| match request.body() {
    ///         Ok(image) => Response::new(200).body(image),
    ///         Err(_) => Response::new(400),
    ///     })
    ///     .run()
    /// # }
    /// ```
    pub fn activity<F, R>(mut self, queue: &str, activity: &str, handler: F) -> Worker
    where
        F: Fn(&mut Request) -> R + Send + Sync + 'static,
        R: IntoResponse,
    {
        self.offer.activity(queue, activity, answering(handler));
        self
    }

    /// Activities of the queue in this worker's hands at most. Default: as many as the
    /// registration may have requests. The rest waits in the hub.
    pub fn capacity(mut self, queue: &str, activities: u32) -> Worker {
        self.offer.capacity(queue, activities);
        self
    }

    /// Connects and serves on threads of its own, and returns.
    ///
    /// # Errors
    ///
    /// As for [`Connection::open`](crate::Connection::open).
    pub fn start(self) -> Result<Running> {
        let running = self.launch()?;
        running.wait_live()?;
        Ok(running)
    }

    fn launch(self) -> Result<Running> {
        let (registrations, handlers) = self.offer.into_parts();
        Running::launch(self.options, registrations, handlers, self.threads)
    }

    /// Connects and serves until SIGTERM or SIGINT, then drains; a second signal does not
    /// wait for the drain. It returns as well when a newer generation
    /// ([`Options::generation`]) has replaced this worker.
    ///
    /// # Errors
    ///
    /// As for [`start`](Self::start); a refusal later; or [`Error::Timeout`] when the drain
    /// deadline passed with exchanges in flight.
    ///
    /// [`Error::Timeout`]: crate::Error::Timeout
    #[cfg(feature = "signals")]
    pub fn run(self) -> Result<()> {
        // Before anything that a signal should end in order.
        let mut signals = Signals::catch()?;
        let running = self.launch()?;
        let handle = running.handle();
        signals.listen(move |count| match count {
            1 => handle.shutdown(),
            _ => handle.close(),
        })?;
        let served = match running.wait_live() {
            // A signal came before the hub did.
            Err(crate::Error::Closed) => Ok(()),
            Err(error) => Err(error),
            Ok(()) => running.join(),
        };
        drop(signals);
        served
    }
}

macro_rules! methods {
    ($($method:literal $name:ident),*) => {
        impl Worker {
            $(
                #[doc = concat!("Adds a route for ", $method, ".")]
                pub fn $name<F, R>(self, pattern: &str, handler: F) -> Worker
                where
                    F: Fn(&mut Request) -> R + Send + Sync + 'static,
                    R: IntoResponse,
                {
                    self.route($method, pattern, handler)
                }
            )*
        }
    };
}

methods!("GET" get, "HEAD" head, "POST" post, "PUT" put, "PATCH" patch, "DELETE" delete);
