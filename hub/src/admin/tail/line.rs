//! An event, or a gap, as a line of JSON.

use std::borrow::Cow;
use std::time::UNIX_EPOCH;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::bus::{Delivery, Event, Missed};

#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    id: Cow<'a, str>,
    at_ms: u64,
    topic: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    principal: Option<&'a str>,
    #[serde(flatten)]
    payload: Payload<'a>,
}

#[derive(Serialize)]
enum Payload<'a> {
    /// What is text.
    #[serde(rename = "data")]
    Text(&'a str),
    /// What is not.
    #[serde(rename = "data_base64")]
    Bytes(String),
}

#[derive(Serialize)]
struct GapLine<'a> {
    gap: Gap<'a>,
}

#[derive(Serialize)]
struct Gap<'a> {
    /// None when nobody knows.
    missed: Option<u64>,
    /// Whether there may be more than that.
    at_least: bool,
    principal: Option<&'a str>,
}

/// Writes it behind what is there.
pub(super) fn write(delivery: &Delivery, into: &mut Vec<u8>) {
    // Structures of strings and numbers always serialise, and memory takes every byte.
    let _ = match delivery {
        Delivery::Event(event) => serde_json::to_writer(&mut *into, &line(event)),
        Delivery::Gap { missed, principal } => {
            let gap = gap(*missed, principal.as_deref());
            serde_json::to_writer(&mut *into, &GapLine { gap })
        }
    };
    into.push(b'\n');
}

fn line(event: &Event) -> Line<'_> {
    let payload = match std::str::from_utf8(event.payload()) {
        Ok(text) => Payload::Text(text),
        Err(_) => Payload::Bytes(STANDARD.encode(event.payload())),
    };
    let since = event.at().duration_since(UNIX_EPOCH).unwrap_or_default();
    Line {
        seq: event.seq(),
        id: event.id(),
        at_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        topic: event.topic(),
        kind: event.kind(),
        principal: event.principal(),
        payload,
    }
}

fn gap(missed: Missed, principal: Option<&str>) -> Gap<'_> {
    let (missed, at_least) = match missed {
        Missed::Exactly(count) => (Some(count), false),
        Missed::AtLeast(count) if count > 0 => (Some(count), true),
        _ => (None, true),
    };
    Gap { missed, at_least, principal }
}
