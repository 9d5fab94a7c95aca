//! Handlers on tokio.
//!
//! One task listens to the connection's descriptor and takes every request that is there
//! when it wakes; each request is a task of its own. There is no thread between the hub
//! and the runtime.

mod body;
mod request;
mod run;
mod serve;
mod wakers;
mod writer;

use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;

pub use body::AsyncBody;
pub use request::AsyncRequest;
pub use run::AsyncRunning;
pub use writer::AsyncWriter;

use crate::error::Result;
use crate::options::Options;
use crate::response::{Body, IntoResponse, Response};
use crate::sse::{IntoAdmission, Stage, described};
use crate::worker::Offer;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A handler, whatever it gives back.
type Handler = Box<dyn Fn(AsyncRequest) -> Boxed<Response> + Send + Sync>;

fn boxed<F, A, R>(handler: F) -> Handler
where
    F: Fn(AsyncRequest) -> A + Send + Sync + 'static,
    A: Future<Output = R> + Send + 'static,
    R: IntoResponse,
{
    Box::new(move |request| {
        let answer = handler(request);
        Box::pin(async move { answer.await.into_response() })
    })
}

/// Writes a streamed body.
pub(crate) type Writing = Box<dyn FnOnce(AsyncWriter) -> Boxed<io::Result<()>> + Send>;

/// A worker whose handlers are futures, run by the tokio runtime that it is started on.
///
/// ```no_run
/// use slotway::{AsyncRequest, AsyncWorker};
///
/// #[tokio::main]
/// async fn main() -> slotway::Result<()> {
///     AsyncWorker::new("greeter")
///         .get("/hello/{name}", |request: AsyncRequest| async move {
///             format!("hello, {}", request.param("name").unwrap_or("stranger"))
///         })
///         .run()
///         .await
/// }
/// ```
///
/// A handler that panics is answered with 500. The runtime must have its I/O enabled.
#[must_use = "a worker does nothing until it runs"]
pub struct AsyncWorker {
    options: Options,
    offer: Offer<Handler>,
}

impl fmt::Debug for AsyncWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncWorker")
            .field("registrations", &self.offer.registrations())
            .finish_non_exhaustive()
    }
}

impl AsyncWorker {
    /// A worker that registers under `name`; instances of one name share its load.
    pub fn new(name: impl Into<String>) -> AsyncWorker {
        AsyncWorker { options: Options::new(), offer: Offer::new(name) }
    }

    /// How to reach the hub and behave towards it.
    pub fn options(mut self, options: Options) -> AsyncWorker {
        self.options = options;
        self
    }

    /// Begins a further registration: the routes that follow belong to it.
    pub fn also(mut self, name: impl Into<String>) -> AsyncWorker {
        self.offer.also(name);
        self
    }

    /// Exchanges of the registration in flight at most; the rest waits in the hub.
    pub fn max_concurrent(mut self, exchanges: u32) -> AsyncWorker {
        self.offer.max_concurrent(exchanges);
        self
    }

    /// Lets the hub send a request of the route that was added last to another worker,
    /// when the first died with it before anything was answered.
    pub fn idempotent(mut self) -> AsyncWorker {
        self.offer.idempotent();
        self
    }

    /// Limits the routes of this registration that follow to one host, `api.example`, or
    /// with `*.` in front to every host below a domain, `*.example`.
    pub fn host(mut self, host: impl Into<String>) -> AsyncWorker {
        self.offer.host(host.into());
        self
    }

