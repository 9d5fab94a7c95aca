//! What a client is told when its request could not be answered by a worker:
//! `application/problem+json` (RFC 9457) with a stable `type` and `code`.

use std::borrow::Cow;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

/// The kinds of problems. A kind's code is never renamed and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The request breaks a rule of HTTP.
    BadRequest,
    /// The request carries no token that counts.
    Unauthorized,
    /// The request comes from where it may not.
    Forbidden,
    /// The client may not listen to these events.
    TopicForbidden,
    /// No route matches the path.
    NoRoute,
    /// The path has routes, but none for the method.
    MethodNotAllowed,
    /// The client sent its body too slowly.
    BodyTimeout,
    /// The request's body broke off, or its chunks are none.
    BodyBroken,
    /// The request's body is longer than the route allows.
    BodyTooLarge,
    /// The client has as many requests in flight as it may.
    TooManyRequests,
    /// The request's head has too many bytes or lines, or does not fit a slot.
    HeadTooLarge,
    /// The request's target has too many bytes.
    TargetTooLong,
    /// The request wants what the hub does not do: a tunnel, an unknown transfer coding.
    NotImplemented,
    /// The request is of another version than HTTP/1.0 and HTTP/1.1.
    VersionNotSupported,
    /// The worker died, or ended the connection, with the request in its hands.
    WorkerGone,
    /// The worker's answer cannot be made a response.
    BadAnswer,
    /// No live worker serves the route.
    NoWorker,
    /// As many clients stay for events as may.
    TooManyStreams,
    /// No registration of that identity waits for approval.
    NotWaiting,
    /// Nobody stays for events there.
    NoClients,
    /// Whoever stays for events there leaves, or has left.
    StreamClosing,
    /// Too much waits for whoever stays for events there.
    StreamFull,
    /// As many requests wait for a slot as may.
    QueueFull,
    /// No slot came free in time.
    WaitTimeout,
    /// There is no memory for one more slot.
    NoMemory,
    /// The response's head was not there in time.
    Deadline,
    /// The event's payload is larger than one may be.
    EventTooLarge,
    /// Its principal has published all that it may for now.
    EventQuota,
    /// There are as many subscriptions as there may be.
    TooManySubscriptions,
    /// The hub shuts down.
    ShuttingDown,
    /// No worker has ever taken anything from the queue.
    NoQueue,
    /// No worker of the queue takes such activities.
    NoActivity,
    /// The idempotency key was used for something else.
    KeyReused,
    /// The call of an activity cannot be.
    BadCall,
}

