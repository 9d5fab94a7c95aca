//! The body of a response on its way to the client.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::record::{End, Record};
use crate::exchange::{SpoolError, SpoolReader};

/// What is sent after a response's head, and what ends with it.
pub(crate) struct Body {
    kind: Kind,
    /// Ends with this.
    record: Record,
}

impl Body {
    pub(super) fn new(kind: Kind, record: Record) -> Body {
        Body { kind, record }
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
}

/// Why a body broke off. hyper closes the connection, so that the client can tell it from
/// a clean end.
#[derive(Debug)]
pub(crate) enum BodyError {
    Spool(SpoolError),
    Own(axum::Error),
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Body { kind, record } = self.get_mut();
        let frame = kind.poll_frame(cx);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => record.sent(frame.data_ref().map_or(0, Bytes::len)),
            Poll::Ready(Some(Err(BodyError::Spool(error)))) => record.ended(End::Broke(*error)),
            _ => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.kind.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Stream { remaining: Some(length), .. } => SizeHint::with_exact(*length),
            Kind::Stream { remaining: None, .. } => SizeHint::default(),
            Kind::Own(body) => body.size_hint(),
        }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if self.kind.is_end_stream() {
            self.record.ended(End::Complete);
        }
    }
}

impl Kind {
    fn poll_frame(
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
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Kind::Empty => true,
            Kind::Full(bytes) => bytes.is_empty(),
            Kind::Stream { reader, .. } => reader.is_finished(),
            Kind::Own(body) => http_body::Body::is_end_stream(body),
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BodyError::Spool(error) => error.fmt(f),
            BodyError::Own(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BodyError {}
