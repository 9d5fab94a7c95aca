//! A client of a stream of events that hides nothing of it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};

use super::WATCHDOG;

/// One event, as a browser would dispatch it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    pub kind: String,
    pub data: String,
    /// The last id that the stream has said.
    pub id: String,
    pub retry: Option<u64>,
}

/// A stream that is open.
pub struct Source {
    reader: BufReader<TcpStream>,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    id: String,
    /// Bytes of the chunk that are still to be read.
    chunk: usize,
    pub comments: usize,
}

impl Source {
    /// Asks for one; `headers` are whole lines.
    pub fn open(address: SocketAddr, path: &str, headers: &str) -> Source {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: test\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        Source::over(stream)
    }

    /// Reads a response's head.
    pub fn over(stream: TcpStream) -> Source {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("{line:?}")).parse().unwrap();
        let mut headers = Vec::new();
        loop {
            line.clear();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        Source { reader, status, headers, id: String::new(), chunk: 0, comments: 0 }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(found, _)| found == name);
        named.map(|(_, value)| value.as_str())
    }

    /// The next event; `None` at the end.
    pub fn next(&mut self) -> Option<Event> {
        let mut event = Event::default();
        let mut data: Option<String> = None;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                if let Some(data) = data {
                    let kind = if event.kind.is_empty() { "message".into() } else { event.kind };
                    return Some(Event { kind, data, id: self.id.clone(), ..event });
                }
                event = Event::default();
                continue;
            }
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "" => self.comments += 1,
                "event" => event.kind = value.to_owned(),
                "id" => self.id = value.to_owned(),
                "retry" => event.retry = Some(value.parse().unwrap()),
                "data" => {
                    data = Some(match data {
                        Some(before) => format!("{before}\n{value}"),
                        None => value.to_owned(),
                    });
                }
                _ => panic!("{line:?}"),
            }
        }
    }

    /// The next event, which has to be of this type.
    pub fn expect(&mut self, kind: &str) -> Event {
        let event = self.next().unwrap_or_else(|| panic!("{kind} was expected, not the end"));
        assert_eq!(event.kind, kind, "{event:?}");
        event
    }

    /// The first event, which says that the stream is there.
    pub fn ready(mut self) -> Source {
        assert_eq!(self.status, 200, "{:?}", self.headers);
        let ready = self.expect("ready");
        assert!(ready.retry.is_some());
        self
    }

    /// What is left of a body that is no stream.
    pub fn body(mut self) -> String {
        let length = self.header("content-length").unwrap().parse().unwrap();
        let mut body = vec![0; length];
        std::io::Read::read_exact(&mut self.reader, &mut body).unwrap();
        String::from_utf8(body).unwrap()
    }

    /// A line without its end; `None` at the end of the body.
    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        loop {
            if self.chunk == 0 {
                self.chunk = self.size()?;
            }
            let bytes = self.reader.fill_buf().unwrap();
            assert!(!bytes.is_empty(), "the connection broke in a chunk");
            let bytes = &bytes[..bytes.len().min(self.chunk)];
            let end = bytes.iter().position(|&byte| byte == b'\n');
            let count = end.map_or(bytes.len(), |end| end + 1);
            line.extend_from_slice(&bytes[..end.unwrap_or(count)]);
            self.reader.consume(count);
            self.chunk -= count;
            if self.chunk == 0 {
                let mut crlf = [0; 2];
                std::io::Read::read_exact(&mut self.reader, &mut crlf).unwrap();
                assert_eq!(&crlf, b"\r\n");
            }
            if end.is_some() {
                return Some(String::from_utf8(line).unwrap());
            }
        }
    }

    /// The size of the next chunk; `None` after the last one, or where the connection ends.
    fn size(&mut self) -> Option<usize> {
        let mut line = String::new();
        // A reset is an end, too.
        let count = self.reader.read_line(&mut line).unwrap_or(0);
        if count == 0 {
            return None;
        }
        let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
        (size > 0).then_some(size)
    }
}
