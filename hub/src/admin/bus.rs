//! `/internal/bus`: how the event bus is, and each of its subscriptions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::bus::{ClassCounts, Snapshot, SubscriberSnapshot, Tally};
use crate::shared::Shared;

/// Subscriptions that are told one by one; the rest is in the sums.
const SUBSCRIBERS_MAX: usize = 1000;

#[derive(Serialize)]
struct Bus {
    last_seq: u64,
    published: u64,
    published_must_deliver: u64,
    refused: u64,
    topics: usize,
    history_events: usize,
    history_bytes: usize,
    taps: usize,
    subscriptions: usize,
    total: Counts,
    /// By label.
    labels: BTreeMap<String, Labelled>,
    /// Those that are furthest behind first.
    subscribers: Vec<Subscriber>,
    storm: Option<Storm>,
}

#[derive(Serialize)]
struct Labelled {
    subscriptions: usize,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Serialize)]
struct Subscriber {
    label: String,
    patterns: Vec<String>,
    queued: usize,
    bytes: usize,
    parked: usize,
    principals: usize,
    lag_ms: f64,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Serialize)]
struct Counts {
    lossy: Class,
    must_deliver: Class,
    dropped_of_principals: u64,
    gaps: u64,
    replayed: u64,
}

#[derive(Serialize)]
struct Class {
    matched: u64,
    delivered: u64,
    dropped: u64,
}

#[derive(Serialize)]
struct Storm {
    events_per_second: u64,
    busiest: Vec<Topic>,
}

#[derive(Serialize)]
struct Topic {
    topic: String,
    events: u64,
}

/// Answers a request for it.
pub(super) async fn bus(State(shared): State<Arc<Shared>>) -> Response {
    Json(Bus::from(shared.bus.snapshot())).into_response()
}

impl From<Snapshot> for Bus {
    fn from(snapshot: Snapshot) -> Bus {
        let mut subscribers = snapshot.subscribers;
        let subscriptions = subscribers.len();
        subscribers.sort_by_key(|subscriber| std::cmp::Reverse(subscriber.lag));
        subscribers.truncate(SUBSCRIBERS_MAX);
        let labels = snapshot.labels.into_iter().map(|(label, of)| {
            let counts = Counts::from(of.tally);
            (label, Labelled { subscriptions: of.subscriptions, counts })
        });
        let storm = snapshot.storm.map(|storm| Storm {
            events_per_second: storm.events_per_second,
            busiest: storm
                .busiest
                .into_iter()
                .map(|(topic, events)| Topic { topic, events })
                .collect(),
        });
        Bus {
            last_seq: snapshot.last_seq,
            published: snapshot.published,
            published_must_deliver: snapshot.published_must,
            refused: snapshot.refused,
            topics: snapshot.topics,
            history_events: snapshot.history_events,
            history_bytes: snapshot.history_bytes,
            taps: snapshot.taps,
            subscriptions,
            total: snapshot.total.into(),
            labels: labels.collect(),
            subscribers: subscribers.into_iter().map(Subscriber::from).collect(),
            storm,
        }
    }
}

impl From<SubscriberSnapshot> for Subscriber {
    fn from(of: SubscriberSnapshot) -> Subscriber {
        Subscriber {
            label: of.label,
            patterns: of.patterns,
            queued: of.queued,
            bytes: of.bytes,
            parked: of.parked,
            principals: of.principals,
            lag_ms: milliseconds(of.lag),
            counts: of.tally.into(),
        }
    }
}

impl From<Tally> for Counts {
    fn from(tally: Tally) -> Counts {
        Counts {
            lossy: tally.lossy.into(),
            must_deliver: tally.must.into(),
            dropped_of_principals: tally.dropped_of_principals,
            gaps: tally.gaps,
            replayed: tally.replayed,
        }
    }
}

impl From<ClassCounts> for Class {
    fn from(of: ClassCounts) -> Class {
        Class { matched: of.matched, delivered: of.delivered, dropped: of.dropped }
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
