//! A client's connection as bytes, whatever carries it.

use std::io;
use std::os::fd::BorrowedFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::server::TlsStream;

use super::wire::{Heard, Transport};

/// A connection as it was accepted.
#[derive(Debug)]
pub(crate) struct Raw {
    carrier: Carrier,
    /// What was read to find out what it is, and has to be read once more.
    ahead: Bytes,
}

#[derive(Debug)]
enum Carrier {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Raw {
    pub(crate) fn tcp(stream: TcpStream) -> Raw {
        Raw { carrier: Carrier::Tcp(stream), ahead: Bytes::new() }
    }

    pub(crate) fn unix(stream: UnixStream) -> Raw {
        Raw { carrier: Carrier::Unix(stream), ahead: Bytes::new() }
    }

    /// Gives back what was read last; it is read next.
    pub(super) fn unread(&mut self, bytes: Bytes) {
        debug_assert!(self.ahead.is_empty(), "what was given back was not read again");
        self.ahead = bytes;
    }
}

/// A connection on which HTTP is spoken.
#[derive(Debug)]
pub(super) enum Socket {
    /// As it was accepted.
    Plain(Raw),
    /// Through TLS.
    Tls(Box<TlsStream<Raw>>),
}

impl Socket {
    /// As [`Raw::unread`]; only before TLS.
    pub(super) fn unread(&mut self, bytes: Bytes) {
        match self {
            Socket::Plain(raw) => raw.unread(bytes),
            Socket::Tls(_) => debug_assert!(false, "under TLS nobody has to look ahead"),
        }
    }
}

impl Transport for Socket {
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Socket::Plain(raw) => raw.socket(),
            Socket::Tls(stream) => stream.get_ref().0.socket(),
        }
    }
}

impl Heard for Socket {
    fn poll_heard(&self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        match self {
            Socket::Plain(raw) => raw.poll_heard(cx),
            // What the system has says nothing: it is to be deciphered first.
            Socket::Tls(_) => Poll::Pending,
        }
    }
}

impl Socket {
    /// Whether it says by itself, to who does not read, that its other end has gone.
    pub(super) fn is_heard(&self) -> bool {
        matches!(self, Socket::Plain(_))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Plain(raw) => Pin::new(raw).poll_read(cx, into),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Socket::Plain(raw) => Pin::new(raw).poll_write(cx, bytes),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Socket::Plain(raw) => Pin::new(raw).poll_write_vectored(cx, bytes),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_write_vectored(cx, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Plain(raw) => Pin::new(raw).poll_flush(cx),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Plain(raw) => Pin::new(raw).poll_shutdown(cx),
            Socket::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }
}

impl Transport for Raw {
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        match &self.carrier {
            Carrier::Tcp(stream) => stream.socket(),
            Carrier::Unix(stream) => stream.socket(),
        }
    }
}

impl Heard for Raw {
    fn poll_heard(&self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if self.ahead.has_remaining() {
            return Poll::Ready(Ok(true));
        }
        match &self.carrier {
            Carrier::Tcp(stream) => stream.poll_heard(cx),
            Carrier::Unix(stream) => stream.poll_heard(cx),
        }
    }
}

impl AsyncRead for Raw {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.has_remaining() {
            let count = self.ahead.len().min(into.remaining());
            into.put_slice(&self.ahead[..count]);
            self.ahead.advance(count);
            if self.ahead.is_empty() {
                // Lets go of the memory.
                self.ahead = Bytes::new();
            }
            return Poll::Ready(Ok(()));
        }
        match &mut self.carrier {
            Carrier::Tcp(stream) => Pin::new(stream).poll_read(cx, into),
            Carrier::Unix(stream) => Pin::new(stream).poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Raw {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.carrier {
            Carrier::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Carrier::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.carrier {
            Carrier::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, bytes),
            Carrier::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, bytes),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.carrier {
            Carrier::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Carrier::Unix(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.carrier {
            Carrier::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Carrier::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
