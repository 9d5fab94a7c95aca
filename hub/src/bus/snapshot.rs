//! How the bus is right now, for whoever operates it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Bus;
use super::event::Seq;
use super::pattern::Pattern;
use super::queue::Standing;
use super::state::{Target, lock};
use super::storm::Storm;
use super::tally::Tally;

/// How a bus is right now.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The number of the last event.
    pub last_seq: Seq,
    /// Events published.
    pub published: u64,
    /// Of these the must-deliver ones.
    pub published_must: u64,
    /// Publishes refused.
    pub refused: u64,
    /// Whether it was shut down.
    pub shut_down: bool,
    /// Topics that are remembered.
    pub topics: usize,
    /// Events that the history holds, and bytes.
    pub history_events: usize,
    /// Bytes that the history holds.
    pub history_bytes: usize,
    /// Taps that are attached.
    pub taps: usize,
    /// Observers that are attached.
    pub observers: usize,
    /// Events that passed observers by because too many waited.
    pub observers_missed: u64,
    /// Panics of observers.
    pub observers_panicked: u64,
    /// All subscriptions together, those that have ended too.
    pub total: Tally,
    /// The same by label.
    pub labels: BTreeMap<String, LabelSnapshot>,
    /// Each subscription.
    pub subscribers: Vec<SubscriberSnapshot>,
    /// The last time that the rate of events was worth a warning.
    pub storm: Option<Storm>,
}

/// The subscriptions of one label.
#[derive(Debug, Clone, Default)]
pub struct LabelSnapshot {
    /// How many there are.
    pub subscriptions: usize,
    /// Counts of all that there are and were.
    pub tally: Tally,
}

/// One subscription.
#[derive(Debug, Clone)]
pub struct SubscriberSnapshot {
    /// What it is counted under.
    pub label: String,
    /// Its patterns.
    pub patterns: Vec<String>,
    /// Events that wait to be taken.
    pub queued: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Must-deliver events that wait for room.
    pub parked: usize,
    /// Principals that have something queued, in a routed subscription.
    pub principals: usize,
    /// How long its oldest event has waited.
    pub lag: Duration,
    /// What it has counted.
    pub tally: Tally,
}

impl Bus {
    /// How the bus is right now. Costs as much as there are subscriptions.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let shared = self.shared();
        let (observers_missed, observers_panicked) = shared.backlog.harm();
        let state = lock(&shared.state);
        let now_us = state.now_us();
        let mut snapshot = Snapshot {
            last_seq: state.next - 1,
            published: state.published,
            published_must: state.published_must,
            refused: shared.refused.get(),
            shut_down: state.shut,
            topics: state.topics.len(),
            history_events: state.history.held(),
            history_bytes: state.history.bytes(),
            taps: 0,
            observers: 0,
            observers_missed,
            observers_panicked,
            total: Tally::default(),
            labels: BTreeMap::new(),
            subscribers: Vec::new(),
            storm: state.monitor.last().cloned(),
        };
        let retired = state.labels.all();
        // Members of a log are gone without a trace but for what they counted, so they are
        // looked at while nobody can leave.
        let mut logs = Vec::new();
        let mut queues = Vec::new();
        for target in state.targets.iter().flatten() {
            match target {
                Target::Queue(queue) => queues.push(queue.clone()),
                Target::Log(log) => logs.push((log.clone(), log.look_at_all())),
                Target::Sink(_) => snapshot.taps += 1,
                Target::Watcher(_) => snapshot.observers += 1,
            }
        }
        drop(state);
        for (label, tally) in retired {
            snapshot.total.add(&tally);
            snapshot.labels.entry(label.to_string()).or_default().tally.add(&tally);
        }
        for queue in queues {
            let (tally, standing) = queue.look();
            snapshot.add(&queue.label, &queue.patterns, tally, standing, now_us);
        }
        for (log, members) in logs {
            for (label, tally, standing) in members {
                snapshot.add(&label, &log.patterns, tally, standing, now_us);
            }
        }
        snapshot
    }
}

impl Snapshot {
    fn add(
        &mut self,
        label: &str,
        patterns: &[Pattern],
        tally: Tally,
        standing: Standing,
        now_us: u64,
    ) {
        let of_label = self.labels.entry(label.to_owned()).or_default();
        of_label.subscriptions += 1;
        of_label.tally.add(&tally);
        self.total.add(&tally);
        let waited = standing.oldest_us.map_or(0, |at| now_us.saturating_sub(at));
        self.subscribers.push(SubscriberSnapshot {
            label: label.to_owned(),
            patterns: patterns.iter().map(ToString::to_string).collect(),
            queued: standing.queued,
            bytes: standing.bytes,
            parked: standing.parked,
            principals: standing.principals,
            lag: Duration::from_micros(waited),
            tally,
        });
    }
}
