//! What the benches over HTTP have in common: servers as processes, loads, peers.

mod descent;
mod folder;
mod hub;
pub(crate) mod peers;
mod programs;
mod quantity;
mod server;
mod wrk;

pub(crate) use folder::Folder;
pub(crate) use hub::Hub;
pub(crate) use programs::{built, c_worker, run, target};
pub(crate) use quantity::Quantity;
pub(crate) use server::{Server, free_port, wait_for_answer};
pub(crate) use wrk::{Load, Request, Tally};
