//! What `/metrics` tells of the event bus.

use super::text::Text;
use crate::bus::{Bus, ClassCounts, Tally};

/// Writes it down.
pub(super) fn events(text: &mut Text, bus: &Bus) {
    let snapshot = bus.snapshot();
    let must = snapshot.published_must;
    text.counter("slotway_events_published", "Events that the bus took, by delivery class.")
        .sample(&[("class", "lossy")], snapshot.published - must)
        .sample(&[("class", "must_deliver")], must);
    text.counter("slotway_events_refused", "Events that the bus did not take.")
        .sample(&[], snapshot.refused);
    text.gauge("slotway_event_topics", "Topics that are remembered.").sample(&[], snapshot.topics);
    text.gauge(
        "slotway_event_history_bytes",
        "Bytes of events that are held for those that come back.",
    )
    .sample(&[], snapshot.history_bytes);
    let labels = &snapshot.labels;
    let mut family = text.gauge("slotway_event_subscriptions", "Subscriptions, by label.");
    for (label, of) in labels {
        family.sample(&[("label", label)], of.subscriptions);
    }
    let mut each = |name: &str, help: &str, of: fn(&ClassCounts) -> u64| {
        let mut family = text.counter(name, help);
        for (label, labelled) in labels {
            let Tally { lossy, must, .. } = &labelled.tally;
            family.sample(&[("label", label), ("class", "lossy")], of(lossy));
            family.sample(&[("label", label), ("class", "must_deliver")], of(must));
        }
    };
    each("slotway_events_matched", "Events for subscriptions, by label.", |of| of.matched);
    each("slotway_events_delivered", "Events that subscribers have taken.", |of| of.delivered);
    each("slotway_events_dropped", "Events that subscribers have lost.", |of| of.dropped);
    let mut family = text.gauge(
        "slotway_event_lag_seconds",
        "How long the oldest event of any subscription of the label has waited.",
    );
    for label in labels.keys() {
        let lags = snapshot.subscribers.iter().filter(|of| of.label == *label).map(|of| of.lag);
        family.sample(&[("label", label)], lags.max().unwrap_or_default().as_secs_f64());
    }
}
