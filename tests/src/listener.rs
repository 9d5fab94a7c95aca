//! A client of a stream of events.

use std::io::{self, Read};

use crate::Hub;
use crate::http::{Connection, Head, Request};

/// An open stream over HTTP/1.1.
#[derive(Debug)]
pub struct Listener {
    connection: Connection,
    /// The response's head.
    pub head: Head,
    /// What came and was not read out of its chunks yet.
    raw: Vec<u8>,
    text: Vec<u8>,
    ended: bool,
}

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// Its type; empty for a plain message.
    pub event: String,
    /// Its id.
    pub id: Option<String>,
    /// When to come back, in milliseconds.
    pub retry: Option<u64>,
    /// Its data, lines joined.
    pub data: String,
}

impl Listener {
    /// Opens a stream. It has to be one.
    #[track_caller]
    pub fn open(hub: &Hub, target: &str) -> Listener {
        Listener::with(hub, &Request::get(target))
    }

    /// The same with any request.
    #[track_caller]
    pub fn with(hub: &Hub, request: &Request) -> Listener {
        let mut connection = hub.connect();
        connection.send(&request.bytes()).expect("a hub that reads");
        let head = connection.read_head().expect("a response");
        assert_eq!(head.status, 200, "{head:?}");
        assert_eq!(head.one("content-type"), Some("text/event-stream"));
        assert_eq!(head.one("transfer-encoding"), Some("chunked"));
        Listener { connection, head, raw: Vec::new(), text: Vec::new(), ended: false }
    }

    /// The next event, comments left out; `None` at the stream's proper end.
    ///
    /// # Errors
    ///
    /// The connection broke, or nothing came for too long.
    pub fn try_hears(&mut self) -> io::Result<Option<Heard>> {
        loop {
            if let Some(end) = find(&self.text, b"\n\n") {
                let block: Vec<u8> = self.text.drain(..end + 2).collect();
                let block = String::from_utf8(block).map_err(io::Error::other)?;
                if let Some(heard) = parse(&block) {
                    return Ok(Some(heard));
                }
                continue;
            }
            if self.ended {
                return Ok(None);
            }
            self.more()?;
        }
    }

    /// Takes the next chunk.
    fn more(&mut self) -> io::Result<()> {
        loop {
            if let Some(end) = find(&self.raw, b"\r\n") {
                let line = std::str::from_utf8(&self.raw[..end]).map_err(io::Error::other)?;
                let size = usize::from_str_radix(line, 16).map_err(io::Error::other)?;
                let whole = end + 2 + size + 2;
                if self.raw.len() >= whole {
                    self.text.extend_from_slice(&self.raw[end + 2..end + 2 + size]);
                    self.raw.drain(..whole);
                    self.ended = size == 0;
                    return Ok(());
                }
            }
            let mut bytes = [0; 16 << 10];
            match self.connection.read(&mut bytes)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.raw.extend_from_slice(&bytes[..count]),
            }
        }
    }

    /// The next event, which is there.
    #[track_caller]
    pub fn hears(&mut self) -> Heard {
        self.try_hears().expect("the connection lives").expect("the stream goes on")
    }

    /// The connection that its first event says it is.
    #[track_caller]
    pub fn ready(&mut self) -> String {
        let ready = self.hears();
        assert_eq!(ready.event, "ready");
        let data: serde_json::Value = serde_json::from_str(&ready.data).expect("JSON");
        data["connection"].as_str().expect("a connection").to_owned()
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn parse(block: &str) -> Option<Heard> {
    let mut heard = Heard::default();
    let mut data = Vec::new();
    for line in block.lines() {
        match line.split_once(": ") {
            Some(("event", value)) => value.clone_into(&mut heard.event),
            Some(("id", value)) => heard.id = Some(value.to_owned()),
            Some(("retry", value)) => heard.retry = value.parse().ok(),
            Some(("data", value)) => data.push(value),
            _ => {}
        }
    }
    heard.data = data.join("\n");
    (!data.is_empty()).then_some(heard)
}
