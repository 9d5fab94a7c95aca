//! Streams that workers own: the hub holds the clients of a route, a worker says what they
//! get.
//!
//! What callers may rely on:
//!
//! - A client joins its path's feed before its worker hears of it, so whatever is pushed from
//!   within the worker's handler, or right after it, comes after the response's head.
//! - Each [`Client`] has a number that nobody had before, in another run of the hub neither.
//! - The worker that has heard of a client, and has not refused it, hears once that it is
//!   gone, and only when it is through with what it was told before. This hangs on nothing but
//!   who still holds the client: its response's body, an exchange that a worker has not given
//!   back. The last of them to let go tells.
//! - A client whose worker goes stays. Another instance of the name hears of it and has it
//!   from then on; if there is none for too long, it is told and closed.
//! - Pushing never waits, and what it costs does not grow with the clients of other paths.
//!
//! Everything is bounded: clients, what is kept of each one's request, and what waits for the
//! slow ones ([`crate::sse`]).

mod ask;
mod book;
mod client;
mod counts;
mod guest;
mod head;
mod ids;
mod path;
mod push;
mod rehome;
mod tell;

use std::sync::Arc;

use tokio::task::JoinSet;

pub(crate) use book::{Book, TooMany};
pub(crate) use client::Client;
pub(crate) use counts::NameCounts;
pub(crate) use guest::Connecting;
pub(crate) use head::{Head, HeadTooLong, Headers};
pub(crate) use push::{NotPushed, Push, Pushed, To, push};

use crate::phase::{Phase, Phases};
use crate::shared::Shared;

/// Says to the worker what has happened. Only the hub writes it.
pub(crate) const SSE: &str = "slotway-sse";
/// Says to the worker which client it is. Only the hub writes it.
pub(crate) const CONNECTION: &str = "slotway-connection";
/// What every header that only the hub writes begins with.
pub(crate) const OWN: &str = "slotway-";

/// What has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// A client is there.
    Connect,
    /// A client is there, and was before.
    Reconnect,
    /// A client is gone.
    Disconnect,
}

impl Word {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Word::Connect => "connect",
            Word::Reconnect => "reconnect",
            Word::Disconnect => "disconnect",
        }
    }
}

/// Sees to the clients of workers that go, and tells workers of clients that went, until the
/// hub closes.
pub(crate) async fn attend(shared: Arc<Shared>, mut phases: Phases) {
    let Some(mut untold) = shared.delegated.take_untold() else { return };
    let mut changes = shared.registry.changes();
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            () = phases.at_least(Phase::Closed) => return,
            Some(client) = untold.recv() => {
                tasks.spawn(tell::tell(shared.clone(), client));
                continue;
            }
            Some(_) = tasks.join_next(), if !tasks.is_empty() => continue,
            _ = changes.changed() => {}
            () = shared.delegated.called() => {}
        }
        for name in shared.delegated.look() {
            tasks.spawn(rehome::rehome(shared.clone(), name));
        }
    }
}
