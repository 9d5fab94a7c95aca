//! The messages themselves.

use std::borrow::ToOwned;
use std::string::String;
use std::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{QueueOffer, RefusalCode, Subscribe, Subscribed, Unsubscribe};
use crate::{EventRings, RegionSpec};

/// What a worker says to the hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WorkerMessage {
    /// The first message of a connection, and the only one of its kind.
    Hello(Hello),
    /// Offer one named set of routes. Answered by `registered` or `refused`.
    Register(Register),
    /// Withdraw one registration; exchanges in flight finish. Answered by `unregistered`.
    Unregister(Unregister),
    /// Ask for the events of some topics. Answered by `subscribed` or `refused`.
    Subscribe(Subscribe),
    /// End a subscription.
    Unsubscribe(Unsubscribe),
    /// Send nothing new to this worker. Answered by `drained` once nothing is in flight.
    Drain(Drain),
    /// Are you there? Answered by a heartbeat with the same number.
    Heartbeat {
        /// Echoed by the answer.
        seq: u64,
    },
}

/// What the hub says to a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HubMessage {
    /// The answer to a hello; carries the descriptors.
    Welcome(Welcome),
    /// A registration is live: its routes are open.
    Registered(Registered),
    /// A registration waits for somebody to approve it; `registered` or `refused` follows.
    Pending(Pending),
    /// Something was refused. Without an `id` the connection ends after it.
    Refused(Refused),
    /// A registration is gone and nothing of it is in flight.
    Unregistered(Registered),
    /// A subscription is live.
    Subscribed(Subscribed),
    /// The hub will send nothing new; finish what is in flight.
    Drain(Notice),
    /// Nothing of this worker is in flight any more and nothing new will come.
    Drained,
    /// The answer to a heartbeat.
    Heartbeat {
        /// The number of the heartbeat that this answers.
        seq: u64,
    },
    /// The hub is about to close the connection.
    Bye(Notice),
}

/// The protocol versions that one side speaks, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtocolRange {
    /// The oldest.
    pub min: u32,
    /// The newest.
    pub max: u32,
}

impl ProtocolRange {
    /// What this build speaks.
    pub const OURS: ProtocolRange =
        ProtocolRange { min: super::PROTOCOL_MIN, max: super::PROTOCOL_MAX };

    /// The newest version that both ranges hold, if any.
    pub fn common(self, other: ProtocolRange) -> Option<u32> {
        let newest = self.max.min(other.max);
        (newest >= self.min.max(other.min)).then_some(newest)
    }
}

/// A worker's first message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The versions that the worker speaks.
    pub protocol: ProtocolRange,
    /// Name and version of the worker's library, for the log: `rust/0.1.0`.
    pub sdk: String,
    /// The worker's process id as it sees itself, for the log. The hub trusts only the
    /// one that the kernel reports.
    pub pid: u32,
    /// The sizes that the worker would like; the hub's defaults where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionRequest>,
    /// What the worker knows beyond version 1's first form, by name:
    /// [`FEATURE_PROBE`](super::FEATURE_PROBE), [`FEATURE_EVENTS`](super::FEATURE_EVENTS). A name that the hub does not know is ignored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// Which deployment of its program this is; a higher number replaces the lower ones of
    /// the same names. Instances of one number, 0 for none, share the load. Only with
    /// [`FEATURE_PROBE`](super::FEATURE_PROBE).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub generation: u64,
    /// What whoever started the process calls it, such as `api.1`: for people and for the
    /// supervisor, which knows its processes by it. A name by the rule of
    /// [`check_name`](super::check_name).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Sizes that a worker asks for. Every field may be left to the hub.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionRequest {
    /// Exchanges in flight at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slots: Option<u32>,
    /// Bytes for one encoded head.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_bytes: Option<u32>,
    /// Bytes of the ring that carries one request's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_bytes: Option<u32>,
    /// Bytes of the ring that carries one response's body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_bytes: Option<u32>,
    /// Bytes of the ring that carries events to the hub. Only with
    /// [`FEATURE_EVENTS`](super::FEATURE_EVENTS), as the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbox_bytes: Option<u32>,
    /// Bytes of the ring that carries events to the worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_bytes: Option<u32>,
}

impl RegionRequest {
    /// The spec that results when `defaults` fill what the worker left open.
    pub fn or(self, defaults: RegionSpec) -> RegionSpec {
        RegionSpec {
            slots: self.slots.unwrap_or(defaults.slots),
            head_bytes: self.head_bytes.unwrap_or(defaults.head_bytes),
            request_bytes: self.request_bytes.unwrap_or(defaults.request_bytes),
            response_bytes: self.response_bytes.unwrap_or(defaults.response_bytes),
        }
    }

