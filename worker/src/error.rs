//! What can go wrong, with a stable code for each.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use slotway_core::control::RefusalCode;
use slotway_core::record::CallEnd;

/// What the fallible functions of this crate give.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Something that went wrong.
///
/// [`Error::code`] is stable; the texts are for people and may change.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Error {
    /// An option, a name, a pattern or another argument is not acceptable; holds the
    /// sentence that says why.
    InvalidArgument(String),
    /// The connection was shut down: no further exchange comes.
    Closed,
    /// The time was over before anything happened.
    Timeout,
    /// The hub refused the connection or a registration.
    Refused {
        /// The name of the registration; `None` when the connection was refused.
        registration: Option<String>,
        /// The hub's stable code.
        code: RefusalCode,
        /// The hub's sentence.
        reason: String,
    },
    /// The other side of the control socket does not speak the protocol, or handed over
    /// something that is not a region of a layout that this build can read.
    Protocol(String),
    /// The system refused something.
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The exchange has had its one answer already.
    AlreadyAnswered,
    /// The call does not fit what was done before; holds the sentence that says why.
    OutOfOrder(&'static str),
    /// Something is larger than its place.
    TooLarge {
        /// What it is.
        what: &'static str,
        /// Bytes that there is room for.
        limit: usize,
    },
    /// Nobody waits for the answer any more: the client went away or the deadline passed.
    Cancelled,
    /// The hub that sent the exchange is gone; its answer would go nowhere.
    HubGone,
    /// The client broke the request's body off.
    BodyAborted,
    /// The response's body has another length than its `content-length` says.
    BodyLength {
        /// What the header says.
        declared: u64,
        /// Bytes that were given, at least.
        given: u64,
    },
    /// The status or a header cannot be part of a response; holds the sentence that says
    /// why.
    InvalidHead(String),
    /// The request's body is not what was asked for, text or JSON; holds the sentence that
    /// says why.
    BadBody(String),
    /// No worker has answered a call.
    Call {
        /// How it ended.
        end: CallEnd,
        /// The hub's sentence.
        reason: String,
        /// How long to stay away, where the hub says so.
        retry_after: Option<Duration>,
    },
}

/// The stable codes of errors, as the C interface and every binding show them. A code is
/// never changed and never used again for something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum ErrorCode {
    /// An argument is not acceptable.
    InvalidArgument = -1,
    /// The connection was shut down.
    Closed = -2,
    /// The time was over.
    Timeout = -3,
    /// Nothing to do now; the poll descriptor tells when there is. No [`Error`] has this
    /// code: functions that do not wait give `None` instead.
    Again = -4,
    /// The hub refused.
    Refused = -5,
    /// The other side does not speak the protocol.
    Protocol = -6,
    /// The system refused something.
    Io = -7,
    /// The exchange has been answered.
    AlreadyAnswered = -8,
    /// The call does not fit what was done before.
    OutOfOrder = -9,
    /// Something is larger than its place.
    TooLarge = -10,
    /// Nobody waits for the answer any more.
    Cancelled = -11,
    /// The hub that sent the exchange is gone.
    HubGone = -12,
    /// The client broke the request's body off.
    BodyAborted = -13,
    /// The response's body does not have the declared length.
    BodyLength = -14,
    /// The status or a header cannot be part of a response.
    InvalidHead = -15,
    /// A bug of this library: a panic that a language boundary stopped. No [`Error`] has
    /// this code.
    Internal = -16,
    /// No worker has answered a call; [`Error::Call`] says how it ended.
    Call = -17,
}

impl ErrorCode {
    /// Every code, in order.
    pub const ALL: [ErrorCode; 17] = [
        ErrorCode::InvalidArgument,
        ErrorCode::Closed,
        ErrorCode::Timeout,
        ErrorCode::Again,
        ErrorCode::Refused,
        ErrorCode::Protocol,
        ErrorCode::Io,
        ErrorCode::AlreadyAnswered,
        ErrorCode::OutOfOrder,
        ErrorCode::TooLarge,
        ErrorCode::Cancelled,
        ErrorCode::HubGone,
        ErrorCode::BodyAborted,
        ErrorCode::BodyLength,
        ErrorCode::InvalidHead,
        ErrorCode::Internal,
        ErrorCode::Call,
    ];

    /// The number.
    pub const fn as_i32(self) -> i32 {
        self as i32
    }

    /// The code of a number.
    pub fn from_i32(number: i32) -> Option<ErrorCode> {
        ErrorCode::ALL.into_iter().find(|code| code.as_i32() == number)
    }

