//! All feeds of a hub, so that they end together when it does.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::feed::Close;
use super::{Counts, Entry, Farewell, Feed, Settings, Total};

/// One hub's.
#[derive(Default)]
pub(crate) struct Streams {
    known: Mutex<Known>,
    /// Bytes that all feeds hold for clients that are behind.
    pub(crate) total: Arc<Total>,
    pub(crate) counts: ByOrigin,
}

/// Streams by where their events come from.
#[derive(Debug, Default)]
pub(crate) struct ByOrigin {
    /// From the bus.
    pub(crate) events: Arc<Counts>,
    /// From workers that have clients of their own.
    pub(crate) workers: Arc<Counts>,
}

impl ByOrigin {
    /// Each with its name.
    pub(crate) fn all(&self) -> [(&'static str, &Counts); 2] {
        [("bus", &self.events), ("worker", &self.workers)]
    }
}

#[derive(Default)]
struct Known {
    feeds: Vec<Weak<dyn Close>>,
    /// When there are as many, those that are gone are sorted out.
    sort_at: usize,
    farewell: Option<Farewell>,
}

impl Streams {
    /// Starts a feed, which ends when the hub does. `mark`: that of the last event before its
    /// first.
    pub(crate) fn start<E: Entry>(&self, settings: Settings, mark: u64) -> Feed<E> {
        let feed = Feed::start(settings, mark, self.total.clone());
        let mut known = self.lock();
        if known.feeds.len() >= known.sort_at {
            known.feeds.retain(|feed| feed.strong_count() > 0);
            known.sort_at = (2 * known.feeds.len()).max(16);
        }
        known.feeds.push(Arc::downgrade(&feed.closer()));
        let farewell = known.farewell;
        drop(known);
        if let Some(farewell) = farewell {
            feed.close(farewell);
        }
        feed
    }

    /// Ends all streams, those that are to come among them.
    pub(crate) fn shut_down(&self, farewell: Farewell) {
        let feeds = {
            let mut known = self.lock();
            known.farewell = Some(farewell);
            std::mem::take(&mut known.feeds)
        };
        for feed in feeds {
            if let Some(feed) = feed.upgrade() {
                feed.close(farewell);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Nothing that can panic runs under the lock.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").finish_non_exhaustive()
    }
}
