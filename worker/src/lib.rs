//! Serve HTTP requests from a worker process, through memory shared with the Slotway hub.

#[cfg(feature = "tokio")]
mod asynchronous;
mod backoff;
mod connection;
mod control;
mod deadline;
mod error;
mod exchange;
mod options;
mod problem;
mod registration;
mod response;
mod session;
mod shared;
mod sync;
mod worker;

#[cfg(feature = "tokio")]
pub use asynchronous::{AsyncBody, AsyncRequest, AsyncRunning, AsyncWorker, AsyncWriter};
pub use backoff::Backoff;
pub use connection::Connection;
pub use error::{Error, ErrorCode, Result};
pub use exchange::{BodyReader, Exchange, Header, RawExchange};
pub use options::{Connect, HUB_VARIABLE, Heartbeat, Options};
pub use registration::Registration;
pub use response::{IntoResponse, Response};
pub use shared::RegistrationState;
pub use slotway_core::control::{RefusalCode, Route};
pub use slotway_core::head::{Fields, TraceContext};
pub use worker::{BodyWriter, Handle, Request, Running, Worker};
