//! The control socket's side of a connection: a thread of its own that connects,
//! registers, notices the hub's death at once, and connects again.

mod client;
mod link;
mod refusal;
mod thread;

pub(crate) use refusal::is_permanent;
pub(crate) use thread::run;
