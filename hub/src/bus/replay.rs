//! What somebody who comes back is given of the history.

use std::collections::BTreeSet;

use super::bus::Shared;
use super::event::{Event, Seq};
use super::history::Missed;
use super::pattern::Pattern;
use super::state::{State, lock};
use super::subscription::Delivery;
use super::topics::{Topic, TopicId};

/// Topics that are looked at for somebody's history while the lock is held once.
const TOPICS_AT_ONCE: usize = 512;

/// What the history holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// In the order of their sequence.
    pub events: Vec<Event>,
    /// What is gone of what was asked for.
    pub missed: Missed,
    /// The last number that was looked at: what is not in `events` and not missed has a
    /// larger one.
    pub upto: Seq,
}

impl Shared {
    /// What is held after one number and up to another, and what is gone of that.
    pub(super) fn history(&self, patterns: &[Pattern], after: Seq, upto: Option<Seq>) -> Replay {
        let mut state = lock(&self.state);
        let last = state.next - 1;
        let upto = upto.map_or(last, |upto| upto.min(last));
        let mut replay = Replay { events: Vec::new(), missed: Missed::Exactly(0), upto };
        if after > last {
            replay.missed = Missed::NeverGiven;
            return replay;
        }
        let now_us = state.now_us();
        let State { topics, history, .. } = &mut *state;
        history.expire(topics, now_us);
        let look = |state: &State, id: TopicId, replay: &mut Replay| {
            if let Some(topic) = state.topics.get(id).filter(|topic| topic.last_seq > after) {
                let missed = state.history.look(topic, after, upto, &mut replay.events);
                replay.missed = replay.missed.and(missed);
            }
        };
        let exact: Option<BTreeSet<&str>> = patterns.iter().map(Pattern::as_topic).collect();
        let mut surely_there = false;
        if let Some(exact) = &exact {
            let ids: Vec<_> = exact.iter().filter_map(|topic| state.topics.find(topic)).collect();
            surely_there = ids.len() == exact.len();
            ids.into_iter().for_each(|id| look(&state, id, &mut replay));
        } else {
            // Publishers have their turn in between. What goes meanwhile was looked at or
            // is found to be gone; what comes has larger numbers.
            let mut next = 0;
            while next < state.topics.len() {
                for id in next..state.topics.len().min(next + TOPICS_AT_ONCE) {
                    let id = id as TopicId;
                    let wanted = |topic: &Topic| wanted(patterns, &topic.name);
                    if state.topics.get(id).is_some_and(wanted) {
                        look(&state, id, &mut replay);
                    }
                }
                next += TOPICS_AT_ONCE;
                drop(state);
                state = lock(&self.state);
            }
        }
        let gone = state.history.look_gone(|topic| wanted(patterns, topic), surely_there, after);
        drop(state);
        replay.missed = replay.missed.and(gone);
        replay.events.sort_unstable_by_key(Event::seq);
        if after + 1 < self.settings.first_seq {
            replay.missed = Missed::EarlierRun;
        }
        replay
    }
}

fn wanted(patterns: &[Pattern], topic: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches_topic(topic))
}

impl From<Replay> for Vec<Delivery> {
    fn from(replay: Replay) -> Vec<Delivery> {
        let gap = (!replay.missed.is_nothing())
            .then_some(Delivery::Gap { missed: replay.missed, principal: None });
        gap.into_iter().chain(replay.events.into_iter().map(Delivery::Event)).collect()
    }
}
