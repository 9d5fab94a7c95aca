//! A request as an asynchronous handler sees it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use slotway_core::head::{Fields, RequestHead, TraceContext};
use slotway_core::map::monotonic_ns;

use super::AsyncBody;
use super::wakers::Wakers;
use crate::calls::{Activity, Caller};
use crate::error::Result;
use crate::events::Publisher;
use crate::exchange::{OwnedHead, RawExchange};
use crate::sse::{self, ConnectionId, Stage};

/// A request in an asynchronous handler's hands. It may be held for longer than the answer
/// takes; its head is a copy.
#[derive(Debug)]
pub struct AsyncRequest {
    head: OwnedHead,
    raw: Arc<RawExchange>,
    wakers: Arc<Wakers>,
    body: Option<AsyncBody>,
}

impl AsyncRequest {
    pub(super) fn new(head: OwnedHead, raw: Arc<RawExchange>, wakers: Arc<Wakers>) -> AsyncRequest {
        let body = Some(AsyncBody::new(&raw, wakers.clone(), head.get().content_length()));
        AsyncRequest { head, raw, wakers, body }
    }

    fn head(&self) -> &RequestHead<'_> {
        self.head.get()
    }

    /// The method as it was sent.
    pub fn method(&self) -> &str {
        self.head().method()
    }

    /// The path as it was sent, percent-encoding and all; empty if it is not UTF-8, which
    /// the hub lets nobody send.
    pub fn path(&self) -> &str {
        std::str::from_utf8(self.head().path()).unwrap_or_default()
    }

    /// What follows the question mark; `None` without one.
    pub fn query(&self) -> Option<&str> {
        std::str::from_utf8(self.head().query()?).ok()
    }

    /// The pattern that matched.
    pub fn route(&self) -> &str {
        self.head().route()
    }

    /// The value of a path parameter, percent-decoded; `None` if the pattern has no such
    /// parameter, or its value is not UTF-8.
    pub fn param(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.head().param(name)?).ok()
    }

    /// The path's parameters in the pattern's order, values as bytes.
    pub fn params(&self) -> Fields<'_> {
        self.head().params()
    }

    /// The first value of a header, its name in any case of letters; `None` if there is
    /// none, or it is not UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(self.head().header(name)?).ok()
    }

    /// The headers in order, values as bytes.
    pub fn headers(&self) -> Fields<'_> {
        self.head().headers()
    }

    /// The body's length if the client stated it.
    pub fn content_length(&self) -> Option<u64> {
        self.head().content_length()
    }

    /// How long there is until the answer is due.
    pub fn time_left(&self) -> Option<Duration> {
        let deadline = self.head().deadline_ns()?;
        Some(Duration::from_nanos(deadline.saturating_sub(monotonic_ns())))
    }

    /// Who sent it, unless it came over a Unix socket.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.head().peer()
    }

    /// The trace it belongs to.
    pub fn trace(&self) -> Option<TraceContext> {
        self.head().trace()
    }

    /// What publishes events, and pushes to clients of streams that this worker owns; `None`
    /// once the worker has ended.
    pub fn publisher(&self) -> Option<Publisher> {
        self.raw.publisher()
    }

    /// What calls activities of other workers; `None` once the worker has ended.
    pub fn caller(&self) -> Option<Caller> {
        self.raw.caller()
    }

    /// The activity that it is; `None` for any other request.
    pub fn activity(&self) -> Option<Activity<'_>> {
        Activity::of(self.head())
    }

    /// What has happened to a client of a stream that this worker owns; `None` for any other
    /// request.
    pub fn stage(&self) -> Option<Stage> {
        Stage::parse(self.head().header(sse::STAGE)?)
    }

    /// Which client of a stream that this worker owns it is about; `None` for any other
    /// request.
    pub fn connection(&self) -> Option<ConnectionId> {
        ConnectionId::parse(self.head().header(sse::CONNECTION)?)
    }

    /// Whether nobody waits for the answer any more.
    pub fn is_cancelled(&self) -> bool {
        self.raw.cancelled()
    }

    /// Ends when nobody waits for the answer any more. It never ends if the request is
    /// answered first.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + 'static {
        let (raw, wakers) = (self.raw.clone(), self.wakers.clone());
        async move { super::wakers::cancelled(&raw, &wakers).await }
    }

    /// The whole body, collected: 16 MiB at most.
    ///
    /// # Errors
    ///
    /// It is larger; the client broke off, the exchange was cancelled, or the hub is gone;
    /// or [`take_body`](Self::take_body) took it.
    pub async fn body(&mut self) -> Result<Vec<u8>> {
        self.body_mut()?.collect(super::body::COLLECTED_BYTES_MAX).await
    }

    /// The body, to be read piece by piece.
    ///
    /// # Errors
    ///
    /// [`take_body`](Self::take_body) took it.
    pub fn body_mut(&mut self) -> Result<&mut AsyncBody> {
        self.body.as_mut().ok_or(crate::Error::OutOfOrder("the request's body was taken"))
    }

    /// Takes the body out: for the future of
    /// [`Response::stream_async`](crate::Response::stream_async), or for another task. `None`
    /// if it was taken before.
    pub fn take_body(&mut self) -> Option<AsyncBody> {
        self.body.take()
    }
}
