//! The admin surface: sockets of its own, so that nothing of it is within reach of the
//! public port.
//!
//! A Unix socket that only its owner can reach, and if asked for a TCP address that asks
//! for a token. A route that only looks is a GET, one that does something a POST.

mod bus;
mod cells;
mod emit;
mod guard;
mod identities;
mod page;
mod percentiles;
mod queues;
mod routes;
mod rules;
mod serve;
mod slots;
mod snapshot;
mod sse;
mod sse_push;
mod stream;
mod supervisor;
mod tail;
mod token;
mod verdict;
mod workers;

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Extension, Router};

use guard::Way;

use crate::health::Page;
use crate::metrics::{Format, expose};
use crate::problem::{Kind, Problem};
use crate::queues::http as calls;
use crate::shared::Shared;

pub(crate) use serve::{Surface, bind, serve};
pub(crate) use stream::Watched;
pub(crate) use token::Token;

/// Paths that do something.
const POSTS: [&str; 5] =
    ["/internal/emit", sse_push::PATH, identities::APPROVE, supervisor::RESTART, supervisor::SCALE];

/// The routes, for requests that come this way.
fn router(shared: Arc<Shared>, way: Way) -> Router {
    let mut router = Router::new();
    for path in page::PATHS {
        router = router.route(path, get(page::page));
    }
    router
        .route("/internal/workers", get(workers::workers))
        .route("/internal/slots", get(slots::slots))
        .route("/internal/routes", get(routes::routes))
        .route("/internal/rules", get(rules::rules))
        .route("/internal/stream", get(stream::stream))
        .route("/internal/bus", get(bus::bus))
        .route("/internal/emit", post(emit::emit))
        .route("/internal/tail", get(tail::tail))
        .route("/internal/sse", get(sse::sse))
        .route(sse_push::PATH, post(sse_push::push))
        .route("/internal/queues", get(queues::queues))
        .route(queues::CALL, post(queues::call))
        .route("/internal/identities", get(identities::identities))
        .route(identities::APPROVE, post(identities::approve))
        .route("/internal/supervisor", get(supervisor::status))
        .route(supervisor::RESTART, post(supervisor::restart))
        .route(supervisor::SCALE, post(supervisor::scale))
        .route("/metrics", get(metrics))
        .route(Page::Health.path(), any(health))
        .route(Page::Ready.path(), any(ready))
        .fallback(nothing)
        .method_not_allowed_fallback(not_allowed)
        .layer(Extension(way.clone()))
        .layer(from_fn_with_state(way, guard::guard))
        .with_state(shared)
}

async fn health(State(shared): State<Arc<Shared>>, method: Method) -> Response {
    Page::Health.answer(&shared, &method)
}

async fn ready(State(shared): State<Arc<Shared>>, method: Method) -> Response {
    Page::Ready.answer(&shared, &method)
}

async fn metrics(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let format = Format::accepted(accept);
    ([(CONTENT_TYPE, format.content_type())], expose(&shared, format)).into_response()
}

async fn not_allowed(method: Method, uri: Uri) -> Problem {
    let path = uri.path();
    let posted = POSTS.contains(&path) || calls::named(path).is_some();
    let allowed = if posted { "POST" } else { "GET, HEAD" };
    Problem::new(Kind::MethodNotAllowed, format!("{path} does not have {method}."))
        .allow(HeaderValue::from_static(allowed))
}

async fn nothing(uri: Uri) -> Problem {
    Problem::new(Kind::NoRoute, format!("The admin surface has no {}.", uri.path()))
}
