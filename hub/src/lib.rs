//! The Slotway hub: it terminates HTTP and hands each request to a worker process through
//! shared memory.
//!
//! [`Hub::start`] runs one inside any tokio runtime; the program `slotway` is that and a
//! command line. Workers connect to a Unix socket ([`ControlPath`]), register routes and
//! receive a region of shared memory each; from then on a request and its response pass
//! through a slot of that region.
//!
//! The hub is plumbing. The parts, outside in: the public listeners and what it does with a
//! request (`front`), the routing table (`routing`), who serves what (`registry`), one
//! request in one slot (`exchange`), one worker (`instance`), the socket on which workers
//! live and die (`control`).

#![forbid(unsafe_code)]

mod accept;
mod admin;
mod alarm;
pub mod bus;
mod chance;
pub mod cli;
mod client_limit;
pub mod config;
mod control;
mod courier;
mod delegated;
mod departures;
mod error;
mod events;
mod exchange;
mod front;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod gate;
mod health;
mod hub;
mod identities;
mod instance;
mod metrics;
mod phase;
pub mod problem;
mod queues;
mod readable;
mod registry;
mod routing;
mod rules;
mod service;
mod shared;
mod sse;
mod supervisor;
mod telemetry;
mod wait_queue;

#[cfg(feature = "bench")]
#[doc(hidden)]
pub use exchange::bench;

pub use config::Config;
pub use control::ControlPath;
pub use error::{HubError, PassedProblem, SOCKET_PATH_BYTES_MAX, SocketProblem, TlsProblem};
pub use front::Endpoint;
pub use hub::Hub;
pub use queues::{Candidate, Candidates};