    /// The stable name, in snake case.
    pub const fn name(self) -> &'static str {
        match self {
            ErrorCode::InvalidArgument => "invalid_argument",
            ErrorCode::Closed => "closed",
            ErrorCode::Timeout => "timeout",
            ErrorCode::Again => "again",
            ErrorCode::Refused => "refused",
            ErrorCode::Protocol => "protocol",
            ErrorCode::Io => "io",
            ErrorCode::AlreadyAnswered => "already_answered",
            ErrorCode::OutOfOrder => "out_of_order",
            ErrorCode::TooLarge => "too_large",
            ErrorCode::Cancelled => "cancelled",
            ErrorCode::HubGone => "hub_gone",
            ErrorCode::BodyAborted => "body_aborted",
            ErrorCode::BodyLength => "body_length",
            ErrorCode::InvalidHead => "invalid_head",
            ErrorCode::Internal => "internal",
            ErrorCode::Call => "call",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Error {
    /// What is too large when the client is to blame and not the handler.
    pub(crate) const REQUEST_BODY: &str = "the request's body";

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Error::InvalidArgument(_) | Error::BadBody(_) => ErrorCode::InvalidArgument,
            Error::Closed => ErrorCode::Closed,
            Error::Timeout => ErrorCode::Timeout,
            Error::Refused { .. } => ErrorCode::Refused,
            Error::Protocol(_) => ErrorCode::Protocol,
            Error::Io { .. } => ErrorCode::Io,
            Error::AlreadyAnswered => ErrorCode::AlreadyAnswered,
            Error::OutOfOrder(_) => ErrorCode::OutOfOrder,
            Error::TooLarge { .. } => ErrorCode::TooLarge,
            Error::Cancelled => ErrorCode::Cancelled,
            Error::HubGone => ErrorCode::HubGone,
            Error::BodyAborted => ErrorCode::BodyAborted,
            Error::BodyLength { .. } => ErrorCode::BodyLength,
            Error::InvalidHead(_) => ErrorCode::InvalidHead,
            Error::Call { .. } => ErrorCode::Call,
        }
    }

    pub(crate) fn io(what: impl Into<String>, source: impl Into<io::Error>) -> Error {
        Error::Io { what: what.into(), source: Arc::new(source.into()) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::InvalidArgument(what) | Error::InvalidHead(what) | Error::BadBody(what) => {
                f.write_str(what)
            }
            Error::Closed => f.write_str("the connection was shut down"),
            Error::Timeout => f.write_str("the time was over before anything happened"),
            Error::Refused { registration: Some(name), code, reason } => {
                write!(f, "the hub refused the registration {name:?} ({code}): {reason}")
            }
            Error::Refused { registration: None, code, reason } => {
                write!(f, "the hub refused the connection ({code}): {reason}")
            }
            Error::Protocol(what) => {
                write!(f, "the control socket's other side breaks the protocol: {what}")
            }
            Error::Io { what, source } => write!(f, "{what} failed: {source}"),
            Error::AlreadyAnswered => {
                f.write_str("the exchange has been answered; it has exactly one answer")
            }
            Error::OutOfOrder(what) => f.write_str(what),
            Error::TooLarge { what, limit } => {
                write!(f, "{what} is too large; there is room for {limit} bytes")
            }
            Error::Cancelled => f.write_str(
                "the exchange was cancelled: its client went away or its deadline passed",
            ),
            Error::HubGone => f.write_str("the hub that sent the exchange is gone"),
            Error::Call { end, reason, .. } => write!(f, "the call was not done ({end}): {reason}"),
            Error::BodyAborted => f.write_str("the client broke the request's body off"),
            Error::BodyLength { declared, given } => write!(
                f,
                "the response declares a content-length of {declared} and its body has {given} bytes"
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        let kind = match &error {
            Error::InvalidArgument(_) | Error::OutOfOrder(_) | Error::InvalidHead(_) => {
                io::ErrorKind::InvalidInput
            }
            Error::Timeout => io::ErrorKind::TimedOut,
            Error::Cancelled | Error::BodyAborted => io::ErrorKind::ConnectionAborted,
            Error::HubGone => io::ErrorKind::ConnectionReset,
            Error::Closed | Error::AlreadyAnswered => io::ErrorKind::NotConnected,
            Error::Protocol(_) | Error::BodyLength { .. } | Error::BadBody(_) => {
                io::ErrorKind::InvalidData
            }
            Error::Refused { .. } => io::ErrorKind::PermissionDenied,
            Error::Io { source, .. } => source.kind(),
            Error::Call { .. } => io::ErrorKind::Other,
            Error::TooLarge { .. } => io::ErrorKind::FileTooLarge,
        };
        io::Error::new(kind, error)
    }
}

#[cfg(test)]
mod tests;
