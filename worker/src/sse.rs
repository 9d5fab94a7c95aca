//! Streams of events that the worker owns: the hub holds their clients, and asks and tells
//! the worker by ordinary exchanges.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;
use crate::response::{IntoResponse, Response};

/// The header that says what has happened.
pub(crate) const STAGE: &str = "slotway-sse";
/// The header that says to whom.
pub(crate) const CONNECTION: &str = "slotway-connection";

/// What the hub says of a client of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// It is there, and wants the events of the path.
    Connect,
    /// It was there before this worker was. `last-event-id` is that of the last event that
    /// was pushed to it, if one had an id.
    Reconnect,
    /// It is gone.
    Disconnect,
}

impl Stage {
    pub(crate) fn parse(text: &[u8]) -> Option<Stage> {
        match text {
            b"connect" => Some(Stage::Connect),
            b"reconnect" => Some(Stage::Reconnect),
            b"disconnect" => Some(Stage::Disconnect),
            _ => None,
        }
    }
}

/// A client of a stream, for as long as it is connected: no two have the same number, in
/// another run of the hub neither.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionId {
    /// Digits, as many as there are; zeros behind them.
    text: [u8; ConnectionId::BYTES_MAX],
}

impl ConnectionId {
    /// As many as a number below 2^64 has.
    const BYTES_MAX: usize = 20;

    pub(crate) fn parse(text: &[u8]) -> Option<ConnectionId> {
        let mut id = ConnectionId { text: [0; ConnectionId::BYTES_MAX] };
        id.text.get_mut(..text.len())?.copy_from_slice(text);
        let fits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        fits.then_some(id)
    }

    /// The number in digits, as pushes take it.
    pub fn as_str(&self) -> &str {
        let length = self.text.iter().position(|&byte| byte == 0).unwrap_or(self.text.len());
        // They are digits.
        std::str::from_utf8(&self.text[..length]).unwrap_or_default()
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionId({})", self.as_str())
    }
}

impl FromStr for ConnectionId {
    type Err = Error;

    fn from_str(text: &str) -> Result<ConnectionId, Error> {
        ConnectionId::parse(text.as_bytes()).ok_or_else(|| {
            Error::InvalidArgument(format!("{text:?} is no connection: it is 1 to 20 digits"))
        })
    }
}

/// What a worker says to a client that wants its events.
///
/// ```
/// use slotway::Admission;
/// let welcome = Admission::accept().header("x-room", "7");
/// let sorry = Admission::refuse(403, "members only");
/// # let _ = (welcome, sorry);
/// ```
#[derive(Debug)]
pub struct Admission(Response);

impl Admission {
    /// It gets what is pushed from here on, and stays.
    pub fn accept() -> Admission {
        Admission(Response::new(200))
    }

    /// It gets this response and nothing else. A browser's `EventSource` does not try again
    /// after any of them. A status below 300 would mean the opposite and becomes 403.
    pub fn refuse(status: u16, body: impl IntoResponse) -> Admission {
        Admission::refuse_with(body.into_response().status(status))
    }

    /// The same with a whole response.
    pub fn refuse_with(response: Response) -> Admission {
        Admission(if response.status < 300 { response.status(403) } else { response })
    }

    /// Adds a header to the response that the client gets.
    #[must_use]
    pub fn header(self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Admission {
        Admission(self.0.header(name, value))
    }
}

impl IntoResponse for Admission {
    fn into_response(self) -> Response {
        self.0
    }
}

/// Something that says whether a client may stay.
pub trait IntoAdmission {
    /// What it says.
    fn into_admission(self) -> Admission;
}

impl IntoAdmission for Admission {
    fn into_admission(self) -> Admission {
        self
    }
}

/// It may.
impl IntoAdmission for () {
    fn into_admission(self) -> Admission {
        Admission::accept()
    }
}

/// An error refuses it.
impl<T: IntoAdmission, E: IntoResponse> IntoAdmission for Result<T, E> {
    fn into_admission(self) -> Admission {
        match self {
            Ok(accepted) => accepted.into_admission(),
            Err(refused) => Admission::refuse_with(refused.into_response()),
        }
    }
}

/// What a `HEAD` on the route of a stream is answered with: there is one.
pub(crate) fn described() -> Response {
    Response::new(200).header("content-type", "text/event-stream")
}

#[cfg(test)]
mod tests;
