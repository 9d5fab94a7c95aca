//! Serve HTTP requests from a worker process, through memory shared with the Slotway hub.
//!
//! The hub terminates HTTP and hands each request over in a slot of shared memory. A
//! handler reads it where it lies and writes its answer in place; when both sides are
//! busy no system call is made for it.
//!
//! ```no_run
//! use slotway::{Request, Worker};
//!
//! fn main() -> slotway::Result<()> {
//!     Worker::new("greeter")
//!         .get("/hello/{name}", |request: &mut Request| {
//!             format!("hello, {}", request.param("name").unwrap_or("stranger"))
//!         })
//!         .run()
//! }
//! ```
//!
//! # Ways to serve
//!
//! - [`Worker`]: handlers are functions, on threads.
//! - [`Runner`]: the same for many registrations that come, go and fail each by itself.
//! - `AsyncWorker` (feature `tokio`): handlers are futures, on tokio.
//! - [`Connection`] and [`Exchange`]: the layer below them. Any number of threads wait for
//!   exchanges, or one event loop polls a descriptor. Bindings to other languages are built
//!   on it, with [`RawExchange`].
//!
//! # What a worker may rely on
//!
//! Every request gets exactly one answer: a handler that panics, or drops its exchange, is
//! answered with 500, and an answer that cannot be sent with 502. A handler learns when
//! nobody waits for its answer any more. When the hub goes away, handlers that still run
//! keep the memory they work on, their answers go nowhere, and the worker comes back to the
//! next hub by itself. A shutdown lets exchanges in flight finish, up to a deadline.
//!
//! # Features
//!
//! - `json` (default): `Response::json` and `Request::json`.
//! - `signals` (default): `run`, which drains on SIGTERM and SIGINT.
//! - `tokio`: asynchronous handlers.

#[cfg(feature = "tokio")]
mod asynchronous;
mod backoff;
mod book;
mod calls;
mod connection;
mod control;
mod deadline;
mod error;
mod events;
mod exchange;
pub mod log;
mod options;
mod problem;
mod registration;
mod response;
mod runner;
mod session;
mod shared;
mod sse;
mod sync;
mod worker;

#[cfg(feature = "tokio")]
pub use asynchronous::{AsyncBody, AsyncRequest, AsyncRunning, AsyncWorker, AsyncWriter};
pub use backoff::Backoff;
pub use book::{Ending, RegistrationMetrics, RegistrationState};
pub use calls::{Activity, Call, CallEnd, Caller, Calling, Reply};
pub use connection::Connection;
pub use error::{Error, ErrorCode, Result};
pub use events::{
    Delivery, Event, Gap, Offer, PublishRefusal, Publisher, Push, PushAnswer, PushTo, Received,
    Subscription, Topics,
};
pub use exchange::{BodyReader, Exchange, Header, RawExchange};
pub use options::{
    Connect, GENERATION_VARIABLE, HUB_VARIABLE, Heartbeat, INSTANCE_VARIABLE, Options,
};
pub use registration::Registration;
pub use response::{IntoResponse, Response};
pub use runner::{Ended, Report, Runner, RunnerHandle, Unit};
pub use slotway_core::control::{QueueOffer, RefusalCode, Route};
pub use slotway_core::head::{Fields, TraceContext};
pub use slotway_core::record::RefusalReason;
pub use sse::{Admission, ConnectionId, IntoAdmission, Stage};
pub use worker::{BodyWriter, Handle, Request, Running, Worker};
