//! `/internal/identities`: who waits for approval; `POST /internal/approve`: gives it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::bus::Pattern;
use crate::identities::{Unchanged, Verdict, Waiting};
use crate::problem::{Kind, Problem};
use crate::shared::Shared;

/// Where approval is given.
pub(super) const APPROVE: &str = "/internal/approve";

#[derive(Serialize)]
struct Identities {
    waiting: Vec<WaitingInfo>,
    /// What was said for good.
    standing: Vec<StandingInfo>,
    /// Credentials that count.
    credentials: usize,
}

#[derive(Serialize)]
struct WaitingInfo {
    identity: String,
    worker: u64,
    pid: Option<u32>,
    uid: u32,
    sdk: String,
    /// The worker's own number for it.
    id: u32,
    routes: usize,
    since_ms: u64,
}

#[derive(Serialize)]
struct StandingInfo {
    identity: String,
    verdict: Word,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Approve,
    Refuse,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    /// An identity, or a pattern over them.
    identity: String,
    verdict: Word,
    #[serde(default)]
    always: bool,
}

#[derive(Serialize)]
struct Changed {
    /// The identities that waited and wait no more.
    settled: Vec<String>,
    /// Credentials that count no more.
    revoked: usize,
}

/// Answers a request for those that wait.
pub(super) async fn identities(State(shared): State<Arc<Shared>>) -> Response {
    let listing = shared.identities.list();
    let standing = listing.standing.into_iter().map(|(pattern, verdict)| StandingInfo {
        identity: pattern.as_str().to_owned(),
        verdict: Word::from(verdict),
    });
    Json(Identities {
        waiting: listing.waiting.into_iter().map(WaitingInfo::from).collect(),
        standing: standing.collect(),
        credentials: listing.credentials,
    })
    .into_response()
}

/// Answers a word about one identity or several.
pub(super) async fn approve(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    match say(&shared, &body) {
        Ok(changed) => Json(changed).into_response(),
        Err(problem) => problem.into_response(),
    }
}

fn say(shared: &Shared, body: &[u8]) -> Result<Changed, Problem> {
    let bad = |words: String| Problem::new(Kind::BadRequest, words);
    let Said { identity, verdict, always } = serde_json::from_slice(body).map_err(|error| {
        bad(format!(
            "The body is no word about an identity: {error}. It is {{\"identity\": \
             \"media.resize.a1\", \"verdict\": \"approve\" or \"refuse\", \"always\": false}}."
        ))
    })?;
    let pattern = Pattern::new(&identity)
        .map_err(|error| bad(format!("{identity:?} is no identity and no pattern: {error}.")))?;
    let changed = shared.identities.say(&pattern, verdict.into(), always);
    changed.map(|changed| Changed { settled: changed.settled, revoked: changed.revoked }).map_err(
        |unchanged| match unchanged {
            Unchanged::Nobody => Problem::new(
                Kind::NotWaiting,
                format!(
                    "No registration waits that {identity:?} is about; /internal/identities lists \
                     those that do."
                ),
            ),
            Unchanged::Full => bad("As much has been said for good as may be; put patterns into \
                 [identities] of the configuration instead."
                .to_owned()),
        },
    )
}

impl From<Waiting> for WaitingInfo {
    fn from(waiting: Waiting) -> WaitingInfo {
        let Waiting { identity, instance, id, routes, since } = waiting;
        WaitingInfo {
            identity: identity.as_str().to_owned(),
            worker: instance.who.id,
            pid: instance.who.pid,
            uid: instance.who.uid,
            sdk: instance.who.sdk.clone(),
            id,
            routes,
            since_ms: since_1970(since),
        }
    }
}

fn since_1970(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl From<Verdict> for Word {
    fn from(verdict: Verdict) -> Word {
        match verdict {
            Verdict::Approve => Word::Approve,
            Verdict::Refuse => Word::Refuse,
        }
    }
}

impl From<Word> for Verdict {
    fn from(word: Word) -> Verdict {
        match word {
            Word::Approve => Verdict::Approve,
            Word::Refuse => Verdict::Refuse,
        }
    }
}
