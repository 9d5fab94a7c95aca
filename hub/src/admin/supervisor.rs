//! `/internal/supervisor`, `POST /internal/restart` and `POST /internal/scale`: the workers that
//! `slotway serve` keeps running.

use std::sync::Arc;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::problem::{Kind, Problem};
use crate::shared::Shared;
use crate::supervisor::{Gone, Refused, Restarted, Supervisor};

pub(super) const RESTART: &str = "/internal/restart";
pub(super) const SCALE: &str = "/internal/scale";

/// Bytes of a request.
const BODY_BYTES_MAX: usize = 64 << 10;

/// A restart that is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Restart {
    /// A worker, or an instance of one; every worker without.
    #[serde(default)]
    worker: Option<String>,
    /// Whether the answer waits for the outcome.
    #[serde(default = "yes")]
    wait: bool,
}

fn yes() -> bool {
    true
}

/// A number of instances that is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scale {
    worker: String,
    instances: u32,
}

/// What became of a restart.
#[derive(Serialize)]
struct Outcomes {
    workers: Vec<Restarted>,
}

/// Answers what there is.
pub(super) async fn status(State(shared): State<Arc<Shared>>) -> Result<Response, Problem> {
    Ok(Json(of(&shared)?.status().await.map_err(gone)?).into_response())
}

/// Restarts workers.
pub(super) async fn restart(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, Problem> {
    let supervisor = of(&shared)?;
    let asked: Restart = read(request).await?;
    let outcomes = supervisor.restart(asked.worker).await.map_err(gone)?.map_err(refused)?;
    if !asked.wait {
        return Ok(StatusCode::ACCEPTED.into_response());
    }
    let mut workers = Vec::new();
    for outcome in outcomes {
        workers.push(outcome.await.map_err(|_| gone(Gone))?);
    }
    Ok(Json(Outcomes { workers }).into_response())
}

/// Scales a worker.
pub(super) async fn scale(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, Problem> {
    let supervisor = of(&shared)?;
    let Scale { worker, instances } = read(request).await?;
    let scaled = supervisor.scale(worker, instances).await.map_err(gone)?.map_err(refused)?;
    Ok(Json(scaled).into_response())
}

fn of(shared: &Shared) -> Result<&Supervisor, Problem> {
    shared.supervisor.get().ok_or_else(|| {
        let detail = "This hub runs no workers: it was started as slotway hub; slotway serve \
                      starts them as well.";
        Problem::new(Kind::NoRoute, detail)
    })
}

async fn read<T: DeserializeOwned>(request: Request) -> Result<T, Problem> {
    let bytes = to_bytes(request.into_body(), BODY_BYTES_MAX).await.map_err(|error| {
        let detail =
            format!("The body has more than {BODY_BYTES_MAX} bytes or broke off: {error}.");
        Problem::new(Kind::BodyTooLarge, detail)
    })?;
    let bytes = if bytes.is_empty() { b"{}".as_slice() } else { &bytes };
    serde_json::from_slice(bytes)
        .map_err(|error| Problem::new(Kind::BadRequest, format!("This cannot be read: {error}.")))
}

fn refused(refused: Refused) -> Problem {
    let kind = match &refused {
        Refused::Unknown { .. } => Kind::NoRoute,
        Refused::Bounds { .. } => Kind::BadRequest,
        Refused::Closing => Kind::ShuttingDown,
    };
    Problem::new(kind, refused.to_string())
}

fn gone(_: Gone) -> Problem {
    Problem::new(Kind::ShuttingDown, "Whatever keeps the workers running has ended.")
}
