//! `POST /internal/emit`: publishes events, for scripts.
//!
//! In three forms, told apart by the request: with `?topic=` the body is one event's
//! payload; as `application/x-ndjson` it is one event a line, each published as it comes;
//! else it is one event or a list of events as JSON.

mod incoming;

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use incoming::Incoming;

use crate::problem::{Kind, Problem};
use crate::shared::Shared;

/// Bytes of a request that is not read line by line: several events as large as may be.
const BODY_BYTES_MAX: usize = 32 << 20;
/// Bytes of one line: an event as large as may be, in base64, and its names.
const LINE_BYTES_MAX: usize = 8 << 20;
/// Refusals that are told in words; the rest is counted.
const REFUSALS_MAX: usize = 100;

/// What the query says of an event whose payload is the body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    topic: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<String>,
    principal: Option<String>,
    #[serde(default)]
    must_deliver: bool,
}

/// One event that was published.
#[derive(Serialize)]
struct One {
    seq: u64,
}

/// What became of several.
#[derive(Default, Serialize)]
struct Made {
    published: u64,
    refused: u64,
    /// The first of those that were refused.
    refusals: Vec<Refused>,
}

#[derive(Serialize)]
struct Refused {
    /// Counted from 1.
    line: u64,
    code: &'static str,
    detail: String,
}

/// Answers a request for it.
pub(super) async fn emit(
    State(shared): State<Arc<Shared>>,
    Query(said): Query<Said>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let body = request.into_body();
    if let Some(topic) = said.topic {
        let payload = whole(body).await?;
        let Said { kind, id, principal, must_deliver, .. } = said;
        let incoming = Incoming { topic, kind, id, principal, payload, must_deliver };
        return one(&shared, incoming).await;
    }
    let ndjson = headers.get(CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes();
        kind.len() >= NDJSON.len() && kind[..NDJSON.len()].eq_ignore_ascii_case(NDJSON)
    });
    if ndjson {
        return lines(&shared, body).await;
    }
    let body = whole(body).await?;
    if body.trim_ascii_start().first() != Some(&b'[') {
        return one(&shared, Incoming::parse(&body).map_err(mistake)?).await;
    }
    let events: Vec<&RawValue> = serde_json::from_slice(&body)
        .map_err(|error| mistake(format!("this is no list of events: {error}")))?;
    let mut made = Made::default();
    for (event, line) in events.into_iter().zip(1..) {
        made.publish(&shared, event.get().as_bytes(), line).await;
    }
    Ok(Json(made).into_response())
}

const NDJSON: &[u8] = b"application/x-ndjson";

async fn whole(body: Body) -> Result<Bytes, Problem> {
    to_bytes(body, BODY_BYTES_MAX).await.map_err(|error| {
        let detail =
            format!("The body has more than {BODY_BYTES_MAX} bytes or broke off: {error}.");
        Problem::new(Kind::BodyTooLarge, detail)
    })
}

async fn one(shared: &Shared, incoming: Incoming) -> Result<Response, Problem> {
    let seq = incoming.publish(&shared.bus).await?;
    Ok(Json(One { seq }).into_response())
}

impl Made {
    async fn publish(&mut self, shared: &Shared, json: &[u8], line: u64) {
        let refused = match Incoming::parse(json) {
            Err(detail) => Refused { line, code: Kind::BadRequest.code(), detail },
            Ok(incoming) => match incoming.publish(&shared.bus).await {
                Ok(_) => {
                    self.published += 1;
                    return;
                }
                Err(refusal) => {
                    let problem = Problem::from(refusal);
                    let detail = problem.detail().to_owned();
                    Refused { line, code: problem.kind().code(), detail }
                }
            },
        };
        self.refuse(refused);
    }

    fn refuse(&mut self, refused: Refused) {
        self.refused += 1;
        if self.refusals.len() < REFUSALS_MAX {
            self.refusals.push(refused);
        }
    }
}

/// Publishes line by line, so that who writes as things happen is heard as they do.
async fn lines(shared: &Shared, mut body: Body) -> Result<Response, Problem> {
    let (mut made, mut line) = (Made::default(), 0);
    let mut rest = BytesMut::new();
    loop {
        let data = match body.frame().await {
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            // What was whole is published; half a line is no event.
            Some(Err(_)) => return Err(broke_off(&made)),
            None => break,
        };
        // Only what has come now can hold the end of a line.
        let mut from = rest.len();
        rest.extend_from_slice(&data);
        while let Some(length) = memchr::memchr(b'\n', &rest[from..]) {
            let found = rest.split_to(from + length + 1);
            from = 0;
            line += 1;
            if !found.trim_ascii().is_empty() {
                made.publish(shared, &found, line).await;
            }
        }
        if rest.len() > LINE_BYTES_MAX {
            let detail = format!(
                "Line {} has more than {LINE_BYTES_MAX} bytes; the {} events before it were \
                 published.",
                line + 1,
                made.published
            );
            return Err(Problem::new(Kind::BodyTooLarge, detail));
        }
    }
    if !rest.trim_ascii().is_empty() {
        made.publish(shared, &rest, line + 1).await;
    }
    Ok(Json(made).into_response())
}

fn broke_off(made: &Made) -> Problem {
    let detail = format!("The body broke off after {} events were published.", made.published);
    Problem::new(Kind::BodyBroken, detail)
}

fn mistake(detail: String) -> Problem {
    Problem::new(Kind::BadRequest, detail)
}
