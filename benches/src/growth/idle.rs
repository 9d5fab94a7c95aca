//! Clients that keep a connection and do nothing with it.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(20);

/// Connections that have carried one request each; closed when this is dropped.
#[derive(Debug)]
pub(super) struct IdleClients(#[expect(dead_code, reason = "kept open")] Vec<TcpStream>);

impl IdleClients {
    pub(super) fn connect(address: &str, count: usize) -> io::Result<IdleClients> {
        let request = format!("GET /hello/world HTTP/1.1\r\nhost: {address}\r\n\r\n");
        let mut all = Vec::with_capacity(count);
        for _ in 0..count {
            let mut socket = TcpStream::connect(address)?;
            socket.set_read_timeout(Some(PATIENCE))?;
            socket.write_all(request.as_bytes())?;
            // An answer of this size arrives in one piece.
            let mut answer = [0; 1024];
            let length = socket.read(&mut answer)?;
            if !answer[..length].starts_with(b"HTTP/1.1 200") {
                return Err(io::Error::other("a client that is to be idle was refused"));
            }
            all.push(socket);
        }
        Ok(IdleClients(all))
    }
}
