//! How a registration stands, and how it ended: what people are told.

use std::fmt;
use std::time::Duration;

use slotway_core::control::RefusalCode;

use crate::error::Error;

/// How a registration stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistrationState {
    /// The hub has not said anything about it, or is away.
    Pending,
    /// It waits until somebody at the hub approves it.
    Waiting {
        /// The hub's sentence.
        reason: String,
    },
    /// Its routes are open.
    Live,
    /// It was withdrawn and finishes what is in flight.
    Withdrawing,
    /// The hub refused it. What may be another answer later is offered again by itself.
    Refused {
        /// The hub's stable code.
        code: RefusalCode,
        /// The hub's sentence.
        reason: String,
    },
}

/// Why a registration, or a connection, ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// This side shut down.
    Shutdown,
    /// This side withdrew it.
    Withdrawn,
    /// The hub refused it.
    Refused {
        /// The hub's stable code.
        code: RefusalCode,
        /// The hub's sentence.
        reason: String,
    },
    /// A newer generation serves instead.
    Replaced,
    /// The hub closed the connection, or is gone.
    HubClosed,
    /// The hub broke the protocol; holds the sentence that says how.
    Protocol(String),
    /// The hub did not answer in time that it is there.
    HeartbeatTimeout,
    /// There was no hub, or the system refused something; holds the sentence that says
    /// what.
    Failed(String),
}

impl Ending {
    /// What an error that ended a connection comes to.
    pub(crate) fn of(error: &Error) -> Ending {
        match error {
            Error::Closed => Ending::Shutdown,
            Error::HubGone => Ending::HubClosed,
            Error::Protocol(what) => Ending::Protocol(what.clone()),
            Error::Refused { code: RefusalCode::Replaced, .. } => Ending::Replaced,
            Error::Refused { code, reason, .. } => {
                Ending::Refused { code: *code, reason: reason.clone() }
            }
            other => Ending::Failed(other.to_string()),
        }
    }

    /// The stable name, in snake case.
    pub fn name(&self) -> &'static str {
        match self {
            Ending::Shutdown => "shutdown",
            Ending::Withdrawn => "withdrawn",
            Ending::Refused { .. } => "refused",
            Ending::Replaced => "replaced",
            Ending::HubClosed => "hub_closed",
            Ending::Protocol(_) => "protocol_error",
            Ending::HeartbeatTimeout => "heartbeat_timeout",
            Ending::Failed(_) => "failed",
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Shutdown => f.write_str("it was shut down"),
            Ending::Withdrawn => f.write_str("it was withdrawn"),
            Ending::Refused { code, reason } => write!(f, "the hub refused it ({code}): {reason}"),
            Ending::Replaced => f.write_str("a newer generation serves instead"),
            Ending::HubClosed => f.write_str("the hub closed the connection"),
            Ending::Protocol(what) => write!(f, "the hub broke the protocol: {what}"),
            Ending::HeartbeatTimeout => f.write_str("the hub did not answer a heartbeat in time"),
            Ending::Failed(what) => f.write_str(what),
        }
    }
}

impl RegistrationMetrics {
    /// Its identity: the name, and the instance if it has one.
    pub fn identity(&self) -> String {
        match &self.instance {
            Some(instance) => format!("{}.{instance}", self.name),
            None => self.name.clone(),
        }
    }
}

/// What one registration has done and met, at one moment.
///
/// `received` is `processed`, `failed` and `in_flight` together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegistrationMetrics {
    /// The registration's number on its connection.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// Which of its name it is, if it says so.
    pub instance: Option<String>,
    /// How it stands.
    pub state: RegistrationState,
    /// Exchanges that were taken in hand.
    pub received: u64,
    /// Those that were answered with a status below 500, or given up by their clients.
    pub processed: u64,
    /// Those that were answered with 500 or more, broken off, or dropped.
    pub failed: u64,
    /// Those in hand.
    pub in_flight: u64,
    /// Bytes of requests' bodies that came.
    pub bytes_in: u64,
    /// Bytes of responses' bodies that were given.
    pub bytes_out: u64,
    /// How often it came back after it had been live.
    pub reconnects: u64,
    /// How often the hub went away while it was live.
    pub disconnects: u64,
    /// Why it did the last time.
    pub last_disconnect: Option<Ending>,
    /// How long the wait is before it is offered again, while there is one.
    pub backoff: Option<Duration>,
    /// How long the hub took to answer the last heartbeat of the connection.
    pub heartbeat_rtt: Option<Duration>,
    /// Why it does not come back by itself, if so.
    pub ending: Option<Ending>,
}
