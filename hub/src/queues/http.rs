//! Calls that come over HTTP: `POST /queues/{namespace}/{queue}/{activity}`.
//!
//! The query says how: `timeout` and `backoff` in seconds or with a unit (`100ms`),
//! `attempts`, `idempotent`. The header `idempotency-key` gives a key.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName};
use http::{HeaderValue, StatusCode};
use percent_encoding::percent_decode_str;
use slotway_core::record::CallEnd;

use super::activity::{Outcome, Wanted};
use super::bands::Band;
use crate::config::parse_time;
use crate::problem::{Kind, Problem};

const ACTIVITY: HeaderName = HeaderName::from_static("slotway-activity");
const ATTEMPTS: HeaderName = HeaderName::from_static("slotway-attempts");
const BAND: HeaderName = HeaderName::from_static("slotway-band");
const DELAY_HINT: HeaderName = HeaderName::from_static("slotway-delay-hint-ms");
const REPLAYED: HeaderName = HeaderName::from_static("slotway-replayed");
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// How long to stay away when the hub has no hint of its own.
const RETRY: Duration = Duration::from_millis(250);

/// The queue and the activity that a path names, if it names any.
pub(crate) fn named(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("/queues/")?;
    let (queue, activity) = rest.rsplit_once('/')?;
    (queue.contains('/') && !activity.is_empty()).then_some((queue, activity))
}

/// What a request wants, all but its payload.
pub(crate) fn wanted(
    (queue, kind): (&str, &str),
    query: Option<&str>,
    headers: &HeaderMap,
) -> Result<Wanted, Problem> {
    let mut wanted = Wanted { queue: queue.into(), kind: kind.into(), ..Wanted::default() };
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_decode_str(value).decode_utf8_lossy();
        let mistake = |rule: &str| {
            let detail = format!("The query's {name}={value} cannot be: {rule}.");
            Problem::new(Kind::BadCall, detail)
        };
        match name {
            "timeout" => wanted.timeout = Some(parse_time(&value).map_err(|why| mistake(&why))?),
            "backoff" => wanted.backoff = parse_time(&value).map_err(|why| mistake(&why))?,
            "attempts" => {
                let attempts = value.parse().ok().filter(|&attempts| attempts > 0);
                wanted.attempts = attempts.ok_or_else(|| mistake("write a number, 1 to 65535"))?;
            }
            "idempotent" => {
                wanted.idempotent = match &*value {
                    "" | "true" | "1" => true,
                    "false" | "0" => false,
                    _ => return Err(mistake("write true or false")),
                }
            }
            _ => return Err(mistake("it may say timeout, attempts, backoff and idempotent")),
        }
    }
    let text = |name: &str| -> Result<Option<Box<str>>, Problem> {
        let Some(value) = headers.get(name) else { return Ok(None) };
        let text = value.to_str().map_err(|_| {
            Problem::new(Kind::BadCall, format!("The header {name} is not visible ASCII."))
        })?;
        Ok(Some(text.into()))
    };
    wanted.content_type = text(CONTENT_TYPE.as_str())?.unwrap_or_default();
    wanted.key = text(IDEMPOTENCY_KEY)?;
    Ok(wanted)
}

/// The response that tells what became of it.
pub(crate) fn response(outcome: Outcome) -> Result<Response, Problem> {
    if outcome.end != CallEnd::Answered {
        return Err(problem(&outcome));
    }
    let status = StatusCode::from_u16(outcome.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let Outcome { body, content_type, .. } = &outcome;
    let mut response = (status, Bytes::clone(body)).into_response();
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
    if let Ok(value) = HeaderValue::from_str(content_type)
        && !content_type.is_empty()
    {
        headers.insert(CONTENT_TYPE, value);
    }
    headers.insert(ACTIVITY, outcome.id.into());
    headers.insert(ATTEMPTS, outcome.attempts.into());
    if outcome.replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    if let Some(band) = outcome.band {
        headers.insert(BAND, HeaderValue::from_static(band.name()));
        if let Band::Defer(hint) = band {
            let millis = u64::try_from(hint.as_millis()).unwrap_or(u64::MAX);
            headers.insert(DELAY_HINT, millis.into());
        }
    }
    Ok(response)
}

fn problem(outcome: &Outcome) -> Problem {
    let kind = match outcome.end {
        CallEnd::NoQueue => Kind::NoQueue,
        CallEnd::NoActivity => Kind::NoActivity,
        CallEnd::QueueFull => Kind::QueueFull,
        CallEnd::WaitTimeout => Kind::WaitTimeout,
        CallEnd::Deadline => Kind::Deadline,
        CallEnd::WorkerGone => Kind::WorkerGone,
        CallEnd::KeyReused => Kind::KeyReused,
        CallEnd::BadCall => Kind::BadCall,
        CallEnd::NoMemory => Kind::NoMemory,
        CallEnd::ShuttingDown => Kind::ShuttingDown,
        _ => Kind::BadAnswer,
    };
    let mut detail = outcome.reason();
    if let Some(first) = detail.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    detail.push('.');
    let problem = Problem::new(kind, detail);
    match outcome.end {
        CallEnd::QueueFull | CallEnd::WaitTimeout | CallEnd::NoMemory => {
            let hint = outcome.band.and_then(Band::hint);
            problem.retry_after(hint.unwrap_or(RETRY))
        }
        _ => problem,
    }
}

#[cfg(test)]
mod tests;
