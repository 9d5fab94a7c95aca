//! A connected stream socket of either family.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::net::sockopt;

/// A connected socket.
#[derive(Debug)]
pub enum Wire {
    /// TCP.
    Tcp(TcpStream),
    /// Unix.
    Unix(UnixStream),
}

impl Wire {
    /// Connects over TCP.
    pub fn tcp(address: SocketAddr) -> io::Result<Wire> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Wire::Tcp(stream))
    }

    /// Connects to a Unix socket.
    pub fn unix(path: &Path) -> io::Result<Wire> {
        Ok(Wire::Unix(UnixStream::connect(path)?))
    }

    /// How long a read may wait.
    pub fn set_read_timeout(&self, limit: Duration) -> io::Result<()> {
        match self {
            Wire::Tcp(stream) => stream.set_read_timeout(Some(limit)),
            Wire::Unix(stream) => stream.set_read_timeout(Some(limit)),
        }
    }

    /// How long a write may wait.
    pub fn set_write_timeout(&self, limit: Duration) -> io::Result<()> {
        match self {
            Wire::Tcp(stream) => stream.set_write_timeout(Some(limit)),
            Wire::Unix(stream) => stream.set_write_timeout(Some(limit)),
        }
    }

    /// Says that nothing more will be sent.
    pub fn end_of_sending(&self) -> io::Result<()> {
        match self {
            Wire::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Wire::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }

    /// Keeps the kernel's buffers small, so that the other side feels this side's pace.
    pub fn set_small_buffers(&self) -> io::Result<()> {
        sockopt::set_socket_recv_buffer_size(self, 16 << 10)?;
        sockopt::set_socket_send_buffer_size(self, 16 << 10)?;
        Ok(())
    }

    /// Makes closing a TCP socket a reset, as if the machine had gone.
    pub fn reset_on_close(&self) -> io::Result<()> {
        Ok(sockopt::set_socket_linger(self, Some(Duration::ZERO))?)
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Wire::Tcp(stream) => stream.as_fd(),
            Wire::Unix(stream) => stream.as_fd(),
        }
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Wire::Tcp(stream) => stream.read(into),
            Wire::Unix(stream) => stream.read(into),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Tcp(stream) => stream.write(bytes),
            Wire::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