    /// Adds a route: a method, or `*` for every method that no other route of the pattern
    /// names; a pattern; and what answers.
    pub fn route<F, A, R>(mut self, method: &str, pattern: &str, handler: F) -> AsyncWorker
    where
        F: Fn(AsyncRequest) -> A + Send + Sync + 'static,
        A: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        self.offer.route(method, pattern, boxed(handler));
        self
    }

    /// Takes activities of one type from a queue; see [`Worker::activity`](crate::Worker::activity).
    pub fn activity<F, A, R>(mut self, queue: &str, activity: &str, handler: F) -> AsyncWorker
    where
        F: Fn(AsyncRequest) -> A + Send + Sync + 'static,
        A: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        self.offer.activity(queue, activity, boxed(handler));
        self
    }

    /// Activities of the queue in this worker's hands at most. Default: as many as the
    /// registration may have requests. The rest waits in the hub.
    pub fn capacity(mut self, queue: &str, activities: u32) -> AsyncWorker {
        self.offer.capacity(queue, activities);
        self
    }

    /// Adds a route for every method that no other route of the pattern names.
    pub fn any<F, A, R>(self, pattern: &str, handler: F) -> AsyncWorker
    where
        F: Fn(AsyncRequest) -> A + Send + Sync + 'static,
        A: Future<Output = R> + Send + 'static,
        R: IntoResponse,
    {
        self.route("*", pattern, handler)
    }

    /// Adds a route whose clients stay with the hub for the events that this worker pushes;
    /// see [`Worker::sse`](crate::Worker::sse).
    pub fn sse<C, CA, A, D, DA>(
        mut self,
        pattern: &str,
        on_connect: C,
        on_disconnect: D,
    ) -> AsyncWorker
    where
        C: Fn(AsyncRequest) -> CA + Send + Sync + 'static,
        CA: Future<Output = A> + Send + 'static,
        A: IntoAdmission,
        D: Fn(AsyncRequest) -> DA + Send + Sync + 'static,
        DA: Future<Output = ()> + Send + 'static,
    {
        let handler = move |request: AsyncRequest| -> Boxed<Response> {
            match request.stage() {
                Some(Stage::Connect | Stage::Reconnect) => {
                    let connect = on_connect(request);
                    Box::pin(async move { connect.await.into_admission().into_response() })
                }
                Some(Stage::Disconnect) => {
                    let disconnect = on_disconnect(request);
                    Box::pin(async move {
                        disconnect.await;
                        Response::new(204)
                    })
                }
                None => Box::pin(std::future::ready(described())),
            }
        };
        self.offer.sse_route(pattern, Box::new(handler));
        self
    }

    /// Connects and serves in the background, and returns once a registration is live.
    ///
    /// # Errors
    ///
    /// As for [`Connection::open`](crate::Connection::open).
    pub async fn start(self) -> Result<AsyncRunning> {
        let running = self.launch()?;
        running.wait_live().await?;
        Ok(running)
    }

    fn launch(self) -> Result<AsyncRunning> {
        let (registrations, handlers) = self.offer.into_parts();
        AsyncRunning::launch(self.options, registrations, handlers)
    }

    /// Connects and serves until SIGTERM or SIGINT, then drains; a second signal does not
    /// wait for the drain.
    ///
    /// # Errors
    ///
    /// As for [`start`](Self::start); a refusal later; or [`Error::Timeout`] when the drain
    /// deadline passed with exchanges in flight.
    ///
    /// [`Error::Timeout`]: crate::Error::Timeout
    #[cfg(feature = "signals")]
    pub async fn run(self) -> Result<()> {
        // Before anything that a signal should end in order.
        let mut signals = crate::worker::Signals::catch()?;
        let running = self.launch()?;
        let handle = running.handle();
        signals.listen(move |count| match count {
            1 => handle.shutdown(),
            _ => handle.close(),
        })?;
        let served = match running.wait_live().await {
            // A signal came before the hub did.
            Err(crate::Error::Closed) => Ok(()),
            Err(error) => Err(error),
            Ok(()) => running.join().await,
        };
        drop(signals);
        served
    }
}

macro_rules! methods {
    ($($method:literal $name:ident),*) => {
        impl AsyncWorker {
            $(
                #[doc = concat!("Adds a route for ", $method, ".")]
                pub fn $name<F, A, R>(self, pattern: &str, handler: F) -> AsyncWorker
                where
                    F: Fn(AsyncRequest) -> A + Send + Sync + 'static,
                    A: Future<Output = R> + Send + 'static,
                    R: IntoResponse,
                {
                    self.route($method, pattern, handler)
                }
            )*
        }
    };
}

methods!("GET" get, "HEAD" head, "POST" post, "PUT" put, "PATCH" patch, "DELETE" delete);

impl Response {
    /// A body that an asynchronous worker writes piece by piece; see
    /// [`stream`](Response::stream) for threads. An error that the future gives breaks the
    /// response off.
    ///
    /// ```
    /// use slotway::Response;
    /// let counting = Response::stream_async(|mut out| async move {
    ///     for n in 1..=3 {
    ///         out.write(format!("{n}\n").as_bytes()).await?;
    ///     }
    ///     Ok(())
    /// });
    /// # let _ = counting;
    /// ```
    pub fn stream_async<F, A>(write: F) -> Response
    where
        F: FnOnce(AsyncWriter) -> A + Send + 'static,
        A: Future<Output = io::Result<()>> + Send + 'static,
    {
        Response::new(200).streamed_async(write)
    }

    /// Sets a body that an asynchronous worker writes piece by piece.
    #[must_use]
    pub fn streamed_async<F, A>(mut self, write: F) -> Response
    where
        F: FnOnce(AsyncWriter) -> A + Send + 'static,
        A: Future<Output = io::Result<()>> + Send + 'static,
    {
        self.body = Body::Async(Box::new(move |writer| Box::pin(write(writer))));
        self
    }

    /// A body that is what a stream yields.
    pub fn from_stream<S, T>(stream: S) -> Response
    where
        S: futures_core::Stream<Item = io::Result<T>> + Send + 'static,
        T: AsRef<[u8]> + Send,
    {
        Response::stream_async(move |mut out| async move {
            let mut stream = std::pin::pin!(stream);
            while let Some(piece) = std::future::poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                out.write(piece?.as_ref()).await?;
            }
            Ok(())
        })
    }
}
