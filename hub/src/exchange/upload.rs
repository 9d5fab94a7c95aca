//! The request's body on its way into the slot.
//!
//! A small body whose length is known is collected before a slot is taken, so that a slow
//! client holds none. Anything else flows through the ring with backpressure. What was
//! pushed is kept while the request may still have to go to another worker: until a
//! worker has claimed it, or on an idempotent route as long as it is little.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Version;
use http_body::Body;
use hyper::body::Incoming;
use slotway_core::{End, Watch};
use tokio::time::Instant;

use super::leftover::drain;
use super::{Exchange, LOOKS_MAX};
use crate::alarm::Alarm;

/// Bytes of a body that are kept for a second attempt at most.
const REPLAY_BYTES_MAX: usize = 64 << 10;

/// A request's body.
#[derive(Debug)]
pub(crate) struct Upload {
    /// The client; `None` when all of it is in `chunks`.
    source: Option<Incoming>,
    /// What was taken from the client and is still needed: first what was pushed, then
    /// what was not.
    chunks: VecDeque<Bytes>,
    /// The first byte that was not pushed: a chunk and an offset in it.
    chunk: usize,
    offset: usize,
    /// Bytes that were pushed in this attempt.
    pushed: usize,
    /// `chunks` begins with the body's first byte.
    whole: bool,
    /// Whether it may be sent a second time after a worker has seen it.
    repeatable: bool,
    ended: bool,
    idle: Idle,
    /// Counts what the client has sent.
    received: Option<Arc<AtomicU64>>,
    /// Bytes that may still come.
    left: u64,
    version: Version,
}

/// Why a body's way ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Uploaded {
    /// All of it was pushed.
    Sent,
    /// The client broke off.
    ClientBroke,
    /// The client sent nothing for too long.
    ClientStalled,
    /// It is longer than it may be.
    TooLarge,
    /// The worker wants no more of it.
    Unwanted,
}

impl Upload {
    /// A body that comes from `source`, or none when that has ended already.
    pub(crate) fn new(source: Incoming, version: Version) -> Upload {
        Upload::of((!source.is_end_stream()).then_some(source), version)
    }

    /// A body that is all here.
    pub(crate) fn whole(body: Bytes) -> Upload {
        let mut upload = Upload::of(None, Version::HTTP_11);
        if !body.is_empty() {
            upload.chunks.push_back(body);
        }
        upload
    }

    fn of(source: Option<Incoming>, version: Version) -> Upload {
        Upload {
            version,
            source,
            chunks: VecDeque::new(),
            chunk: 0,
            offset: 0,
            pushed: 0,
            whole: true,
            repeatable: false,
            ended: false,
            idle: Idle::new(Duration::MAX),
            received: None,
            left: u64::MAX,
        }
    }

    /// All of it, in one piece, of a body that is collected.
    pub(crate) fn bytes(&mut self) -> Bytes {
        match self.chunks.len() {
            0 | 1 => self.chunks.pop_front().unwrap_or_default(),
            _ => self.chunks.drain(..).flatten().collect::<Vec<u8>>().into(),
        }
    }

    /// Takes all of it away; nothing is left here.
    pub(crate) fn take(&mut self) -> Upload {
        let rest = Upload::of(None, self.version);
        std::mem::replace(self, rest)
    }

    /// How long nothing of it may come, and how long it may be. Before anything is taken.
    pub(crate) fn limit(&mut self, idle: Duration, bytes_max: Option<u64>) {
        self.idle = Idle::new(idle);
        self.left = bytes_max.unwrap_or(u64::MAX);
    }

    /// Counts there what the client sends.
    pub(crate) fn count_in(&mut self, counter: Arc<AtomicU64>) {
        self.received = Some(counter);
    }

    /// Whether all of it is here.
    pub(crate) fn is_collected(&self) -> bool {
        self.source.is_none()
    }

    /// Whether it may be sent to a second worker although a first one has seen it.
    pub(crate) fn set_repeatable(&mut self, repeatable: bool) {
        self.repeatable = repeatable;
    }

