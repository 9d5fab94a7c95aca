//! The request's body, read by a task.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use super::wakers::{Wait, Wakers};
use crate::error::{Error, Result};
use crate::exchange::{BodyReader, RawExchange};

/// Bytes that are collected at most unless the caller says otherwise.
pub(super) const COLLECTED_BYTES_MAX: usize = 16 << 20;

/// Bytes of a piece at most.
const PIECE_BYTES_MAX: usize = 64 << 10;

/// Reads a request's body: as [`AsyncRead`], as a stream of pieces, or whole.
#[derive(Debug)]
pub struct AsyncBody {
    reader: BodyReader,
    wakers: Arc<Wakers>,
    content_length: Option<u64>,
    ended: bool,
}

impl AsyncBody {
    pub(super) fn new(
        raw: &RawExchange,
        wakers: Arc<Wakers>,
        content_length: Option<u64>,
    ) -> AsyncBody {
        AsyncBody { reader: raw.body_reader(), wakers, content_length, ended: false }
    }

    fn poll_into(&mut self, cx: &Context<'_>, into: &mut [u8]) -> Poll<Result<usize>> {
        // What has arrived needs no waker.
        match self.reader.try_read(into) {
            Ok(Some(count)) => return Poll::Ready(Ok(count)),
            Ok(None) => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
        // The notice may have come before the waker was there: look once more.
        self.wakers.wait(self.reader.token(), Wait::Request, cx);
        match self.reader.try_read(into) {
            Ok(Some(count)) => Poll::Ready(Ok(count)),
            Ok(None) => Poll::Pending,
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    /// Reads some of the body, waiting for the first byte. `0`: that was all.
    ///
    /// # Errors
    ///
    /// The exchange was cancelled or answered, the client broke off, or the hub is gone.
    pub async fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        poll_fn(|cx| self.poll_into(cx, into)).await
    }

    /// The next piece, of whatever length. `None`: that was all.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub async fn piece(&mut self) -> Result<Option<Vec<u8>>> {
        poll_fn(|cx| self.poll_piece(cx)).await
    }

    fn poll_piece(&mut self, cx: &Context<'_>) -> Poll<Result<Option<Vec<u8>>>> {
        if self.ended {
            return Poll::Ready(Ok(None));
        }
        let mut piece = vec![0; PIECE_BYTES_MAX];
        let count = ready!(self.poll_into(cx, &mut piece)).inspect_err(|_| self.ended = true)?;
        self.ended = count == 0;
        piece.truncate(count);
        Poll::Ready(Ok((count > 0).then_some(piece)))
    }

    /// The rest of the body, `limit` bytes at most.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`]; and as for [`read`](Self::read).
    pub async fn collect(&mut self, limit: usize) -> Result<Vec<u8>> {
        let too_large = Error::TooLarge { what: Error::REQUEST_BODY, limit };
        let stated = self.content_length.unwrap_or(0);
        if stated > limit as u64 {
            return Err(too_large);
        }
        // No more than a ring's worth for a promise that the client may break.
        let mut collected = Vec::with_capacity((stated as usize).min(PIECE_BYTES_MAX));
        let mut piece = vec![0; PIECE_BYTES_MAX.min(limit.saturating_add(1))];
        loop {
            let count = self.read(&mut piece).await?;
            if count == 0 {
                return Ok(collected);
            }
            if collected.len() + count > limit {
                return Err(too_large);
            }
            collected.extend_from_slice(&piece[..count]);
        }
    }
}

impl AsyncRead for AsyncBody {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = ready!(self.get_mut().poll_into(cx, into.initialize_unfilled()))?;
        into.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl futures_core::Stream for AsyncBody {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = ready!(self.get_mut().poll_piece(cx));
        Poll::Ready(piece.map_err(io::Error::from).transpose())
    }
}
