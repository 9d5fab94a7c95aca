//! Notices when far more events come than somebody may have meant to publish.

use super::settings::StormSettings;

/// Topics that are named in a warning.
const BUSIEST: usize = 5;

/// While a storm goes on it is logged once in so many windows.
const LOG_EVERY: u32 = 12;

/// A window in which the rate was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storm {
    /// Events in the window.
    pub events: u64,
    /// Events a second.
    pub events_per_second: u64,
    /// The busiest topics and their events in the window, the busiest first.
    pub busiest: Vec<(String, u64)>,
}

#[derive(Debug)]
pub(super) struct Monitor {
    window_us: u64,
    events_per_second: u64,
    ends_us: u64,
    /// The number of the window, so that a topic's count says of which window it is.
    window: u64,
    events: u64,
    /// Topics that were published to in this window.
    active: Vec<u32>,
    /// Windows in a row that were a storm.
    stormy: u32,
    last: Option<Storm>,
}

/// What a topic keeps for the monitor.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct InWindow {
    window: u64,
    events: u64,
}

impl Monitor {
    pub(super) fn new(settings: &StormSettings) -> Monitor {
        Monitor {
            window_us: u64::try_from(settings.window.as_micros()).unwrap_or(u64::MAX).max(1),
            events_per_second: settings.events_per_second,
            ends_us: 0,
            window: 0,
            events: 0,
            active: Vec::new(),
            stormy: 0,
            last: None,
        }
    }

    /// Counts an event. `true` when a window has ended before it: `close` is due first.
    pub(super) fn is_over(&self, now_us: u64) -> bool {
        now_us >= self.ends_us
    }

    pub(super) fn count(&mut self, topic: u32, of_topic: &mut InWindow) {
        if of_topic.window != self.window {
            *of_topic = InWindow { window: self.window, events: 0 };
            self.active.push(topic);
        }
        of_topic.events += 1;
        self.events += 1;
    }

    /// Ends the window and begins the next one. `look` gives a topic's name and what it
    /// keeps.
    pub(super) fn close<'a>(
        &mut self,
        now_us: u64,
        look: impl Fn(u32) -> Option<(&'a str, InWindow)>,
    ) -> Option<Storm> {
        let events = std::mem::take(&mut self.events);
        let active = std::mem::take(&mut self.active);
        let window = self.window;
        self.window += 1;
        self.ends_us = now_us.saturating_add(self.window_us);
        let rate = u128::from(events) * 1_000_000 / u128::from(self.window_us);
        let rate = u64::try_from(rate).unwrap_or(u64::MAX);
        if self.events_per_second == 0 || rate < self.events_per_second {
            self.stormy = 0;
            return None;
        }
        let mut busiest: Vec<(&str, u64)> = active
            .into_iter()
            .filter_map(look)
            .filter(|(_, counted)| counted.window == window)
            .map(|(name, counted)| (name, counted.events))
            .collect();
        busiest.sort_unstable_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
        busiest.truncate(BUSIEST);
        let busiest = busiest.into_iter().map(|(name, events)| (name.to_owned(), events)).collect();
        let storm = Storm { events, events_per_second: rate, busiest };
        self.last = Some(storm.clone());
        let due = self.stormy.is_multiple_of(LOG_EVERY);
        self.stormy = self.stormy.wrapping_add(1);
        due.then_some(storm)
    }

    /// The last window in which the rate was reached.
    pub(super) fn last(&self) -> Option<&Storm> {
        self.last.as_ref()
    }
}

impl Storm {
    pub(super) fn warn(&self) {
        let busiest: Vec<String> =
            self.busiest.iter().map(|(topic, events)| format!("{topic}: {events}")).collect();
        tracing::warn!(
            events = self.events,
            events_per_second = self.events_per_second,
            busiest = busiest.join(", "),
            "many events are published: the busiest topics are named here"
        );
    }
}
