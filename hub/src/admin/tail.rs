//! `/internal/tail`: events as they are published, one JSON object a line.

mod line;

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;

use crate::bus::{Interest, Lossy, Routed, Scope, Seq};
use crate::problem::{Kind, Problem};
use crate::shared::Shared;

/// Events that are written at once, at most.
const BATCH_EVENTS: usize = 512;
const BATCH_BYTES: usize = 256 << 10;

/// Answers a request for it.
pub(super) async fn tail(
    State(shared): State<Arc<Shared>>,
    Query(said): Query<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let oldest = shared.bus.settings().first_seq.saturating_sub(1);
    let bytes = shared.config().events.subscription_bytes;
    let subscription = shared.bus.subscribe(interest(said, oldest, bytes)?)?;
    let lines = stream::unfold(subscription, |mut subscription| async move {
        let mut deliveries = Vec::new();
        if subscription.recv_many(&mut deliveries, BATCH_EVENTS, BATCH_BYTES).await == 0 {
            // The bus was shut down.
            return None;
        }
        let mut piece = Vec::new();
        for delivery in &deliveries {
            line::write(delivery, &mut piece);
        }
        Some((Ok::<_, Infallible>(Bytes::from(piece)), subscription))
    });
    let body = Body::from_stream(lines);
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], body).into_response())
}

/// `topic`, once or several times; `principal` and `after` once. `oldest`: what `after=0`,
/// all that is held, stands for; nothing of another run is missed by it. `bytes`: what may
/// wait at most.
fn interest(said: Vec<(String, String)>, oldest: Seq, bytes: usize) -> Result<Interest, Problem> {
    let (mut patterns, mut after, mut scope) = (Vec::new(), None, Scope::All);
    for (name, value) in said {
        match name.as_str() {
            "topic" => patterns.push(value),
            "principal" => scope = Scope::Principal(value.into()),
            "after" => {
                let parsed = value.parse().map_err(|_| {
                    mistake(format!("after={value:?} is no sequence number; write digits."))
                })?;
                after = Some(if parsed == 0 { oldest } else { parsed });
            }
            _ => {
                return Err(mistake(format!(
                    "{name:?} is no parameter; there are topic, principal and after."
                )));
            }
        }
    }
    let interest = Interest::of(patterns).label("tail");
    let interest = match scope {
        Scope::All => interest.lossy(Lossy { bytes, ..Lossy::default() }),
        _ => interest.routed(Routed { scope, budget: bytes, ..Routed::default() }),
    };
    Ok(match after {
        Some(seq) => interest.after(seq),
        None => interest,
    })
}

fn mistake(detail: String) -> Problem {
    Problem::new(Kind::BadRequest, detail)
}
