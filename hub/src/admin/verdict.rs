//! How a worker is, in a word and a sentence for a person who has two seconds.

use std::time::Duration;

use serde::Serialize;

use crate::departures::Reason;
use crate::instance::Standing;

/// A request that a worker has had for longer is stuck, whatever it is.
pub(super) const STUCK: Duration = Duration::from_secs(30);
/// How long a worker may be silent with work in its hands, at least and at most; between
/// them it depends on how long its answers take.
const PATIENCE_MIN: Duration = Duration::from_secs(3);
const PATIENCE_MAX: Duration = Duration::from_secs(30);
const PATIENCE_UNKNOWN: Duration = Duration::from_secs(5);
/// So many times as long as almost all of its answers took.
const PATIENCE_TIMES: u32 = 5;
/// Answers of a window below which a share says nothing.
const ANSWERS_MIN: f64 = 1.0;

/// How it is, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// Somebody has to look.
    Sick,
    /// Something is odd.
    Warn,
    /// It finishes what it has.
    Leaving,
    /// It is well.
    Ok,
}

/// What the judgement is about.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) standing: Standing,
    pub(super) slots: u32,
    pub(super) in_use: u32,
    /// Of those, the ones whose answer has not begun.
    pub(super) owed: u32,
    /// Of those, the ones that are owed for longer than [`STUCK`].
    pub(super) stuck: u32,
    /// For how long the oldest of those has been owed.
    pub(super) owed_for: Option<Duration>,
    /// How long ago it answered last; `None` if never.
    pub(super) answered: Option<Duration>,
    /// What almost all of its answers took less than.
    pub(super) p99: Option<Duration>,
    /// Answers and errors a second.
    pub(super) answers: f64,
    pub(super) errors: f64,
    /// Requests that wait for a slot of its names.
    pub(super) waiting: usize,
    /// Probes that it has missed in a row.
    pub(super) misses: u32,
}

/// Judges.
pub(super) fn judge(look: &Look) -> (Level, String) {
    let Look { slots, in_use, owed, stuck, .. } = *look;
    if look.standing == Standing::Dead {
        return (Level::Sick, "gone; what it had is being answered".to_owned());
    }
    if let Some(silent) = silent(look) {
        let silent = words(silent);
        let say = match look.answered {
            Some(_) => format!("stopped answering {silent} ago; {}", hang(owed)),
            None => format!("has answered nothing for {silent}; {}", hang(owed)),
        };
        return (Level::Sick, say);
    }
    if look.misses > 0 {
        let probes = if look.misses == 1 { "probe" } else { "probes" };
        return (Level::Sick, format!("missed {} {probes} in a row", look.misses));
    }
    if stuck > 0 {
        let level = if stuck * 2 >= slots { Level::Sick } else { Level::Warn };
        let limit = words(STUCK);
        return (level, format!("{stuck} of {slots} slots stuck for more than {limit}"));
    }
    if look.errors >= ANSWERS_MIN && look.errors * 2.0 >= look.answers {
        let share = (100.0 * look.errors / look.answers.max(look.errors)).round();
        return (Level::Warn, format!("{share} % of its answers are errors"));
    }
    if look.standing == Standing::Draining {
        return (Level::Leaving, format!("draining; {} left", requests(in_use)));
    }
    if in_use == slots && look.waiting > 0 {
        return (Level::Warn, format!("full; {} wait for a slot", requests(look.waiting as u32)));
    }
    let say = match in_use {
        0 => "idle".to_owned(),
        _ => format!("{in_use} of {slots} slots in use"),
    };
    (Level::Ok, say)
}

/// For how long it has had work and answered nothing, if that is too long.
fn silent(look: &Look) -> Option<Duration> {
    let owed_for = look.owed_for?;
    let silent = look.answered.map_or(owed_for, |answered| answered.min(owed_for));
    let patience = match look.p99 {
        Some(p99) => (p99 * PATIENCE_TIMES).clamp(PATIENCE_MIN, PATIENCE_MAX),
        None => PATIENCE_UNKNOWN,
    };
    (silent >= patience).then_some(silent)
}

/// Judges one that left.
pub(super) fn judge_departure(reason: Reason) -> Level {
    match reason {
        reason if reason.is_eviction() => Level::Sick,
        Reason::Killed => Level::Sick,
        Reason::Exited | Reason::Ended | Reason::Disconnected => Level::Warn,
        _ => Level::Ok,
    }
}

fn hang(count: u32) -> String {
    match count {
        1 => "1 request hangs".to_owned(),
        _ => format!("{count} requests hang"),
    }
}

fn requests(count: u32) -> String {
    match count {
        1 => "1 request".to_owned(),
        _ => format!("{count} requests"),
    }
}

/// A time as a person says it.
pub(super) fn words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3600),
    }
}

#[cfg(test)]
mod tests;
