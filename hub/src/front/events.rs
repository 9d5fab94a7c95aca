//! Requests for events, which no worker sees.

use http::Response;

use super::body::Kind;
use super::request::Request;
use crate::events::{self, Asked};
use crate::problem::Problem;
use crate::shared::Shared;

/// Answers one.
pub(super) async fn answer(
    shared: &Shared,
    asked: Asked<'_>,
    request: &Request<'_>,
) -> Result<Response<Kind>, Problem> {
    let judged =
        events::Request { parts: request.parts, client: request.client(), peer: request.peer() };
    let config = shared.config().events.clone();
    let answered = shared.events.answer(asked, judged, &shared.streams, &config).await?;
    Ok(answered.map(|stream| stream.map_or(Kind::Empty, Kind::Events)))
}
