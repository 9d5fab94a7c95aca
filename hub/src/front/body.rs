//! The body of a response on its way to the client.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};

use super::compression::Compressed;
use super::record::{End, Record};
use crate::exchange::{SpoolError, SpoolReader};
use crate::sse;

/// What is sent after a response's head, and what ends with it.
pub(crate) struct Body {
    kind: Kind,
    /// What is left of a piece that was too large for a stream of HTTP/2.
    rest: Bytes,
    /// Ends with this.
    record: Record,
}

/// Bytes of one piece of a response on a connection with many streams: as much as a frame
/// holds. hyper takes a whole piece as soon as the client has room for one byte of it.
const PIECE_BYTES_MAX: usize = 16 << 10;

impl Body {
    pub(super) fn new(kind: Kind, record: Record) -> Body {
        Body { kind, rest: Bytes::new(), record }
    }

    fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Body { kind, rest, record } = self;
        let Some(offer) = record.offer() else { return kind.poll_frame(cx) };
        offer.taken();
        let mut piece = if rest.is_empty() {
            match ready!(kind.poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                end => return Poll::Ready(end),
            }
        } else {
            std::mem::take(rest)
        };
        *rest = piece.split_off(piece.len().min(PIECE_BYTES_MAX));
        offer.made();
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

/// Where a body comes from.
pub(crate) enum Kind {
    /// Nothing.
    Empty,
    /// Everything, already out of its slot.
    Full(Bytes),
    /// What a worker is still producing.
    Stream {
        /// Where it comes from.
        reader: SpoolReader,
        /// Bytes that are still to come, if the head said how many.
        remaining: Option<u64>,
    },
    /// The hub's own words.
    Own(axum::body::Body),
    /// Events as they happen.
    Events(Box<sse::Stream>),
    /// Another one, in a coding that its client accepts.
    Compressed(Box<Compressed>),
}

/// Why a body broke off. hyper closes the connection, so that the client can tell it from
/// a clean end.
#[derive(Debug)]
pub(crate) enum BodyError {
    Spool(SpoolError),
    Own(axum::Error),
    Encoder(std::io::Error),
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = self.as_mut().get_mut().poll_piece(cx);
        let record = &mut self.get_mut().record;
        match &frame {
            Poll::Ready(Some(Ok(frame))) => record.sent(frame.data_ref().map_or(0, Bytes::len)),
            Poll::Ready(Some(Err(BodyError::Spool(error)))) => record.ended(End::Broke(*error)),
            _ => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.kind.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (mut hint, rest) = (self.kind.size_hint(), self.rest.len() as u64);
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper + rest);
        }
        hint.set_lower(hint.lower() + rest);
        hint
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if http_body::Body::is_end_stream(self) {
            self.record.ended(End::Complete);
        }
        if let Kind::Events(stream) = &mut self.kind
            && self.record.has_stalled()
        {
            stream.stalled();
        }
    }
}

impl Kind {
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match self {
            Kind::Empty => Poll::Ready(None),
            kind @ Kind::Full(_) => {
                let Kind::Full(bytes) = std::mem::replace(kind, Kind::Empty) else {
                    return Poll::Ready(None);
                };
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Kind::Stream { reader, remaining } => reader.poll_chunk(cx).map(|chunk| {
                chunk.map(|chunk| match chunk {
                    Ok(bytes) => {
                        *remaining = remaining.map(|left| left.saturating_sub(bytes.len() as u64));
                        Ok(Frame::data(bytes))
                    }
                    Err(error) => Err(BodyError::Spool(error)),
                })
            }),
            Kind::Own(body) => {
                http_body::Body::poll_frame(Pin::new(body), cx).map_err(BodyError::Own)
            }
            Kind::Events(stream) => {
                stream.poll_bytes(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
            Kind::Compressed(body) => body.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Kind::Empty => true,
            Kind::Full(bytes) => bytes.is_empty(),
            // What was promised is there. Over HTTP/2 the stream ends with it, as a response
            // of HTTP/1.1 does by itself, however long the worker keeps the slot.
            Kind::Stream { remaining: Some(0), .. } => true,
            Kind::Stream { reader, .. } => reader.is_finished(),
            Kind::Own(body) => body.is_end_stream(),
            Kind::Events(stream) => stream.is_finished(),
            Kind::Compressed(body) => body.is_end_stream(),
        }
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        match self {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Stream { remaining: Some(length), .. } => SizeHint::with_exact(*length),
            Kind::Stream { remaining: None, .. } => SizeHint::default(),
            Kind::Own(body) => body.size_hint(),
            Kind::Events(_) | Kind::Compressed(_) => SizeHint::default(),
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BodyError::Spool(error) => error.fmt(f),
            BodyError::Own(error) => error.fmt(f),
            BodyError::Encoder(error) => write!(f, "a response cannot be compressed: {error}"),
        }
    }
}

impl std::error::Error for BodyError {}