impl Kind {
    fn parts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Kind::BadRequest => (StatusCode::BAD_REQUEST, "bad_request", "Bad request"),
            Kind::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized", "A token is needed"),
            Kind::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "Not from there"),
            Kind::TopicForbidden => {
                (StatusCode::FORBIDDEN, "topic_forbidden", "Not for this client")
            }
            Kind::NoRoute => (StatusCode::NOT_FOUND, "no_route", "No such route"),
            Kind::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed")
            }
            Kind::BodyBroken => {
                (StatusCode::BAD_REQUEST, "body_broken", "The request's body is not whole")
            }
            Kind::BodyTimeout => {
                (StatusCode::REQUEST_TIMEOUT, "body_timeout", "The request's body stopped")
            }
            Kind::BodyTooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "The request's body is too large")
            }
            Kind::TooManyRequests => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                "Too many requests of one client",
            ),
            Kind::HeadTooLarge => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "head_too_large",
                "The request's head is too large",
            ),
            Kind::TargetTooLong => {
                (StatusCode::URI_TOO_LONG, "target_too_long", "The request's target is too long")
            }
            Kind::NotImplemented => {
                (StatusCode::NOT_IMPLEMENTED, "not_implemented", "Not implemented")
            }
            Kind::VersionNotSupported => (
                StatusCode::HTTP_VERSION_NOT_SUPPORTED,
                "version_not_supported",
                "This version of HTTP is not spoken here",
            ),
            Kind::WorkerGone => (StatusCode::BAD_GATEWAY, "worker_gone", "The worker is gone"),
            Kind::BadAnswer => {
                (StatusCode::BAD_GATEWAY, "bad_answer", "The worker's answer is not valid")
            }
            Kind::NoWorker => {
                (StatusCode::SERVICE_UNAVAILABLE, "no_worker", "No worker serves this route now")
            }
            Kind::TooManyStreams => {
                (StatusCode::SERVICE_UNAVAILABLE, "too_many_streams", "Too many streams of events")
            }
            Kind::NotWaiting => (StatusCode::NOT_FOUND, "not_waiting", "Nothing waits there"),
            Kind::NoClients => (StatusCode::NOT_FOUND, "no_clients", "Nobody listens there"),
            Kind::StreamClosing => (StatusCode::GONE, "stream_closing", "The stream ends"),
            Kind::StreamFull => {
                (StatusCode::TOO_MANY_REQUESTS, "stream_full", "Too much waits for the clients")
            }
            Kind::QueueFull => {
                (StatusCode::SERVICE_UNAVAILABLE, "queue_full", "Too many requests wait")
            }
            Kind::WaitTimeout => {
                (StatusCode::SERVICE_UNAVAILABLE, "wait_timeout", "No worker was free in time")
            }
            Kind::NoMemory => (
                StatusCode::SERVICE_UNAVAILABLE,
                "no_memory",
                "There is no memory for one more request",
            ),
            Kind::Deadline => {
                (StatusCode::GATEWAY_TIMEOUT, "deadline", "The worker did not answer in time")
            }
            Kind::EventTooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "event_too_large", "The event is too large")
            }
            Kind::EventQuota => (
                StatusCode::TOO_MANY_REQUESTS,
                "event_quota",
                "The principal publishes more than it may",
            ),
            Kind::TooManySubscriptions => (
                StatusCode::SERVICE_UNAVAILABLE,
                "too_many_subscriptions",
                "There are as many subscriptions as may be",
            ),
            Kind::NoQueue => (StatusCode::NOT_FOUND, "no_queue", "No such queue"),
            Kind::NoActivity => (StatusCode::NOT_FOUND, "no_activity", "No such activity"),
            Kind::KeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "key_reused",
                "The idempotency key was used for something else",
            ),
            Kind::BadCall => (StatusCode::BAD_REQUEST, "bad_call", "The call cannot be"),
            Kind::ShuttingDown => {
                (StatusCode::SERVICE_UNAVAILABLE, "shutting_down", "The hub shuts down")
            }
        }
    }

    /// The status that goes with it.
    pub fn status(self) -> StatusCode {
        self.parts().0
    }

    /// The stable code: `no_route`, `worker_gone`, ...
    pub fn code(self) -> &'static str {
        self.parts().1
    }
}

/// One problem, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    kind: Kind,
    detail: Cow<'static, str>,
    retry_after: Option<Duration>,
    allow: Option<HeaderValue>,
    authenticate: Option<&'static str>,
}

impl Problem {
    /// A problem with a sentence for whoever reads the answer.
    pub fn new(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Problem {
        Problem { kind, detail: detail.into(), retry_after: None, allow: None, authenticate: None }
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Problem {
        self.retry_after = Some(after);
        self
    }

    /// Says which methods the path has.
    #[must_use]
    pub fn allow(mut self, methods: HeaderValue) -> Problem {
        self.allow = Some(methods);
        self
    }

    /// Says what proof is asked for (`www-authenticate`).
    #[must_use]
    pub fn authenticate(mut self, challenge: &'static str) -> Problem {
        self.authenticate = Some(challenge);
        self
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Its sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    uri: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, title) = self.kind.parts();
        let body = Body {
            uri: format!("urn:slotway:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            code,
            retry_after_ms: self
                .retry_after
                .map(|after| u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
        };
        // A struct of strings and numbers always serialises.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(after) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole_seconds(after)));
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, allow);
        }
        if let Some(challenge) = self.authenticate {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if matches!(self.kind, Kind::BodyTimeout | Kind::BodyBroken | Kind::BodyTooLarge) {
            // The rest of the body may still come; nothing after it could be told apart.
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// Rounded up, because the header has no fractions and 0 would mean "at once".
fn whole_seconds(after: Duration) -> u64 {
    after.as_secs() + u64::from(after.subsec_nanos() > 0)
}

mod refusal;
#[cfg(test)]
mod tests;
