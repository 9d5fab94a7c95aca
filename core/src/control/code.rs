//! Stable codes of refusals. A code is never renamed and never reused.

use core::fmt;

use serde::{Deserialize, Serialize};

/// Why the hub refused a connection or a registration.
///
/// On the wire it is the snake-case name that [`RefusalCode::as_str`] gives. A code
/// that this build does not know is read as [`RefusalCode::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefusalCode {
    /// No protocol version is spoken by both sides.
    ProtocolVersion,
    /// The frame is not a message: too long, not JSON, a field missing or of a wrong type.
    BadMessage,
    /// The message's `kind` is not one that the hub knows.
    UnknownKind,
    /// The message came at a time when it makes no sense, a second hello for example.
    OutOfOrder,
    /// The peer's user id is not among those that the hub lets in.
    NotAllowed,
    /// A registration's name breaks the rule of names.
    BadName,
    /// A route's method is not an HTTP token.
    BadMethod,
    /// A route's pattern does not parse.
    BadPattern,
    /// A route's host is not one.
    BadHost,
    /// A route is already served by a registration of another name, or two patterns collide.
    RouteConflict,
    /// The same worker registered the same id or name twice, or a route twice.
    DuplicateRegistration,
    /// The sizes that the worker asked for cannot make a region.
    BadRegionSpec,
    /// The hub could not create a region: memory or descriptors ran out.
    RegionUnavailable,
    /// The hub serves as many workers as its configuration allows.
    TooManyWorkers,
    /// The hub is shutting down.
    ShuttingDown,
    /// The worker did something that a correct worker cannot do.
    Violation,
    /// The worker answered no probe for too long.
    Unresponsive,
    /// A newer generation of the same name serves instead.
    Replaced,
    /// A subscription's pattern of topics is none, or there are none or too many.
    BadTopic,
    /// A subscription's other settings are not acceptable.
    BadSubscription,
    /// The same worker subscribed under the same number twice.
    DuplicateSubscription,
    /// The worker, or the hub, has as many subscriptions as it may have.
    TooManySubscriptions,
    /// The worker's region has no rings for events.
    NoEvents,
    /// The hub's configuration, or who was asked, does not let this identity in.
    NotAccepted,
    /// The hub does not know the credential: it was restarted, or took it back.
    BadCredential,
    /// A queue's or an activity's name breaks the rule, or a capacity is 0.
    BadQueue,
    /// A code of a newer hub.
    #[serde(other)]
    Other,
}

impl RefusalCode {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            RefusalCode::ProtocolVersion => "protocol_version",
            RefusalCode::BadMessage => "bad_message",
            RefusalCode::UnknownKind => "unknown_kind",
            RefusalCode::OutOfOrder => "out_of_order",
            RefusalCode::NotAllowed => "not_allowed",
            RefusalCode::BadName => "bad_name",
            RefusalCode::BadMethod => "bad_method",
            RefusalCode::BadPattern => "bad_pattern",
            RefusalCode::BadHost => "bad_host",
            RefusalCode::RouteConflict => "route_conflict",
            RefusalCode::DuplicateRegistration => "duplicate_registration",
            RefusalCode::BadRegionSpec => "bad_region_spec",
            RefusalCode::RegionUnavailable => "region_unavailable",
            RefusalCode::TooManyWorkers => "too_many_workers",
            RefusalCode::ShuttingDown => "shutting_down",
            RefusalCode::Violation => "violation",
            RefusalCode::Unresponsive => "unresponsive",
            RefusalCode::Replaced => "replaced",
            RefusalCode::BadTopic => "bad_topic",
            RefusalCode::BadSubscription => "bad_subscription",
            RefusalCode::DuplicateSubscription => "duplicate_subscription",
            RefusalCode::TooManySubscriptions => "too_many_subscriptions",
            RefusalCode::NoEvents => "no_events",
            RefusalCode::NotAccepted => "not_accepted",
            RefusalCode::BadCredential => "bad_credential",
            RefusalCode::BadQueue => "bad_queue",
            RefusalCode::Other => "other",
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
