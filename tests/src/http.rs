//! HTTP/1.1 as bytes on a socket: nothing is normalised, joined, reordered or retried.

mod body;
mod connection;
mod message;

pub use body::Body;
pub use connection::Connection;
pub use message::{Head, Request, Response};
