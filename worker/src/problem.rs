//! What a client is told when a handler gave no answer of its own:
//! `application/problem+json` (RFC 9457), in the form that the hub uses.

use std::fmt::Write;

/// The media type.
pub(crate) const MEDIA_TYPE: &[u8] = b"application/problem+json";

/// The kinds of problems. A code is never renamed and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The handler ended without an answer.
    NoAnswer,
    /// The handler panicked.
    Panic,
    /// The handler gave an error.
    Failed,
    /// The handler's answer cannot be sent.
    BadAnswer,
    /// The request's body is not what the handler can take.
    BadBody,
    /// The request's body is larger than the handler takes at once.
    BodyTooLarge,
    /// The handler gave up waiting.
    Timeout,
}

impl Problem {
    fn parts(self) -> (u16, &'static str, &'static str) {
        match self {
            Problem::NoAnswer => (500, "no_answer", "The worker gave no answer"),
            Problem::Panic => (500, "handler_panic", "The worker's handler panicked"),
            Problem::Failed => (500, "handler_failed", "The worker's handler failed"),
            Problem::BadAnswer => (502, "bad_answer", "The worker's answer is not valid"),
            Problem::BadBody => (400, "bad_body", "The request's body cannot be used"),
            Problem::BodyTooLarge => (413, "body_too_large", "The request's body is too large"),
            Problem::Timeout => (504, "handler_timeout", "The worker's handler gave up waiting"),
        }
    }

    pub(crate) fn status(self) -> u16 {
        self.parts().0
    }

    /// The body, with a sentence for whoever reads it.
    pub(crate) fn body(self, detail: &str) -> Vec<u8> {
        let (status, code, title) = self.parts();
        let mut body = format!(
            r#"{{"type":"urn:slotway:problem:{code}","title":"{title}","status":{status},"detail":""#
        );
        escape(detail, &mut body);
        let _ = write!(body, r#"","code":"{code}"}}"#);
        body.into_bytes()
    }
}

/// Escapes what a JSON string may not hold.
fn escape(text: &str, into: &mut String) {
    for c in text.chars() {
        match c {
            '"' | '\\' => into.extend(['\\', c]),
            c if c < ' ' => {
                let _ = write!(into, "\\u{:04x}", u32::from(c));
            }
            c => into.push(c),
        }
    }
}

#[cfg(test)]
mod tests;
