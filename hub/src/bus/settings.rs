//! What a bus can be told.

use std::time::Duration;

use super::Seq;

/// How a bus works. [`Settings::default`] gives the documented defaults; what is not named
/// there is taken from it with `..Settings::default()`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The sequence number of the first event, at least 1. Default: 1. Who wants the
    /// numbers of an earlier run to be told from this one's gives something that grows from
    /// run to run, such as the microseconds since 1970.
    pub first_seq: Seq,
    /// How long a must-deliver publish waits for all slow subscribers together. Default:
    /// 50 ms.
    pub must_deadline: Duration,
    /// Bytes of one payload at most. Default: 5 MiB.
    pub payload_bytes_max: usize,
    /// Bytes of payload that one principal may publish in a second, as much again at once
    /// after a rest. Events without a principal are not limited. Default: no limit.
    pub principal_bytes_per_second: Option<u64>,
    /// For how many principals this is kept. The one that rested longest is forgotten
    /// first. Default: 16,384.
    pub principals_max: usize,
    /// Subscriptions, taps and observers together at most. Default: 131,072.
    pub subscriptions_max: usize,
    /// Patterns of one of them at most. Default: 64.
    pub patterns_max: usize,
    /// Topics that are remembered with their history at most. The one that rested longest
    /// is forgotten first. Default: 8,192.
    pub topics_max: usize,
    /// Labels that are counted by themselves; the rest is counted as `other`. Default: 64.
    pub labels_max: usize,
    /// Events that wait for synchronous observers at most; what is more passes them by and
    /// is counted. Default: 65,536.
    pub observer_backlog_max: usize,
    /// What is held for those that come back.
    pub history: HistorySettings,
    /// When the rate of events is worth a warning.
    pub storm: StormSettings,
}

/// What is held for those that come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistorySettings {
    /// Events of one topic at most; 0 holds nothing. Default: 256.
    pub events: usize,
    /// Bytes of one topic at most, each event counted as [`Event::size`](super::Event::size)
    /// says. Default: 1 MiB.
    pub bytes: usize,
    /// How old an event becomes. Default: 5 minutes.
    pub age: Duration,
    /// Bytes of all topics together at most. Default: 64 MiB.
    pub total_bytes: usize,
    /// Of how many events of a topic that are gone the sequence number is kept, so that
    /// the number of missed ones is exact. Default: 1,024.
    pub record: usize,
    /// The same for all topics together. Default: 262,144, which take 2 MiB.
    pub total_record: usize,
}

/// When the rate of events is worth a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StormSettings {
    /// Over which time events are counted. Default: 5 s.
    pub window: Duration,
    /// From how many events a second on a warning is due; 0 never warns. Default: 100.
    pub events_per_second: u64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            first_seq: 1,
            must_deadline: Duration::from_millis(50),
            payload_bytes_max: 5 << 20,
            principal_bytes_per_second: None,
            principals_max: 16_384,
            subscriptions_max: 131_072,
            patterns_max: 64,
            topics_max: 8_192,
            labels_max: 64,
            observer_backlog_max: 65_536,
            history: HistorySettings::default(),
            storm: StormSettings::default(),
        }
    }
}

impl Default for HistorySettings {
    fn default() -> HistorySettings {
        HistorySettings {
            events: 256,
            bytes: 1 << 20,
            age: Duration::from_secs(300),
            total_bytes: 64 << 20,
            record: 1_024,
            total_record: 262_144,
        }
    }
}

impl Default for StormSettings {
    fn default() -> StormSettings {
        StormSettings { window: Duration::from_secs(5), events_per_second: 100 }
    }
}
