//! The public listener: HTTP in, exchanges out.

mod admit;
mod body;
mod choose;
mod handler;
mod headers;
mod request;
mod response;
mod serve;
mod stall;

pub(crate) use serve::{bind, serve};
