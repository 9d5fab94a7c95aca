//! One client's stream of events: the body of its response.

use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep_until};
use tracing::info;

use super::encode::{Message, gap};
use super::log::{Next, Seat};
use super::{Farewell, Reason};

/// What becomes of a client that is slower than its feed remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Lag {
    /// Its stream ends; it comes back with the id of the last event that it has.
    #[default]
    Drop,
    /// It is told how many events it missed, and goes on.
    Gap,
}

/// Events from before a client joined, for that client.
pub(crate) trait Replay: Send {
    /// The next of them, encoded, some at a time, and how many they are. They are not asked
    /// for before the client has taken those before.
    fn next(&mut self) -> Option<(Vec<u8>, u64)>;
}

/// How a stream begins, and what is to be known of its client.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    /// The id that the client has from the start, if it is to have one.
    pub(crate) id: Option<String>,
    /// How long it waits before it comes back, if the connection breaks.
    pub(crate) retry: Duration,
    /// The data of the event `ready`: JSON, without an end of a line.
    pub(crate) ready: Arc<str>,
    pub(crate) lag: Lag,
    /// For the log: who it is.
    pub(crate) client: Option<SocketAddr>,
    /// For the log: what it listens to.
    pub(crate) what: Arc<str>,
}

/// A body.
pub(crate) struct Stream {
    seat: Seat,
    /// What comes before everything else.
    first: Option<Bytes>,
    replay: Option<Box<dyn Replay>>,
    lag: Lag,
    limit: Option<(Pin<Box<Sleep>>, Farewell)>,
    /// Its last words are said, or it is known why there will be none.
    ended: Option<Reason>,
    client: Option<SocketAddr>,
    what: Arc<str>,
    on_end: Option<Box<dyn FnOnce(Reason) + Send>>,
}

impl Stream {
    /// A stream of what comes to a seat.
    pub(crate) fn new(seat: Seat, opening: Opening) -> Stream {
        seat.counts().opened_one();
        let Opening { id, retry, ready, lag, client, what } = opening;
        let first = Message {
            id: id.as_deref(),
            event: "ready",
            retry: Some(retry),
            data: ready.as_bytes(),
        };
        let first = Some(first.to_vec().into());
        Stream {
            seat,
            first,
            replay: None,
            lag,
            limit: None,
            ended: None,
            client,
            what,
            on_end: None,
        }
    }

    /// Begins with these, before anything of the feed.
    #[must_use]
    pub(crate) fn replay(mut self, replay: Box<dyn Replay>) -> Stream {
        self.replay = Some(replay);
        self
    }

    /// Ends at that time.
    #[must_use]
    pub(crate) fn until(mut self, end: Instant, farewell: Farewell) -> Stream {
        self.limit = Some((Box::pin(sleep_until(end)), farewell));
        self
    }

    /// Is called once, when the stream is over, whoever ended it. It must not wait.
    #[must_use]
    pub(crate) fn on_end(mut self, call: impl FnOnce(Reason) + Send + 'static) -> Stream {
        self.on_end = Some(Box::new(call));
        self
    }

    /// The next bytes for the client; none at the end.
    pub(crate) fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.ended.is_some() {
            return Poll::Ready(None);
        }
        if let Some((sleep, farewell)) = &mut self.limit
            && sleep.as_mut().poll(cx).is_ready()
        {
            let farewell = *farewell;
            return Poll::Ready(Some(self.say_farewell(farewell)));
        }
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(first));
        }
        if let Some(replay) = &mut self.replay {
            if let Some((bytes, count)) = replay.next() {
                return Poll::Ready(Some(self.sends(bytes.into(), count)));
            }
            self.replay = None;
        }
        let (next, count) = ready!(self.seat.poll_next(cx));
        Poll::Ready(Some(match next {
            Next::Frame(bytes) => self.sends(bytes, count),
            Next::Lag(missed) => {
                self.seat.counts().missed(missed);
                match self.lag {
                    Lag::Drop => self.say_farewell(Farewell::new(Reason::Lagged)),
                    Lag::Gap => gap(Some(missed), "lag").into(),
                }
            }
            Next::End(farewell) => self.say_farewell(farewell),
        }))
    }

    /// Whether everything is said.
    pub(crate) fn is_finished(&self) -> bool {
        self.ended.is_some()
    }

    /// The client stood still for too long: its connection is ended.
    pub(crate) fn stalled(&mut self) {
        self.ended.get_or_insert(Reason::Stalled);
    }

    fn sends(&self, bytes: Bytes, count: u64) -> Bytes {
        self.seat.counts().delivered(count, bytes.len());
        bytes
    }

    fn say_farewell(&mut self, farewell: Farewell) -> Bytes {
        self.ended = Some(farewell.reason);
        farewell.to_vec().into()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let reason = self.ended.unwrap_or(Reason::Left);
        self.seat.counts().ended_one(reason);
        if matches!(reason, Reason::Lagged | Reason::Stalled) {
            let (client, what) = (self.client.map(tracing::field::display), &*self.what);
            info!(client, what, %reason, "a client that reads too slowly was dropped");
        }
        if let Some(call) = self.on_end.take() {
            call(reason);
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("what", &self.what)
            .field("client", &self.client)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
