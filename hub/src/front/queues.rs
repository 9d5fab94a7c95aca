//! Calls of activities over the public listeners.

use http::{HeaderValue, Method, Response};
use slotway_core::record::CALL_BYTES_MAX;

use super::body::Kind;
use super::limits::Limits;
use super::request::Request;
use crate::exchange::{Upload, Uploaded};
use crate::problem::{self, Problem};
use crate::queues::{Held, dispatch, http as calls};
use crate::shared::Shared;

/// The queue and the activity that a request calls, if clients may call it.
pub(super) fn at<'p>(shared: &Shared, path: &'p str) -> Option<(&'p str, &'p str)> {
    calls::named(path).filter(|(queue, _)| shared.config().queues.is_open(queue))
}

/// Answers one. `judge` says what is wrong with a body that did not come whole.
pub(super) async fn answer(
    shared: &Shared,
    named: (&str, &str),
    request: &Request<'_>,
    upload: &mut Upload,
    limits: &Limits,
    judge: impl FnOnce(Uploaded) -> Result<(), Problem>,
) -> Result<Response<Kind>, Problem> {
    if *request.method() != Method::POST {
        let detail = format!("{} is called by POST.", request.path());
        let allow = HeaderValue::from_static("POST");
        return Err(Problem::new(problem::Kind::MethodNotAllowed, detail).allow(allow));
    }
    let mut wanted = calls::wanted(named, request.parts.uri.query(), &request.parts.headers)?;
    let stated = request.content_length.unwrap_or(CALL_BYTES_MAX as u64);
    let too_large = || {
        let detail = format!("An activity's payload may have {CALL_BYTES_MAX} bytes.");
        Problem::new(problem::Kind::BodyTooLarge, detail)
    };
    let room = usize::try_from(stated).ok().filter(|&bytes| bytes <= CALL_BYTES_MAX);
    let held = Held::take(&shared.activities, room.ok_or_else(too_large)?);
    let Some(held) = held else {
        let detail = "The hub holds as many bytes of activities as it may.";
        let problem = Problem::new(problem::Kind::QueueFull, detail);
        return Err(problem.retry_after(std::time::Duration::from_millis(250)));
    };
    if !upload.is_collected() {
        upload.limit(limits.idle, Some(CALL_BYTES_MAX as u64));
        match upload.collect().await {
            Uploaded::TooLarge => return Err(too_large()),
            uploaded => judge(uploaded)?,
        }
    }
    (wanted.payload, wanted.held) = (upload.bytes(), Some(held));
    let response = calls::response(dispatch(shared, wanted).await)?;
    Ok(response.map(Kind::Own))
}
