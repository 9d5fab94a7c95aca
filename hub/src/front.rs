//! The public listener: HTTP in, exchanges out.

mod access;
mod admit;
mod body;
mod choose;
mod handler;
mod headers;
mod limits;
mod pace;
mod record;
mod request;
mod response;
mod serve;
mod wire;

pub(crate) use serve::{bind, serve};
