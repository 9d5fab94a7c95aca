//! What a handler gives back.

use std::borrow::Cow;
use std::fmt;
use std::io;

use crate::error::Error;
use crate::problem::{MEDIA_TYPE, Problem};
use crate::worker::BodyWriter;

/// An answer: status, headers and body.
///
/// ```
/// use slotway::Response;
/// let made = Response::new(201).header("location", "/things/7").body("made");
/// # let _ = made;
/// ```
pub struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(Bytes, Bytes)>,
    pub(crate) body: Body,
}

pub(crate) type Bytes = Cow<'static, [u8]>;

/// Writes a streamed body.
pub(crate) type Writing = Box<dyn FnOnce(&mut BodyWriter<'_>) -> io::Result<()> + Send>;

/// A response's body.
pub(crate) enum Body {
    Whole(Bytes),
    Stream(Writing),
    #[cfg(feature = "tokio")]
    Async(crate::asynchronous::Writing),
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Response");
        shown.field("status", &self.status).field("headers", &self.headers.len());
        match &self.body {
            Body::Whole(bytes) => shown.field("bytes", &bytes.len()),
            Body::Stream(_) => shown.field("stream", &true),
            #[cfg(feature = "tokio")]
            Body::Async(_) => shown.field("stream", &true),
        };
        shown.finish_non_exhaustive()
    }
}

impl Response {
    /// A response without headers and body.
    pub fn new(status: u16) -> Response {
        Response { status, headers: Vec::new(), body: Body::Whole(Cow::Borrowed(b"")) }
    }

    /// A body that is written piece by piece while the client reads it. The head goes out
    /// with the first piece, or with `flush`. A `content-length` header, if there is one,
    /// is held to.
    ///
    /// `write` is called on the handler's thread after the handler has returned. An error
    /// that it gives breaks the response off.
    ///
    /// ```
    /// use std::io::Write;
    /// use slotway::Response;
    /// let counting = Response::stream(|out| {
    ///     for n in 1..=3 {
    ///         writeln!(out, "{n}")?;
    ///     }
    ///     Ok(())
    /// });
    /// # let _ = counting;
    /// ```
    pub fn stream<F>(write: F) -> Response
    where
        F: FnOnce(&mut BodyWriter<'_>) -> io::Result<()> + Send + 'static,
    {
        Response::new(200).streamed(write)
    }

    /// Sets a body that is written piece by piece; see [`stream`](Self::stream).
    #[must_use]
    pub fn streamed<F>(mut self, write: F) -> Response
    where
        F: FnOnce(&mut BodyWriter<'_>) -> io::Result<()> + Send + 'static,
    {
        self.body = Body::Stream(Box::new(write));
        self
    }

    /// A body in JSON.
    ///
    /// A value that cannot be JSON, a map whose keys are no strings for example, becomes a
    /// response 500 that says so.
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(value: &T) -> Response {
        match serde_json::to_vec(value) {
            Ok(bytes) => Response::new(200).typed("application/json").body(bytes),
            Err(error) => problem(Problem::Failed, &format!("The answer cannot be JSON: {error}.")),
        }
    }

    /// Sets the status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Response {
        self.status = status;
        self
    }

    /// Adds a header. Headers keep their order and may repeat; values are any bytes but
    /// control characters.
    #[must_use]
    pub fn header(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Response {
        let (name, value) = (name.as_ref().to_vec(), value.as_ref().to_vec());
        self.headers.push((Cow::Owned(name), Cow::Owned(value)));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Response {
        self.body = Body::Whole(Cow::Owned(body.into()));
        self
    }

    fn typed(mut self, media_type: &'static str) -> Response {
        self.headers.push((Cow::Borrowed(b"content-type"), Cow::Borrowed(media_type.as_bytes())));
        self
    }

    fn whole(media_type: &'static str, body: Bytes) -> Response {
        Response { body: Body::Whole(body), ..Response::new(200).typed(media_type) }
    }
}

/// A problem as a response.
pub(crate) fn problem(problem: Problem, detail: &str) -> Response {
    let media_type = (Cow::Borrowed(b"content-type".as_slice()), Cow::Borrowed(MEDIA_TYPE));
    Response {
        headers: vec![media_type],
        body: Body::Whole(Cow::Owned(problem.body(detail))),
        ..Response::new(problem.status())
    }
}

/// Something that a handler may give back.
pub trait IntoResponse {
    /// The response that it means.
    fn into_response(self) -> Response;
}

const TEXT: &str = "text/plain; charset=utf-8";
const BINARY: &str = "application/octet-stream";

impl IntoResponse for Response {
    fn into_response(self) -> Response {
        self
    }
}

/// 204, without a body.
impl IntoResponse for () {
    fn into_response(self) -> Response {
        Response::new(204)
    }
}

/// 200, as plain text.
impl IntoResponse for &'static str {
    fn into_response(self) -> Response {
        Response::whole(TEXT, Cow::Borrowed(self.as_bytes()))
    }
}

/// 200, as plain text.
impl IntoResponse for String {
    fn into_response(self) -> Response {
        Response::whole(TEXT, Cow::Owned(self.into_bytes()))
    }
}

/// 200, as bytes of no particular type.
impl IntoResponse for &'static [u8] {
    fn into_response(self) -> Response {
        Response::whole(BINARY, Cow::Borrowed(self))
    }
}

/// 200, as bytes of no particular type.
impl IntoResponse for Vec<u8> {
    fn into_response(self) -> Response {
        Response::whole(BINARY, Cow::Owned(self))
    }
}

/// Another status for the same response.
impl<T: IntoResponse> IntoResponse for (u16, T) {
    fn into_response(self) -> Response {
        self.1.into_response().status(self.0)
    }
}

impl<T: IntoResponse, E: IntoResponse> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response {
        match self {
            Ok(value) => value.into_response(),
            Err(error) => error.into_response(),
        }
    }
}

/// A problem whose status follows from the error: 400 for a body that broke off
/// or is not what was asked for, 413 for
/// one that is too large, 502 for an answer that cannot be sent, 504 for a wait that was
/// given up, else 500.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let kind = match self {
            Error::BodyAborted | Error::BadBody(_) => Problem::BadBody,
            Error::TooLarge { what: Error::REQUEST_BODY, .. } => Problem::BodyTooLarge,
            Error::TooLarge { .. } | Error::InvalidHead(_) | Error::BodyLength { .. } => {
                Problem::BadAnswer
            }
            Error::Timeout => Problem::Timeout,
            _ => Problem::Failed,
        };
        tracing::debug!(error = %self, "a handler gave an error");
        problem(kind, &self.to_string())
    }
}

/// 500. What the error says goes to the log and not to the client.
impl IntoResponse for Box<dyn std::error::Error + Send + Sync> {
    fn into_response(self) -> Response {
        tracing::error!(error = %self, "a handler failed");
        problem(Problem::Failed, "The handler failed; the worker's log says why.")
    }
}

/// 500. What the error says goes to the log and not to the client.
impl IntoResponse for io::Error {
    fn into_response(self) -> Response {
        tracing::error!(error = %self, "a handler failed");
        problem(Problem::Failed, "The handler failed; the worker's log says why.")
    }
}

#[cfg(test)]
mod tests;
