//! `/internal/stream`: a snapshot each second, as server-sent events.
//!
//! One task looks for all who watch. It begins with the first of them and ends with the
//! last, so a hub that nobody watches does nothing for it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::snapshot::Sampler;
use crate::shared::Shared;

/// How often.
const PERIOD: Duration = Duration::from_secs(1);
/// How long a browser waits before it comes back.
const RETRY: Duration = Duration::from_secs(1);

/// Who watches.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    frames: Mutex<Option<watch::Receiver<Arc<str>>>>,
}

/// Answers a request for it.
pub(super) async fn stream(State(shared): State<Arc<Shared>>) -> Response {
    let frames = stream::unfold(watch(&shared), |mut frames| async move {
        frames.changed().await.ok()?;
        let frame = frames.borrow_and_update().clone();
        let event = Event::default().event("snapshot").retry(RETRY).data(&*frame);
        Some((Ok::<_, Infallible>(event), frames))
    });
    Sse::new(frames).keep_alive(KeepAlive::default()).into_response()
}

/// Joins those who watch.
fn watch(shared: &Arc<Shared>) -> watch::Receiver<Arc<str>> {
    let mut known = shared.watched.lock();
    if let Some(frames) = &*known {
        let mut frames = frames.clone();
        // What there is already is better than a second of nothing.
        if !frames.borrow().is_empty() {
            frames.mark_changed();
        }
        return frames;
    }
    let (sender, frames) = watch::channel(Arc::from(""));
    *known = Some(frames.clone());
    tokio::spawn(look(shared.clone(), sender));
    frames
}

impl Watched {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<watch::Receiver<Arc<str>>>> {
        // Nothing that can panic runs under the lock.
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn look(shared: Arc<Shared>, sender: watch::Sender<Arc<str>>) {
    let mut sampler = Sampler::default();
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        {
            let mut known = shared.watched.lock();
            // One receiver is the one that is kept there.
            if sender.receiver_count() <= 1 {
                *known = None;
                return;
            }
        }
        // Hundreds of workers with thousands of slots take a moment, which must not be
        // one of a thread that serves requests.
        let looked = {
            let shared = shared.clone();
            tokio::task::spawn_blocking(move || {
                let frame = sampler.look(&shared);
                (sampler, frame)
            })
        };
        let Ok((next, frame)) = looked.await else {
            *shared.watched.lock() = None;
            return;
        };
        sampler = next;
        sender.send_replace(frame.into());
    }
}
