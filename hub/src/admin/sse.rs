//! `/internal/sse`: the clients of streams that workers own.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::shared::Shared;

/// Paths that are shown at most, those with the most clients.
const PATHS_MAX: usize = 1000;

#[derive(Serialize)]
struct Sse {
    clients: usize,
    /// Departures that workers were not told of yet.
    untold: usize,
    names: BTreeMap<String, Name>,
    paths: Vec<Path>,
    /// Paths that are not shown.
    paths_left_out: usize,
}

#[derive(Serialize)]
struct Name {
    clients: u64,
    /// Clients whose worker is gone and that wait for another.
    waiting: usize,
    connected: u64,
    refused: u64,
    moved: u64,
    lost: u64,
    told: u64,
    pushed: u64,
    push_refused: u64,
}

#[derive(Serialize)]
struct Path {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    path: String,
    pattern: String,
    clients: usize,
}

/// Answers a request for it.
pub(super) async fn sse(State(shared): State<Arc<Shared>>) -> Response {
    let book = &shared.delegated;
    let waiting = book.waiting();
    let names = book.counts.all().into_iter().map(|(name, counts)| {
        let name_of = Name {
            clients: counts.clients(),
            waiting: waiting.get(&name).copied().unwrap_or_default(),
            connected: counts.connected.get(),
            refused: counts.refused.get(),
            moved: counts.moved.get(),
            lost: counts.lost.get(),
            told: counts.told.get(),
            pushed: counts.pushed.get(),
            push_refused: counts.push_refused.get(),
        };
        (name.to_string(), name_of)
    });
    let names = names.collect();
    let mut paths = Vec::new();
    book.shown(|shown| {
        paths.push(Path {
            name: shown.name.to_string(),
            host: shown.host.map(|host| host.text().to_owned()),
            path: shown.path.to_string(),
            pattern: shown.pattern.to_owned(),
            clients: shown.clients,
        });
    });
    paths.sort_by(|one, other| {
        (other.clients, &one.name, &one.path).cmp(&(one.clients, &other.name, &other.path))
    });
    let paths_left_out = paths.len().saturating_sub(PATHS_MAX);
    paths.truncate(PATHS_MAX);
    let (clients, untold) = (book.clients(), book.untold());
    Json(Sse { clients, untold, names, paths, paths_left_out }).into_response()
}
