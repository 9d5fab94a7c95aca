//! Task queues: activities that anybody calls and workers do.
//!
//! An activity becomes an exchange with a worker that takes its type, so that all that holds
//! for requests holds for it: what no worker has claimed moves when its worker goes, what one
//! has claimed is known to be lost in milliseconds, a late answer reaches nobody. What is
//! added here:
//!
//! - a worker is chosen among all that take the type, by how many activities of the queue it
//!   has in hand (`pick`);
//! - whoever finds none with room waits in the queue's line, which is bounded, until the
//!   activity is due (`line`);
//! - an activity goes through as many attempts as its caller allows (`dispatch`), and each is
//!   an exchange of its own, so that nothing of an earlier one can settle a later one;
//! - a caller's key gives what was done for it before (`keys`).
//!
//! Exactly one outcome comes of each activity: it is what the one future gives that carries it,
//! and whoever drops that future hangs up.

mod activity;
mod attempt;
mod bands;
mod counts;
mod dispatch;
pub(crate) mod http;
mod keys;
mod line;
mod pick;
mod picker;
mod queue;
mod table;

pub(crate) use activity::{Held, Outcome, Wanted};
pub(crate) use bands::Band;
pub(crate) use counts::QueueCounts;
pub(crate) use dispatch::dispatch;
pub(crate) use keys::{Kept, Keys};
pub(crate) use picker::Picker;
pub use picker::{Candidate, Candidates};
pub(crate) use queue::Queue;
pub(crate) use table::{Known, Line, QueueTable, Seat, Served};
