//! The control socket's messages: what a worker and the hub say to each other
//! besides exchanges.
//!
//! A message is a frame: its length as a little-endian `u32`, then that many bytes
//! of JSON, one object whose `kind` names the message. Unknown fields are ignored,
//! so that either side may grow; an unknown `kind` is refused by name. The welcome
//! carries three descriptors as ancillary data of its first byte.
//!
//! `docs/control-protocol.md` is the specification; this module is its code.

mod code;
mod frame;
mod host;
mod message;
mod method;
mod name;
mod pattern;
mod queue;
mod subscription;
#[cfg(test)]
mod tests;
mod topic;

pub use code::RefusalCode;
pub use frame::{Decoder, FRAME_BYTES_MAX, FrameError, encode};
pub use host::{HOST_BYTES_MAX, HostError, HostPattern};
pub use message::{
    Drain, Hello, HubMessage, Notice, Pending, ProtocolRange, Refused, RegionInfo, RegionRequest,
    Register, Registered, Route, Unregister, Welcome, WorkerMessage,
};
pub use method::{ANY_METHOD, MethodError, check_method, is_token};
pub use name::{NAME_BYTES_MAX, NameError, check_name, check_segment};
pub use pattern::{Pattern, PatternError};
pub use queue::{QueueError, QueueOffer, check_activity, check_queue};
pub use subscription::{Mode, Overflow, Scope, Subscribe, Subscribed, Unsubscribe};
pub use topic::{
    EVENT_TEXT_BYTES_MAX, TOPIC_BYTES_MAX, TOPIC_SEGMENTS_MAX, TextProblem, TopicProblem,
    check_event_text, check_topic, check_topic_pattern,
};

/// The newest protocol version that this code speaks.
pub const PROTOCOL_MAX: u32 = 1;
/// The oldest protocol version that this code speaks.
pub const PROTOCOL_MIN: u32 = 1;

/// The feature of a worker that answers probes.
pub const FEATURE_PROBE: &str = "probe";

/// The feature of a worker that publishes and subscribes.
pub const FEATURE_EVENTS: &str = "events";

/// The feature of a hub that dispatches the activities that workers call.
pub const FEATURE_CALLS: &str = "calls";

/// The number of descriptors that travel with a welcome: the region, the hub's
/// doorbell (the worker writes it), the worker's doorbell (the worker polls it).
pub const WELCOME_FDS: usize = 3;
