//! The admin surface: a Unix socket of its own, so that nothing of it is within reach of
//! the public port.

mod routes;
mod rules;
mod slots;
mod workers;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};

use crate::health;
use crate::metrics::{Format, expose};
use crate::problem::{Kind, Problem};
use crate::shared::Shared;

/// The routes.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/internal/workers", get(workers::workers))
        .route("/internal/slots", get(slots::slots))
        .route("/internal/routes", get(routes::routes))
        .route("/internal/rules", get(rules::rules))
        .route("/metrics", get(metrics))
        .route(health::PATH, any(health))
        .fallback(nothing)
        .with_state(shared)
}

async fn health(State(shared): State<Arc<Shared>>, method: Method) -> Response {
    health::answer(&shared, &method)
}

async fn metrics(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let format = Format::accepted(accept);
    ([(CONTENT_TYPE, format.content_type())], expose(&shared, format)).into_response()
}

async fn nothing(uri: Uri) -> Problem {
    Problem::new(Kind::NoRoute, format!("The admin surface has no {}.", uri.path()))
}
