//! The public listeners: HTTP in, exchanges out.

mod access;
mod admit;
mod authority;
mod body;
mod choose;
mod compression;
mod connection;
mod cors;
mod events;
mod forwarded;
mod handler;
mod headers;
mod http1;
mod http2;
mod limits;
mod listen;
mod pace;
mod proxy_protocol;
mod queues;
mod record;
mod request;
mod request_id;
mod response;
mod serve;
mod socket;
mod target;
mod tls;
mod trace;
mod wire;

pub(crate) use choose::{Chosen, choose};
pub use listen::Endpoint;
pub(crate) use listen::bind;
pub(crate) use serve::serve;
pub(crate) use tls::{Certificates, check as check_tls};
#[cfg(feature = "fuzzing")]
pub(crate) use {
    proxy_protocol::fuzz as fuzz_proxy_header, response::fuzz as fuzz_response_head,
    wire::fuzz as fuzz_http_requests,
};
