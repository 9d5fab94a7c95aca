//! `POST /internal/sse-push`: an event to the clients of a stream that a worker owns, from
//! outside that worker.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::delegated::{NotPushed, Push, Pushed, To, push as push_to};
use crate::problem::{Kind, Problem};
use crate::shared::Shared;
use crate::sse::Message;

/// Where it is.
pub(super) const PATH: &str = "/internal/sse-push";

/// What is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The registration name whose clients are meant.
    #[serde(default)]
    worker: Option<String>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    pattern: Option<String>,
    #[serde(default)]
    params: BTreeMap<String, String>,
    #[serde(default)]
    connection: Option<Number>,
    #[serde(default)]
    event: Option<String>,
    #[serde(default)]
    id: Option<String>,
    /// Text; anything else is sent as JSON.
    #[serde(default)]
    data: Option<Value>,
    #[serde(default)]
    retry_ms: Option<u64>,
    #[serde(default)]
    close: bool,
}

/// A connection's number, as workers get it or as JSON has numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u64),
    Text(String),
}

#[derive(Serialize)]
struct Answer {
    clients: usize,
    #[serde(skip_serializing_if = "is_zero")]
    full: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Answers a request to push.
pub(super) async fn push(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    match attempt(&shared, &body) {
        Ok(Pushed { clients, full }) => Json(Answer { clients, full }).into_response(),
        Err(not_pushed) => problem(&not_pushed).into_response(),
    }
}

fn attempt(shared: &Shared, body: &[u8]) -> Result<Pushed, NotPushed> {
    let bad = |words: String| Err(NotPushed::Bad(words));
    let asked: Asked = match serde_json::from_slice(body) {
        Ok(asked) => asked,
        Err(error) => return bad(format!("The body is not what can be pushed: {error}.")),
    };
    let params: Vec<(&str, &[u8])> =
        asked.params.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    if !params.is_empty() && asked.pattern.is_none() {
        return bad("Params go with a pattern.".to_owned());
    }
    let to = match (&asked.path, &asked.pattern, &asked.connection) {
        (Some(path), None, None) => To::Path(path),
        (None, Some(pattern), None) => To::Pattern(pattern, &params),
        (None, None, Some(Number::Number(id))) => To::Connection(*id),
        (None, None, Some(Number::Text(text))) => match text.parse() {
            Ok(id) => To::Connection(id),
            Err(_) => return bad(format!("The connection {text:?} is not a number.")),
        },
        _ => {
            let words = "Name whom to push to: one of path, pattern (with params), connection.";
            return bad(words.to_owned());
        }
    };
    let data: Option<Cow<'_, str>> = asked.data.as_ref().map(|data| match data {
        Value::String(text) => Cow::Borrowed(text.as_str()),
        other => Cow::Owned(other.to_string()),
    });
    let has_event = asked.event.is_some() || asked.id.is_some() || data.is_some();
    if asked.retry_ms.is_some() && !has_event {
        return bad("The time to come back goes with an event.".to_owned());
    }
    let event = has_event.then(|| Message {
        id: asked.id.as_deref(),
        event: asked.event.as_deref().unwrap_or_default(),
        retry: asked.retry_ms.map(Duration::from_millis),
        data: data.as_deref().unwrap_or_default().as_bytes(),
    });
    let pushed = Push { name: asked.worker.as_deref(), to, event, close: asked.close };
    push_to(&shared.delegated, &pushed, shared.config().delegated.bytes)
}

fn problem(not_pushed: &NotPushed) -> Problem {
    let kind = match not_pushed {
        NotPushed::Bad(_) => Kind::BadRequest,
        NotPushed::TooLarge(..) => Kind::BodyTooLarge,
        NotPushed::Unknown => Kind::NoClients,
        NotPushed::Closing => Kind::StreamClosing,
        NotPushed::Full => Kind::StreamFull,
    };
    let detail = not_pushed.to_string();
    let mut chars = detail.chars();
    let sentence = match chars.next() {
        Some(first) => format!("{}{}", first.to_uppercase(), chars.as_str()),
        None => detail,
    };
    let end = if sentence.ends_with('.') { "" } else { "." };
    Problem::new(kind, format!("{sentence}{end}"))
}
