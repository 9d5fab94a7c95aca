//! HTTP/1.1 by hand.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::WATCHDOG;

pub trait Stream: Read + Write + Send {
    fn hang_up_writing(&self);
}

impl Stream for TcpStream {
    fn hang_up_writing(&self) {
        self.shutdown(Shutdown::Write).unwrap();
    }
}

impl Stream for UnixStream {
    fn hang_up_writing(&self) {
        self.shutdown(Shutdown::Write).unwrap();
    }
}

pub struct Client {
    stream: Box<dyn Stream>,
    host: &'static str,
    buffer: Vec<u8>,
}

#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    /// The body came to the end that its head announced.
    pub complete: bool,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
        named.map(|(_, value)| std::str::from_utf8(value).unwrap())
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The code of a problem.
    pub fn code(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        problem["code"].as_str().unwrap().to_owned()
    }
}

impl Client {
    pub fn connect(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        stream.set_write_timeout(Some(WATCHDOG)).unwrap();
        Client { stream: Box::new(stream), host: "test", buffer: Vec::new() }
    }

    /// Says that it asks for this host.
    pub fn host(mut self, host: &'static str) -> Client {
        self.host = host;
        self
    }

    pub fn of(stream: TcpStream) -> Client {
        Client { stream: Box::new(stream), host: "test", buffer: Vec::new() }
    }

    pub fn unix(path: &Path) -> Client {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        Client { stream: Box::new(stream), host: "localhost", buffer: Vec::new() }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    pub fn hang_up_writing(&self) {
        self.stream.hang_up_writing();
    }

    pub fn get(&mut self, path: &str) -> Reply {
        self.request("GET", path, "", b"")
    }

    /// `headers` are whole lines, each with its CRLF.
    pub fn request(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Reply {
        self.send(method, path, headers, body);
        self.reply(method)
    }

    pub fn send(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) {
        let length = match (body.is_empty(), headers.contains("ransfer-")) {
            (false, false) => format!("content-length: {}\r\n", body.len()),
            _ => String::new(),
        };
        let host = if headers.starts_with("host: ") || headers.contains("\nhost: ") {
            String::new()
        } else {
            format!("host: {}\r\n", self.host)
        };
        let head = format!("{method} {path} HTTP/1.1\r\n{host}{headers}{length}\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend(body);
        self.write(&bytes);
    }

    pub fn reply(&mut self, method: &str) -> Reply {
        let mut reply = self.head();
        let no_body = method == "HEAD" || reply.status == 204 || reply.status == 304;
        if no_body {
            return reply;
        }
        if let Some(length) = reply.header("content-length") {
            let length = length.parse().unwrap();
            reply.complete = self.fill(length);
            let length = length.min(self.buffer.len());
            reply.body = self.buffer.drain(..length).collect();
        } else if reply.header("transfer-encoding") == Some("chunked") {
            reply.complete = loop {
                match self.chunk() {
                    Some(chunk) if chunk.is_empty() => break true,
                    Some(chunk) => reply.body.extend(chunk),
                    None => break false,
                }
            };
        } else {
            while self.more() {}
            reply.body = std::mem::take(&mut self.buffer);
        }
        reply
    }

    /// Reads a response's head.
    pub fn head(&mut self) -> Reply {
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at;
            }
            let seen = String::from_utf8_lossy(&self.buffer).into_owned();
            assert!(self.more(), "the connection ended in a head: {seen:?}");
        };
        let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
        let mut lines = head[..end].split(|&byte| byte == b'\n').map(|line| line.trim_ascii());
        let status_line = std::str::from_utf8(lines.next().unwrap()).unwrap();
        let status = status_line.split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines
            .map(|line| {
                let colon = line.iter().position(|&byte| byte == b':').unwrap();
                let name = String::from_utf8(line[..colon].to_vec()).unwrap();
                (name, line[colon + 1..].trim_ascii().to_vec())
            })
            .collect();
        Reply { status, headers, body: Vec::new(), complete: true }
    }

    /// Reads one chunk; empty at the end, `None` when the connection breaks.
    pub fn chunk(&mut self) -> Option<Vec<u8>> {
        let line = loop {
            if let Some(at) = self.buffer.windows(2).position(|window| window == b"\r\n") {
                break self.buffer.drain(..at + 2).collect::<Vec<_>>();
            }
            if !self.more() {
                return None;
            }
        };
        let size = std::str::from_utf8(&line).unwrap().trim();
        let size = usize::from_str_radix(size, 16).unwrap();
        if !self.fill(size + 2) {
            return None;
        }
        let mut chunk: Vec<u8> = self.buffer.drain(..size + 2).collect();
        chunk.truncate(size);
        Some(chunk)
    }

    /// The next byte, `None` at the connection's end.
    pub fn byte(&mut self) -> Option<u8> {
        self.fill(1).then(|| self.buffer.remove(0))
    }

    /// Whether the other side closes the connection next.
    pub fn is_closed(&mut self) -> bool {
        self.buffer.is_empty() && !self.more()
    }

    /// Reads whatever comes until the other side closes the connection.
    pub fn wait_end(&mut self) {
        while self.more() {}
    }

    fn fill(&mut self, length: usize) -> bool {
        while self.buffer.len() < length {
            if !self.more() {
                return false;
            }
        }
        true
    }

    fn more(&mut self) -> bool {
        let mut bytes = [0; 65536];
        match self.stream.read(&mut bytes) {
            Ok(0) => false,
            Ok(count) => {
                self.buffer.extend(&bytes[..count]);
                true
            }
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => false,
            Err(error) => panic!("no answer within the watchdog's time: {error}"),
        }
    }
}
