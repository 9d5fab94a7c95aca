//! One connection of a client.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::{Body, Head, Request, Response};
use crate::Wire;

/// A read or write of a client waits at most this long, unless it sets another limit.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection of a client, on which requests may follow each other.
#[derive(Debug)]
pub struct Connection {
    wire: Wire,
    /// Bytes that came and were not read yet.
    ahead: Vec<u8>,
    taken: usize,
}

impl Connection {
    /// Connects over TCP.
    pub fn open(address: SocketAddr) -> io::Result<Connection> {
        Connection::new(Wire::tcp(address)?)
    }

    /// Connects to a Unix socket.
    pub fn open_unix(path: &Path) -> io::Result<Connection> {
        Connection::new(Wire::unix(path)?)
    }

    fn new(wire: Wire) -> io::Result<Connection> {
        wire.set_read_timeout(PATIENCE)?;
        wire.set_write_timeout(PATIENCE)?;
        Ok(Connection { wire, ahead: Vec::new(), taken: 0 })
    }

    /// The socket.
    pub fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    /// Sends bytes.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire.write_all(bytes)
    }

    /// Sends one chunk of a body with `transfer-encoding: chunked`; an empty one ends it.
    pub fn send_chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        self.send(&chunk)
    }

    /// Reads a response's head.
    pub fn read_head(&mut self) -> io::Result<Head> {
        let mut bytes = Vec::new();
        loop {
            let line = self.read_line()?;
            bytes.extend_from_slice(&line);
            bytes.extend_from_slice(b"\r\n");
            if line.is_empty() {
                break;
            }
        }
        let bad = || io::Error::new(ErrorKind::InvalidData, String::from_utf8_lossy(&bytes));
        Head::parse(&bytes).ok_or_else(bad)
    }

    /// The body that follows `head`.
    pub fn body(&mut self, head: &Head) -> Body<'_> {
        Body::new(self, head, false)
    }

    /// Reads a whole response.
    pub fn read_response(&mut self) -> io::Result<Response> {
        let head = self.read_head()?;
        let mut body = Vec::new();
        self.body(&head).read_to_end(&mut body)?;
        Ok(Response { head, body })
    }

    /// Sends a request and reads its response.
    pub fn exchange(&mut self, request: &Request) -> io::Result<Response> {
        self.send(&request.bytes())?;
        self.read_response()
    }

    /// Whether the other side ended the connection and sent nothing more before.
    pub fn is_at_end(&mut self) -> io::Result<bool> {
        match self.read_some(&mut [0]) {
            Ok(count) => Ok(count == 0),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Whether nothing has come by now.
    pub fn is_silent(&mut self) -> io::Result<bool> {
        if self.taken < self.ahead.len() {
            return Ok(false);
        }
        let mut byte = [0];
        let flags = rustix::net::RecvFlags::PEEK | rustix::net::RecvFlags::DONTWAIT;
        match rustix::net::recv(&self.wire, &mut byte, flags) {
            Err(rustix::io::Errno::AGAIN) => Ok(true),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(false),
        }
    }

    pub(super) fn read_some(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.ahead.len() {
            return self.wire.read(into);
        }
        let ahead = &self.ahead[self.taken..];
        let count = ahead.len().min(into.len());
        into[..count].copy_from_slice(&ahead[..count]);
        self.taken += count;
        Ok(count)
    }

    /// Reads a line without its CR LF.
    pub(super) fn read_line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            if self.taken == self.ahead.len() {
                self.ahead.resize(8192, 0);
                let count = self.wire.read(&mut self.ahead)?;
                self.ahead.truncate(count);
                self.taken = 0;
                if count == 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
            }
            let ahead = &self.ahead[self.taken..];
            let end = ahead.iter().position(|&byte| byte == b'\n');
            let count = end.map_or(ahead.len(), |at| at + 1);
            line.extend_from_slice(&ahead[..count]);
            self.taken += count;
            if end.is_some() {
                line.truncate(line.len() - if line.ends_with(b"\r\n") { 2 } else { 1 });
                return Ok(line);
            }
        }
    }
}

/// The bytes as they come, framing and all.
impl Read for Connection {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.read_some(into)
    }
}
