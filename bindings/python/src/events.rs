//! Events: what is published, what is received, and what goes to the clients of streams.

mod draft;
mod patience;
mod publisher;
mod push;
mod received;
mod subscription;

pub(crate) use publisher::Publisher;
pub(crate) use push::{PushAnswer, Pusher};
pub(crate) use received::{Event, Gap};
pub(crate) use subscription::Subscription;
