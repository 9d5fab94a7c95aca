//! Events: what is published, what is received, and what goes to the clients of streams.

mod draft;
mod publisher;
mod push;
mod received;
mod subscription;

pub(crate) use draft::{Text, payload};
pub(crate) use publisher::{ATTACHED_MAX, Publisher, full};
pub(crate) use push::{PushAnswer, Pusher};
pub(crate) use received::{Event, Gap};
pub(crate) use subscription::Subscription;
