//! A request as a handler sees it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use slotway_core::head::{Fields, TraceContext};

use crate::calls::{Activity, Caller};
use crate::error::{Error, Result};
use crate::events::Publisher;
use crate::exchange::{BodyReader, Exchange};
use crate::sse::{self, ConnectionId, Stage};

/// Bytes of a body that a request collects at most, unless it is told otherwise.
const BODY_BYTES_MAX: usize = 16 << 20;

/// A request in a handler's hands. Its answer is what the handler gives back.
#[derive(Debug)]
pub struct Request {
    exchange: Exchange,
    /// A body that did not fit the slot, or was begun to be read, in one piece.
    collected: Option<Vec<u8>>,
    body_max: usize,
}

impl Request {
    pub(super) fn new(exchange: Exchange) -> Request {
        Request { exchange, collected: None, body_max: BODY_BYTES_MAX }
    }

    pub(super) fn into_exchange(self) -> Exchange {
        self.exchange
    }

    /// The exchange itself, for what this type does not offer. A handler that answers it
    /// gives back anything; it is not sent.
    pub fn exchange(&mut self) -> &mut Exchange {
        &mut self.exchange
    }

    /// The method as it was sent.
    pub fn method(&self) -> &str {
        self.exchange.method()
    }

    /// The path as it was sent, percent-encoding and all; empty if it is not UTF-8, which
    /// the hub lets nobody send.
    pub fn path(&self) -> &str {
        std::str::from_utf8(self.exchange.path()).unwrap_or_default()
    }

    /// What follows the question mark; `None` without one.
    pub fn query(&self) -> Option<&str> {
        std::str::from_utf8(self.exchange.query()?).ok()
    }

    /// The pattern that matched.
    pub fn route(&self) -> &str {
        self.exchange.route()
    }

    /// The value of a path parameter, percent-decoded; `None` if the pattern has no such
    /// parameter, or its value is not UTF-8.
    pub fn param(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.exchange.param(name)?).ok()
    }

    /// The path's parameters in the pattern's order, values as bytes.
    pub fn params(&self) -> Fields<'_> {
        self.exchange.params()
    }

    /// The first value of a header, its name in any case of letters; `None` if there is
    /// none, or it is not UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.exchange.header(name)?).ok()
    }

    /// The headers in order, values as bytes.
    pub fn headers(&self) -> Fields<'_> {
        self.exchange.headers()
    }

    /// The body's length if the client stated it.
    pub fn content_length(&self) -> Option<u64> {
        self.exchange.content_length()
    }

    /// How long there is until the answer is due.
    pub fn time_left(&self) -> Option<Duration> {
        self.exchange.time_left()
    }

    /// Who sent it, unless it came over a Unix socket.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.exchange.peer()
    }

    /// The trace it belongs to.
    pub fn trace(&self) -> Option<TraceContext> {
        self.exchange.trace()
    }

    /// Whether nobody waits for the answer any more.
    pub fn cancelled(&self) -> bool {
        self.exchange.cancelled()
    }

    /// What publishes events, and pushes to clients of streams that this worker owns; `None`
    /// once the worker has ended.
    pub fn publisher(&self) -> Option<Publisher> {
        self.exchange.publisher()
    }

    /// What calls activities of other workers; `None` once the worker has ended.
    pub fn caller(&self) -> Option<Caller> {
        self.exchange.caller()
    }

    /// The activity that it is; `None` for any other request.
    pub fn activity(&self) -> Option<Activity<'_>> {
        self.exchange.activity()
    }

    /// What has happened to a client of a stream that this worker owns; `None` for any other
    /// request.
    pub fn stage(&self) -> Option<Stage> {
        Stage::parse(self.exchange.header(sse::STAGE)?)
    }

    /// Which client of a stream that this worker owns it is about; `None` for any other
    /// request.
    pub fn connection(&self) -> Option<ConnectionId> {
        ConnectionId::parse(self.exchange.header(sse::CONNECTION)?)
    }

    /// Waits until nobody waits for the answer any more; `false` when the time is over.
    pub fn wait_cancelled(&self, timeout: Option<Duration>) -> bool {
        self.exchange.wait_cancelled(timeout)
    }

    /// Changes how large a body [`body`](Self::body) takes: 16 MiB by default.
    pub fn set_body_max(&mut self, bytes: usize) {
        self.body_max = bytes;
    }

    /// The whole body, once it has arrived. If it fits the slot it is borrowed from there;
    /// else it is collected in memory.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] above 16 MiB, or what was set; the client broke off, the
    /// exchange was cancelled, or the hub is gone.
    pub fn body(&mut self) -> Result<&[u8]> {
        if self.collected.is_none() {
            let too_large = Error::TooLarge { what: Error::REQUEST_BODY, limit: self.body_max };
            if self.content_length().is_some_and(|length| length > self.body_max as u64) {
                return Err(too_large);
            }
            if let Some(bytes) = self.exchange.body(None)? {
                if bytes.len() > self.body_max {
                    return Err(too_large);
                }
            } else {
                self.collected = Some(self.collect()?);
            }
        }
        match &self.collected {
            Some(collected) => Ok(collected),
            // There, as was just seen; asking again is how the borrow is a short one.
            None => Ok(self.exchange.body(None)?.unwrap_or_default()),
        }
    }

    fn collect(&mut self) -> Result<Vec<u8>> {
        let mut collected = Vec::new();
        let mut piece = [0; 16 << 10];
        loop {
            let count = self.exchange.read(&mut piece, None)?;
            if count == 0 {
                return Ok(collected);
            }
            if collected.len() + count > self.body_max {
                return Err(Error::TooLarge { what: Error::REQUEST_BODY, limit: self.body_max });
            }
            collected.extend_from_slice(&piece[..count]);
        }
    }

    /// The whole body as text.
    ///
    /// # Errors
    ///
    /// As for [`body`](Self::body); [`Error::BadBody`] if it is not UTF-8.
    pub fn text(&mut self) -> Result<&str> {
        std::str::from_utf8(self.body()?)
            .map_err(|error| Error::BadBody(format!("the request's body is not UTF-8: {error}")))
    }

    /// The whole body, read as JSON.
    ///
    /// # Errors
    ///
    /// As for [`body`](Self::body); [`Error::BadBody`] if it is not the JSON that
    /// is wanted.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T> {
        serde_json::from_slice(self.body()?).map_err(|error| {
            Error::BadBody(format!("the request's body is not the wanted JSON: {error}"))
        })
    }

    /// Takes the body out: to be read after the handler has returned, by the closure of
    /// [`Response::stream`](crate::Response::stream), or by another thread. `None` if it was
    /// taken before.
    pub fn take_body(&mut self) -> Option<BodyReader> {
        self.exchange.take_body()
    }
}

/// Reads the body piece by piece, waiting for what has not arrived.
impl io::Read for Request {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Ok(self.exchange.read(into, None)?)
    }
}