    /// The sizes of the rings for events that result likewise.
    pub fn rings_or(self, defaults: EventRings) -> EventRings {
        EventRings {
            outbox_bytes: self.outbox_bytes.unwrap_or(defaults.outbox_bytes),
            inbox_bytes: self.inbox_bytes.unwrap_or(defaults.inbox_bytes),
        }
    }
}

/// The answer to a hello.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version that this connection speaks from here on.
    pub protocol: u32,
    /// Name and version of the hub, for the log: `slotway-hub/0.1.0`.
    pub hub: String,
    /// The hub's process id, for the log.
    pub pid: u32,
    /// The region whose descriptor comes with this message.
    pub region: RegionInfo,
    /// What the hub knows beyond version 1's first form, by name:
    /// [`FEATURE_CALLS`](super::FEATURE_CALLS). A name that the worker does not know is ignored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
}

/// The region that a welcome carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionInfo {
    /// Major version of the layout; another one cannot be read.
    pub layout_major: u16,
    /// Minor version of the layout.
    pub layout_minor: u16,
    /// Length of the region in bytes.
    pub length: u64,
    /// The region's slots.
    pub slots: u32,
    /// Bytes for one encoded head.
    pub head_bytes: u32,
    /// Bytes of the ring that carries one request's body.
    pub request_bytes: u32,
    /// Bytes of the ring that carries one response's body.
    pub response_bytes: u32,
    /// The slot that the hub keeps for probes, the last; absent unless the worker knows
    /// them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe_slot: Option<u32>,
    /// Bytes of the ring that carries events to the hub; absent in a region without rings
    /// for events, as the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbox_bytes: Option<u32>,
    /// Bytes of the ring that carries events to the worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_bytes: Option<u32>,
}

/// One named set of routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Register {
    /// The worker's own number for it; each request's head carries it.
    pub id: u32,
    /// The name under which instances share load. See [`check_name`](super::check_name).
    pub name: String,
    /// What it serves; may be empty. A request's head carries the index into this list.
    pub routes: Vec<Route>,
    /// The queues that it takes activities from. An activity's index counts on after the
    /// routes, through all activities of all queues in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<QueueOffer>,
    /// Exchanges of this registration in flight at most; the region's slots where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_concurrent: Option<u32>,
    /// Which of its name it is: with the name, `name.instance`, its identity. The hub calls
    /// it by the connection's number where absent. See
    /// [`check_segment`](super::check_segment).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// What the hub gave when it was approved, so that it need not wait again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

impl Register {
    /// A registration with everything else left to the hub.
    pub fn new(id: u32, name: impl Into<String>, routes: Vec<Route>) -> Register {
        let name = name.into();
        Register {
            id,
            name,
            routes,
            queues: Vec::new(),
            max_concurrent: None,
            instance: None,
            credential: None,
        }
    }
}

/// One route: a method and a pattern, of one host or of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// An HTTP method, or `*` for every method that no other route of the pattern names.
    pub method: String,
    /// A path with `{name}` for one segment and a closing `{*name}` for the rest.
    pub pattern: String,
    /// Whether a request may be sent to a second worker when the first died with it.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub idempotent: bool,
    /// The host, or `*.` and a domain for every host below it; every host where absent.
    /// See [`HostPattern`](super::HostPattern).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Clients that ask for it stay, and the worker pushes events to them; the method is
    /// `GET`. The worker hears when each of them comes and goes.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub sse: bool,
}

impl Route {
    /// A route of every host that is not idempotent and answers each request once.
    pub fn new(method: &str, pattern: &str) -> Route {
        let (method, pattern) = (method.to_owned(), pattern.to_owned());
        Route { method, pattern, idempotent: false, host: None, sse: false }
    }
}

/// Names a registration to withdraw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unregister {
    /// The number it was registered under.
    pub id: u32,
}

/// Asks the hub to send nothing new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drain {}

/// Confirms a registration or its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// The worker's number for it.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// What proves from here on that it was approved; only where somebody had to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

impl Registered {
    /// One that nobody had to approve.
    pub fn new(id: u32, name: impl Into<String>) -> Registered {
        Registered { id, name: name.into(), credential: None }
    }
}

/// Says that a registration waits for somebody to approve it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The worker's number for it.
    pub id: u32,
    /// A sentence that names the identity and says who can approve it, and how.
    pub reason: String,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The registration that was refused; absent, with the next, when the connection itself
    /// was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u32>,
    /// The subscription that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<u32>,
    /// The stable code.
    pub code: RefusalCode,
    /// A sentence that names what was wrong, the value and what to do.
    pub reason: String,
}

/// A sentence for the log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Why.
    #[serde(default)]
    pub reason: String,
}
