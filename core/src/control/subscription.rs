//! Messages about subscriptions.

use std::string::String;
use std::vec::Vec;

use serde::{Deserialize, Serialize};

/// Asks for the events of some topics. Answered by `subscribed` or `refused`; events may
/// come before the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscribe {
    /// The worker's own number for it; each record in the inbox carries it.
    pub id: u32,
    /// Patterns of topics. See [`check_topic_pattern`](super::check_topic_pattern).
    pub topics: Vec<String>,
    /// How events are kept until the inbox has room for them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub mode: Mode,
    /// Whose events; everybody's where absent. Only with [`Mode::Routed`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Events that are kept at most; of each principal with [`Mode::Routed`]. The hub's
    /// default where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    /// What goes when there are more. Only with [`Mode::Lossy`].
    #[serde(default, skip_serializing_if = "is_default")]
    pub overflow: Overflow,
    /// Begin with what the hub still holds of what came after this sequence number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How events of a subscription are kept until the inbox has room for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// In one queue, in the order of their sequence.
    #[default]
    Lossy,
    /// In a queue for each principal, and these are served in turn.
    Routed,
}

/// What is lost when a queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overflow {
    /// The event that has waited longest.
    #[default]
    Oldest,
    /// The event that comes.
    Newest,
}

/// Whose events a subscription takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Those without a principal.
    System,
    /// Those of one principal.
    Principal(String),
}

/// Ends a subscription. The inbox has a record of its end, after which nothing comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsubscribe {
    /// The number it was subscribed under.
    pub id: u32,
}

/// Confirms a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscribed {
    /// The worker's number for it.
    pub id: u32,
    /// Events with higher sequence numbers come, if no replay was asked for; who loses the
    /// hub before the first one comes may ask the next hub for what is after this.
    pub seq: u64,
}
