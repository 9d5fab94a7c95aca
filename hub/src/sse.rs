//! Server-sent events on their way to browsers: from something that happened to bytes, once
//! for all who listen, and from there to each of them.
//!
//! What callers may rely on:
//! - An event is turned into bytes once ([`Message`]), by its feed's task, however many
//!   clients there are. No bytes of an event's name, id or payload can end it early or begin
//!   another one.
//! - A [`Feed`] never makes its publisher wait. It holds a bounded number of bytes: what has
//!   been appended and not been encoded, and what was encoded and has not been taken by all
//!   clients.
//! - A client that joins a feed gets everything that is appended from then on, in order and
//!   once, or is told of a gap ([`Next::Lag`]). What is sent to one client alone keeps its
//!   place between what all get.
//! - Clients are woken in turns, so that thousands of them do not hold up a thread.
//! - A client costs a seat in its feed and the [`Stream`] that is its response's body; no
//!   task and no timer.
//!
//! Nothing in here knows where events come from.

mod counts;
mod encode;
mod farewell;
mod feed;
mod log;
mod stream;
mod streams;
mod total;

pub(crate) use counts::{Counts, Reason};
#[cfg(feature = "fuzzing")]
pub(crate) use encode::fuzz;
pub(crate) use encode::{Message, gap, head};
pub(crate) use farewell::{Farewell, Spread};
pub(crate) use feed::{Entry, Feed, Full, Settings};
pub(crate) use log::{Seat, Ticket};
pub use stream::Lag;
pub(crate) use stream::{Opening, Replay, Stream};
pub(crate) use streams::Streams;
pub(crate) use total::Total;