    /// Takes all of it from the client; only for a body whose length is known and small.
    pub(crate) async fn collect(&mut self) -> Uploaded {
        std::future::poll_fn(|cx| {
            loop {
                match self.poll_source(cx) {
                    Poll::Ready(None) => return Poll::Ready(Uploaded::Sent),
                    Poll::Ready(Some(Ok(chunk))) => self.chunks.push_back(chunk),
                    Poll::Ready(Some(Err(why))) => return Poll::Ready(why),
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await
    }

    /// Back to the first byte, for another worker. `false`: it is not there any more.
    pub(crate) fn rewind(&mut self) -> bool {
        self.chunk = 0;
        self.offset = 0;
        self.pushed = 0;
        self.ended = false;
        self.whole
    }

    /// Bytes pushed so far: whether there was progress.
    pub(crate) fn pushed(&self) -> usize {
        self.pushed
    }

    /// Pushes what is here. Before publishing, so that a small request is whole when a
    /// worker sees it.
    pub(crate) fn push(&mut self, exchange: &Exchange) {
        while let Some(rest) = self.rest() {
            match exchange.write_body(rest) {
                Ok(0) | Err(_) => return,
                Ok(count) => self.advance(count),
            }
        }
        if self.source.is_none() {
            self.end(exchange, End::Finished);
        }
    }

    /// Pushes whatever comes, as far as there is room.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, exchange: &Exchange) -> Poll<Uploaded> {
        if self.ended {
            return Poll::Ready(Uploaded::Sent);
        }
        exchange.wait_upload(cx);
        for _ in 0..LOOKS_MAX {
            self.forget(exchange);
            if let Some(rest) = self.rest() {
                match exchange.write_body(rest) {
                    Ok(0) if exchange.is_over() => return Poll::Ready(Uploaded::Unwanted),
                    Ok(0) if exchange.watch_request() == Watch::Armed => return Poll::Pending,
                    Ok(0) => {}
                    Ok(count) => self.advance(count),
                    Err(_) => return Poll::Ready(Uploaded::Unwanted),
                }
                continue;
            }
            match self.poll_source(cx) {
                Poll::Ready(Some(Ok(chunk))) => self.chunks.push_back(chunk),
                Poll::Ready(Some(Err(why))) => {
                    self.end(exchange, End::Aborted);
                    return Poll::Ready(why);
                }
                Poll::Ready(None) => {
                    self.end(exchange, End::Finished);
                    return Poll::Ready(Uploaded::Sent);
                }
                Poll::Pending if exchange.is_over() => return Poll::Ready(Uploaded::Unwanted),
                Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn rest(&self) -> Option<&[u8]> {
        self.chunks.get(self.chunk).map(|chunk| &chunk[self.offset..])
    }

    fn advance(&mut self, count: usize) {
        self.pushed += count;
        self.offset += count;
        if self.chunks.get(self.chunk).is_some_and(|chunk| self.offset >= chunk.len()) {
            self.chunk += 1;
            self.offset = 0;
        }
    }

    fn end(&mut self, exchange: &Exchange, end: End) {
        if !self.ended {
            self.ended = true;
            exchange.end_body(end);
        }
    }

    /// Drops what was pushed once nobody else can need it.
    fn forget(&mut self, exchange: &Exchange) {
        if self.chunk == 0 || self.source.is_none() {
            // Nothing to drop, or little: it was collected.
            return;
        }
        if self.repeatable && self.whole && self.pushed <= REPLAY_BYTES_MAX {
            return;
        }
        if self.whole && exchange.is_queued() {
            return;
        }
        self.whole = false;
        self.chunks.drain(..self.chunk);
        self.chunk = 0;
    }

    /// The client's next bytes, none of which are empty.
    fn poll_source(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Uploaded>>> {
        let Some(source) = &mut self.source else { return Poll::Ready(None) };
        loop {
            match Pin::new(&mut *source).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.idle.rest();
                    // Trailers have no place in an exchange.
                    if let Ok(data) = frame.into_data()
                        && !data.is_empty()
                    {
                        if let Some(received) = &self.received {
                            // Relaxed: a number for people.
                            received.fetch_add(data.len() as u64, Ordering::Relaxed);
                        }
                        let Some(left) = self.left.checked_sub(data.len() as u64) else {
                            return Poll::Ready(Some(Err(Uploaded::TooLarge)));
                        };
                        self.left = left;
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Poll::Ready(Some(Err(_))) => {
                    return Poll::Ready(Some(Err(Uploaded::ClientBroke)));
                }
                Poll::Ready(None) => {
                    self.source = None;
                    return Poll::Ready(None);
                }
                Poll::Pending if self.idle.poll_over(cx).is_ready() => {
                    return Poll::Ready(Some(Err(Uploaded::ClientStalled)));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(source) = self.source.take() {
            drain(source, self.version);
        }
    }
}

/// A limit on standing still. It costs nothing while things move.
#[derive(Debug)]
pub(super) struct Idle {
    limit: Duration,
    /// Since when nothing has moved; `None` while it does.
    since: Option<Instant>,
    alarm: Alarm,
}

impl Idle {
    pub(super) fn new(limit: Duration) -> Idle {
        Idle { limit, since: None, alarm: Alarm::default() }
    }

    /// Something moved.
    pub(super) fn rest(&mut self) {
        self.since = None;
    }

    /// Nothing moves. Ready: for too long.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let since = *self.since.get_or_insert_with(Instant::now);
        // A limit beyond the clock's end is none.
        match since.checked_add(self.limit) {
            Some(due) => self.alarm.poll_at(cx, due),
            None => Poll::Pending,
        }
    }
}
