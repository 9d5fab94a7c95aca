//! What a client says while its request is under way: the next request, or nothing more.
//!
//! hyper could find out by reading on. But the request that it has just parsed still holds
//! the buffer, so each request would pay for another one, only to learn that nothing came.
//! A look at what the system has costs nothing until there is something.

use std::io;
use std::os::fd::AsFd;
use std::task::{Context, Poll, ready};

use rustix::net::{RecvFlags, recv};
use tokio::io::Interest;
use tokio::net::{TcpStream, UnixStream};

/// Something that can be listened to without taking what it says.
pub(crate) trait Heard {
    /// Ready when the other end has said something more, `true`, or will not, `false`.
    fn poll_heard(&self, cx: &mut Context<'_>) -> Poll<io::Result<bool>>;
}

macro_rules! heard {
    ($stream:ty) => {
        impl Heard for $stream {
            fn poll_heard(&self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
                loop {
                    ready!(self.poll_read_ready(cx))?;
                    match self.try_io(Interest::READABLE, || peek(self)) {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        heard => return Poll::Ready(heard),
                    }
                }
            }
        }
    };
}

heard!(TcpStream);
heard!(UnixStream);

fn peek(socket: &impl AsFd) -> io::Result<bool> {
    let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
    let (_, count) = recv(socket, &mut [0_u8; 1], flags)?;
    Ok(count > 0)
}
