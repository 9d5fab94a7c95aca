//! Events for browsers: `GET /events?topic=…` and `GET /events/{channel}` on the public
//! listeners, where the configuration opens them.
//!
//! Outside in: what a request asks for ([`query`](self::query)), whether it may
//! ([`doors`](self::doors), [`rights`](self::rights), [`jwt`](self::jwt)), the feed that it
//! shares with all who listen to the same ([`feeds`](self::feeds)), what it gets of what it
//! missed ([`resume`](self::resume)), and the streams that are open, which end when what they
//! may changes ([`live`](self::live)).

mod answer;
mod doors;
mod feeds;
mod jwt;
mod live;
mod query;
mod resume;
mod rights;

use std::sync::Arc;

use arc_swap::ArcSwap;

pub(crate) use self::answer::{Asked, METHODS, Request};
pub(crate) use self::doors::Doors;
use self::feeds::Feeds;
use self::live::Live;
use crate::bus::Bus;
use crate::client_limit::ClientLimit;

/// One hub's.
#[derive(Debug)]
pub(crate) struct Events {
    bus: Bus,
    doors: ArcSwap<Doors>,
    feeds: Arc<Feeds>,
    live: Arc<Live>,
    /// Streams by client address.
    clients: Arc<ClientLimit>,
}

impl Events {
    /// With nothing open yet.
    pub(crate) fn new(bus: Bus) -> Events {
        Events {
            bus,
            doors: ArcSwap::from_pointee(Doors::default()),
            feeds: Arc::default(),
            live: Arc::default(),
            clients: Arc::new(ClientLimit::new()),
        }
    }

    /// Follows another configuration: streams that it would not open any more end.
    pub(crate) fn apply(&self, doors: Doors) {
        self.doors.store(Arc::new(doors));
        self.live.judge(&self.doors.load());
    }
}
