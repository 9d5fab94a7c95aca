//! From a request's host, method and path to the workers that serve it.
//!
//! A [`Table`] is built whole from all registrations, never changed, and swapped in one
//! atomic store; requests read it without a lock. [`Conflicts`] decides beforehand
//! whether a registration may join, so that a table can always be built.

mod conflict;
mod hosts;
mod method;
mod table;

pub(crate) use conflict::{Candidate, Conflicts};
pub(crate) use method::RouteMethod;
pub(crate) use slotway_core::control::{HostPattern, Pattern};
pub(crate) use table::{Builder, Found, Params, Table};
