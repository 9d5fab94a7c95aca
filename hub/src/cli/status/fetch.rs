//! Looks at a hub: its stream of snapshots, and what else its admin surface tells, in one
//! JSON object.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::Method;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::super::surface::{Failure, Surface};

/// A hub tells something each second; one that is silent for so long does not answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of one snapshot.
const SNAPSHOT_BYTES_MAX: usize = 64 << 20;

/// One look with rates, which are of two moments.
pub(in crate::cli) async fn once(surface: &Surface) -> Result<Value, Failure> {
    let mut frames = Frames::open(surface).await?;
    let before = Around::look(surface).await?;
    let snapshot = loop {
        let snapshot = frames.next().await?;
        if snapshot.get("rates_ms").and_then(Value::as_u64) != Some(0) {
            break snapshot;
        }
    };
    Ok(whole(snapshot, &Around::look(surface).await?, Some(&before)))
}

/// Snapshots, one each second.
#[derive(Debug)]
pub(in crate::cli) struct Frames {
    body: Incoming,
    rest: BytesMut,
}

impl Frames {
    pub(in crate::cli) async fn open(surface: &Surface) -> Result<Frames, Failure> {
        let nothing = Empty::<Bytes>::new();
        let answer = surface.send(Method::GET, "/internal/stream", None, nothing);
        let answer = patient(answer).await?;
        Ok(Frames { body: answer.into_body(), rest: BytesMut::new() })
    }

    /// The next one.
    pub(in crate::cli) async fn next(&mut self) -> Result<Map<String, Value>, Failure> {
        loop {
            if let Some(end) = self.rest.windows(2).position(|two| two == b"\n\n") {
                let event = self.rest.split_to(end + 2);
                if let Some(snapshot) = data(&event) {
                    return Ok(snapshot);
                }
                continue;
            }
            if self.rest.len() > SNAPSHOT_BYTES_MAX {
                return Err(Failure::Broken("the hub's snapshot has no end".to_owned()));
            }
            let frame = patient(async {
                let ended = || Failure::Broken("the hub ended".to_owned());
                let frame = self.body.frame().await.ok_or_else(ended)?;
                frame.map_err(|error| Failure::Broken(format!("the hub ended: {error}")))
            });
            let frame = frame.await?;
            self.rest.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
        }
    }
}

/// The snapshot in an event; a comment has none.
fn data(event: &[u8]) -> Option<Map<String, Value>> {
    let line = event.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"data:"))?;
    serde_json::from_slice(line).ok()
}

/// What is not in a snapshot.
#[derive(Debug)]
pub(in crate::cli) struct Around {
    at: Instant,
    workers: Value,
    /// Nothing where the hub has no such thing.
    supervisor: Option<Value>,
    queues: Option<Value>,
    identities: Option<Value>,
}

impl Around {
    pub(in crate::cli) async fn look(surface: &Surface) -> Result<Around, Failure> {
        let get = async |target| {
            let body = patient(surface.get(target)).await?;
            let parsed = body.map(|body| serde_json::from_slice::<Value>(&body)).transpose();
            parsed.map_err(|error| Failure::Broken(format!("{target} is no JSON: {error}")))
        };
        Ok(Around {
            workers: get("/internal/workers").await?.unwrap_or_default(),
            at: Instant::now(),
            supervisor: get("/internal/supervisor").await?,
            queues: get("/internal/queues").await?,
            identities: get("/internal/identities").await?,
        })
    }
}

async fn patient<T>(what: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    timeout(PATIENCE, what).await.unwrap_or_else(|_| {
        let words = format!("the hub has said nothing for {} s", PATIENCE.as_secs());
        Err(Failure::Broken(words))
    })
}

/// Everything in one object: the snapshot, and in it what `/internal/workers` says of each
/// worker, `supervisor`, `queues` and `waiting_for_approval`, which are null where the hub
/// has no such thing. Rates of registrations are those since `before`.
pub(in crate::cli) fn whole(
    mut snapshot: Map<String, Value>,
    now: &Around,
    before: Option<&Around>,
) -> Value {
    let workers = snapshot.get_mut("workers").and_then(Value::as_array_mut);
    for worker in workers.into_iter().flatten().filter_map(Value::as_object_mut) {
        let known = worker.get("id").and_then(|id| find(&now.workers["workers"], id)).cloned();
        let then = worker.get("id").and_then(|id| find(&before?.workers["workers"], id));
        for (key, mut value) in known.into_iter().flatten() {
            if let (Some(before), Some(then)) = (before, then)
                && key == "registrations"
            {
                let seconds = (now.at - before.at).as_secs_f64();
                rate(&mut value, then.get("registrations"), seconds);
            }
            worker.entry(key).or_insert(value);
        }
    }
    let part = |whole: &Option<Value>, key: &str| whole.as_ref().map(|whole| whole[key].clone());
    for (key, value) in [
        ("supervisor", part(&now.supervisor, "workers")),
        ("queues", part(&now.queues, "queues")),
        ("waiting_for_approval", part(&now.identities, "waiting")),
    ] {
        snapshot.insert(key.to_owned(), value.unwrap_or_default());
    }
    Value::Object(snapshot)
}

/// Notes at each registration how many exchanges a second ended.
fn rate(registrations: &mut Value, then: Option<&Value>, seconds: f64) {
    for known in registrations.as_array_mut().into_iter().flatten() {
        let ended = |known: &Value| known["ended"].as_u64();
        let before = then.and_then(|then| find(then, &known["id"])?.get("ended")?.as_u64());
        if let (Some(now), Some(before)) = (ended(known), before)
            && let Some(known) = known.as_object_mut()
        {
            let rate = now.saturating_sub(before) as f64 / seconds.max(1e-3);
            known.insert("rps".to_owned(), ((rate * 10.0).round() / 10.0).into());
        }
    }
}

#[cfg(test)]
impl Around {
    /// A look that found these workers, at some moment.
    pub(super) fn of(workers: Value, at: Instant) -> Around {
        Around { at, workers, supervisor: None, queues: None, identities: None }
    }
}

fn find<'v>(list: &'v Value, id: &Value) -> Option<&'v Map<String, Value>> {
    list.as_array()?.iter().find(|one| one["id"] == *id)?.as_object()
}
