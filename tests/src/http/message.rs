//! Requests to send and responses that came.

use std::fmt;
use std::io::Write;

use serde_json::Value;

/// A request, as bytes.
#[derive(Debug, Clone)]
pub struct Request {
    head: Vec<u8>,
    body: Vec<u8>,
    has_length: bool,
}

impl Request {
    /// A request with a Host header and nothing else.
    pub fn new(method: &str, target: &str) -> Request {
        let head = format!("{method} {target} HTTP/1.1\r\nhost: test\r\n").into_bytes();
        Request { head, body: Vec::new(), has_length: false }
    }

    /// A GET.
    pub fn get(target: &str) -> Request {
        Request::new("GET", target)
    }

    /// A GET for the admin surface, which answers for hosts of this machine only.
    pub fn local(target: &str) -> Request {
        let head = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\n").into_bytes();
        Request { head, body: Vec::new(), has_length: false }
    }

    /// A POST for the admin surface.
    pub fn local_post(target: &str, body: impl Into<Vec<u8>>) -> Request {
        let head = format!("POST {target} HTTP/1.1\r\nhost: localhost\r\n").into_bytes();
        Request { head, body: Vec::new(), has_length: false }.body(body)
    }

    /// A POST with a body of known length.
    pub fn post(target: &str, body: impl Into<Vec<u8>>) -> Request {
        Request::new("POST", target).body(body)
    }

    /// Adds a header line, its value as bytes.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Request {
        self.head.extend_from_slice(name.as_bytes());
        self.head.extend_from_slice(b": ");
        self.head.extend_from_slice(value.as_ref());
        self.head.extend_from_slice(b"\r\n");
        self
    }

    /// The body; adds its content-length.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = body.into();
        self.has_length = true;
        let length = self.body.len().to_string();
        self.header("content-length", length)
    }

    /// Says that the connection will not be used again.
    #[must_use]
    pub fn close(self) -> Request {
        self.header("connection", "close")
    }

    /// The head's bytes, its closing empty line included.
    pub fn head_bytes(&self) -> Vec<u8> {
        let mut bytes = self.head.clone();
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    /// All its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head_bytes();
        bytes.write_all(&self.body).expect("a vector takes everything");
        bytes
    }
}

/// A response's head, as it came.
#[derive(Clone)]
pub struct Head {
    /// `HTTP/1.1`.
    pub version: String,
    /// The status.
    pub status: u16,
    /// The header lines in order, repeats included. Names are as they came.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Head {
    /// The values of a header, in order.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let named = |(found, _): &&(String, Vec<u8>)| found.eq_ignore_ascii_case(name);
        let named: Vec<_> = self.headers.iter().filter(named).collect();
        named.into_iter().map(|(_, value)| value.as_slice())
    }

    /// The only value of a header, as text.
    ///
    /// # Panics
    ///
    /// When the header is repeated or is not text.
    pub fn one(&self, name: &str) -> Option<&str> {
        let mut values = self.all(name);
        let value = values.next()?;
        assert!(values.next().is_none(), "{name} is repeated: {self:?}");
        Some(std::str::from_utf8(value).expect("a header that is text"))
    }

    pub(crate) fn parse(bytes: &[u8]) -> Option<Head> {
        let mut lines = bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r"));
        let status_line = std::str::from_utf8(lines.next()??).ok()?;
        let (version, rest) = status_line.split_once(' ')?;
        let status = rest.split(' ').next()?.parse().ok()?;
        let mut headers = Vec::new();
        for line in lines {
            let line = line?;
            if line.is_empty() {
                break;
            }
            let colon = line.iter().position(|&byte| byte == b':')?;
            let name = std::str::from_utf8(&line[..colon]).ok()?.to_owned();
            headers.push((name, line[colon + 1..].trim_ascii().to_vec()));
        }
        Some(Head { version: version.to_owned(), status, headers })
    }
}

/// A response that came to its end.
#[derive(Clone)]
pub struct Response {
    /// Its head.
    pub head: Head,
    /// Its body, out of its framing.
    pub body: Vec<u8>,
}

impl Response {
    /// The status.
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The stable code of a problem of the hub. Checks everything that a problem promises.
    #[track_caller]
    pub fn problem(&self) -> String {
        assert_eq!(self.head.one("content-type"), Some("application/problem+json"), "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], self.status(), "{self:?}");
        let code = body["code"].as_str().expect("a problem has a code").to_owned();
        assert_eq!(body["type"], format!("urn:slotway:problem:{code}"), "{self:?}");
        assert!(body["title"].is_string() && body["detail"].is_string(), "{self:?}");
        code
    }

    /// Checks the status; shows the response when it is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Response {
        assert_eq!(self.status(), status, "{:?} {}", self.head, self.text());
        self
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        self.headers.iter().try_for_each(|(name, value)| {
            let shown = &value[..value.len().min(200)];
            write!(f, " [{name}: {}]", shown.escape_ascii())
        })
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.body[..self.body.len().min(1000)];
        write!(f, "{:?}, {} bytes: {}", self.head, self.body.len(), shown.escape_ascii())
    }
}
