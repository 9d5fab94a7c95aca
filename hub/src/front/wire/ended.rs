//! A client that has said everything: gone, or waiting for its answer?
//!
//! Both look the same, an end of what it sends (in TCP a FIN, in TLS a `close_notify`).
//! What tells them apart is how the other machine answers to bytes: with an RST when
//! nobody has the socket any more. There are bytes that mean nothing to who is there:
//! before a response an interim one, and in a response of chunks, between two of them, a
//! zero before the next one's size.
//!
//! Where no such bytes may be sent (to a client of HTTP/1.0, and in a response of known
//! length) the next bytes of the response itself find out, and TCP's keepalive does when
//! the client's system has forgotten the socket, which takes Linux a minute.

use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustix::net::sockopt;
use tokio::io::{AsyncRead, AsyncWrite, Interest};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::Instant;

use super::heard::Heard;
use crate::alarm::Alarm;

/// Every client of HTTP/1.1 takes an interim response (RFC 9110, section 15.2).
pub(super) const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
/// A chunk's size may begin with zeros, the last one's too (RFC 9112, section 7.1).
const ZERO: &[u8] = b"0";

/// How often a chunk's size may be asked with: there are readers that take no more than 16
/// digits, and no chunk's size here has more than six.
const ZEROS_MAX: u32 = 8;
/// The time to the second question, which doubles with each up to the longest.
const PAUSE: Duration = Duration::from_secs(1);
const DOUBLINGS_MAX: u32 = 4;

/// A machine that is there answers to one of three questions.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_COUNT: u32 = 3;

/// What a connection runs over.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Heard + Unpin {
    /// The socket below, to be asked about its other end; `None` when there is none.
    fn socket(&self) -> Option<BorrowedFd<'_>>;
}

impl Transport for TcpStream {
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }
}

impl Transport for UnixStream {
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }
}

/// Watches a client that sends no more.
pub(super) struct Ended {
    gone: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Questions that were asked, and how many of them were [`ZERO`].
    asked: u32,
    zeros: u32,
    /// When the next one is due.
    due: Instant,
    alarm: Alarm,
}

impl Ended {
    /// Watches from now on. `None`: there is nothing that could be watched.
    pub(super) fn watch(socket: Option<BorrowedFd<'_>>) -> Option<Ended> {
        let socket = socket?.try_clone_to_owned().ok()?;
        // A Unix socket has none of this and needs none of it.
        let _ = sockopt::set_tcp_keepidle(&socket, KEEPALIVE_INTERVAL);
        let _ = sockopt::set_tcp_keepintvl(&socket, KEEPALIVE_INTERVAL);
        let _ = sockopt::set_tcp_keepcnt(&socket, KEEPALIVE_COUNT);
        let _ = sockopt::set_socket_keepalive(&socket, true);
        // A registration of its own: the stream's would stay ready for ever, because its
        // end was seen there. Nothing is done with it that only TCP could.
        let socket = std::net::TcpStream::from(socket);
        let socket = TcpStream::from_std(socket).ok()?;
        let gone = async move {
            let interest = Interest::WRITABLE | Interest::ERROR;
            // An error here is the runtime's end.
            while let Ok(ready) = socket.ready(interest).await {
                if ready.is_error() || ready.is_write_closed() {
                    return;
                }
                // Not to be told again before something changes.
                let blocked = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
                let _ = socket.try_io(Interest::WRITABLE, blocked);
            }
        };
        let (due, alarm) = (Instant::now(), Alarm::default());
        Some(Ended { gone: Box::pin(gone), asked: 0, zeros: 0, due, alarm })
    }

    /// Ready once nobody is there any more.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.gone.as_mut().poll(cx)
    }

    /// Ready when it is time for a question: at once for the first one. A client that has
    /// half-closed and leaves later says nothing more about it unless it is asked.
    pub(super) fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.alarm.poll_at(cx, self.due));
        self.due = Instant::now() + PAUSE * (1 << self.asked.min(DOUBLINGS_MAX));
        self.asked += 1;
        Poll::Ready(())
    }

    /// A question between two chunks, if there was not enough of them.
    pub(super) fn zero(&mut self) -> Option<&'static [u8]> {
        self.zeros += 1;
        (self.zeros <= ZEROS_MAX).then_some(ZERO)
    }
}

impl fmt::Debug for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ended")
    }
}
