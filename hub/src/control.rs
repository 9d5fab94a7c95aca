//! The control socket: where workers connect, register and die.

mod farewell;
mod greet;
mod link;
mod listener;
mod path;
mod session;

pub(crate) use listener::listen;
pub use path::ControlPath;
pub(crate) use path::{BoundSocket, our_uid};
