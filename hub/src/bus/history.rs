//! What the bus holds for those that come back.
//!
//! A ring for each topic, bounded in events and bytes; over all of them one list in the
//! order of publishing, whose front is always the oldest event that is held. So age and
//! the bound for all together are kept at the front of the list, in constant time for each
//! event that goes.
//!
//! Of what is gone the sequence numbers are kept for a while, a bounded number for each
//! topic, so that whoever comes back is told exactly how many it missed.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Event;
use super::event::Seq;
use super::settings::HistorySettings;
use super::topics::{Topic, TopicId, Topics};

/// No entry.
const NONE: u32 = u32::MAX;

/// Topics that are gone with all that they held, of which the name is kept.
const GONE_MAX: usize = 1_024;

/// What is kept of one topic.
#[derive(Debug, Default)]
pub(super) struct Ring {
    /// Places in the list, in the order of the sequence.
    entries: VecDeque<u32>,
    bytes: usize,
    /// Numbers of events that are gone.
    record: VecDeque<Seq>,
    /// The last number that is no longer even in the record; 0 if that never happened.
    beyond_record: Seq,
}

#[derive(Debug)]
pub(super) struct History {
    settings: HistorySettings,
    age_us: u64,
    entries: Vec<Entry>,
    free: Vec<u32>,
    oldest: u32,
    newest: u32,
    bytes: usize,
    held: usize,
    recorded: usize,
    /// Topics that are gone, and the number of their last event.
    gone: VecDeque<(Arc<str>, Seq)>,
    /// The largest number among topics of which not even the name is kept.
    beyond_gone: Seq,
}

#[derive(Debug)]
struct Entry {
    event: Option<Event>,
    topic: TopicId,
    older: u32,
    newer: u32,
}

/// How much somebody missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// Exactly so many events; 0 is nothing.
    Exactly(u64),
    /// So many at least: the record of what is gone does not reach back so far. With 0
    /// nobody knows whether there were any.
    AtLeast(u64),
    /// The number is of an earlier run of the bus, of which nothing is known.
    EarlierRun,
    /// No event has that number, nor had one before.
    NeverGiven,
}

impl Missed {
    /// Whether nothing was missed for certain.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self == Missed::Exactly(0)
    }

    /// How many for certain.
    #[must_use]
    pub fn count(self) -> u64 {
        match self {
            Missed::Exactly(count) | Missed::AtLeast(count) => count,
            Missed::EarlierRun | Missed::NeverGiven => 0,
        }
    }

    pub(super) fn and(self, other: Missed) -> Missed {
        match (self, other) {
            (Missed::Exactly(one), Missed::Exactly(two)) => Missed::Exactly(one + two),
            (one, two) => Missed::AtLeast(one.count() + two.count()),
        }
    }
}

impl History {
    pub(super) fn new(settings: &HistorySettings) -> History {
        History {
            age_us: u64::try_from(settings.age.as_micros()).unwrap_or(u64::MAX),
            settings: settings.clone(),
            entries: Vec::new(),
            free: Vec::new(),
            oldest: NONE,
            newest: NONE,
            bytes: 0,
            held: 0,
            recorded: 0,
            gone: VecDeque::new(),
            beyond_gone: 0,
        }
    }

    /// Holds an event, and lets go of what is over a bound because of it.
    pub(super) fn hold(&mut self, topics: &mut Topics, id: TopicId, event: &Event) {
        self.expire(topics, event.at_us());
        if self.settings.events == 0
            || event.size() > self.settings.bytes.min(self.settings.total_bytes)
        {
            self.record(topics.at(id), event.seq());
            // What came before it must not look as if nothing were missing after it.
            return;
        }
        let ring = &mut topics.at(id).ring;
        ring.bytes += event.size();
        let full = ring.entries.len() >= self.settings.events;
        ring.entries.push_back(NONE);
        let place = self.link(id, event.clone());
        if let Some(last) = ring.entries.back_mut() {
            *last = place;
        }
        if full {
            self.let_go_oldest_of(topics, id);
        }
        while topics.at(id).ring.bytes > self.settings.bytes {
            self.let_go_oldest_of(topics, id);
        }
        while self.bytes > self.settings.total_bytes {
            self.let_go_oldest(topics);
        }
    }

    /// Lets go of what is too old.
    pub(super) fn expire(&mut self, topics: &mut Topics, now_us: u64) {
        while let Some(entry) = self.entries.get(self.oldest as usize) {
            let at = entry.event.as_ref().map_or(0, Event::at_us);
            if now_us.saturating_sub(at) <= self.age_us {
                break;
            }
            self.let_go_oldest(topics);
        }
    }

    /// Forgets a topic with all that it held.
    pub(super) fn forget(&mut self, mut topic: Topic) {
        while let Some(place) = topic.ring.entries.pop_front() {
            self.unlink(place);
        }
        self.recorded -= topic.ring.record.len();
        if self.gone.len() >= GONE_MAX
            && let Some((_, seq)) = self.gone.pop_front()
        {
            self.beyond_gone = self.beyond_gone.max(seq);
        }
        self.gone.push_back((topic.name, topic.last_seq));
    }

    /// Adds what a topic holds of what came after one number and not after another, and
    /// says what of that is gone.
    pub(super) fn look(
        &self,
        topic: &Topic,
        after: Seq,
        upto: Seq,
        events: &mut Vec<Event>,
    ) -> Missed {
        let ring = &topic.ring;
        let event = |place: &u32| self.entries[*place as usize].event.as_ref();
        let from =
            ring.entries.partition_point(|place| event(place).is_some_and(|e| e.seq() <= after));
        let held = ring.entries.iter().skip(from).filter_map(event);
        events.extend(held.take_while(|event| event.seq() <= upto).cloned());
        let first = ring.record.partition_point(|seq| *seq <= after);
        let last = ring.record.partition_point(|seq| *seq <= upto);
        let count = (last - first.min(last)) as u64;
        if ring.beyond_record > after { Missed::AtLeast(count + 1) } else { Missed::Exactly(count) }
    }

    /// What is gone together with its topic.
    pub(super) fn look_gone(
        &self,
        wanted: impl Fn(&str) -> bool,
        surely_there: bool,
        after: Seq,
    ) -> Missed {
        let lost = self.gone.iter().filter(|(name, seq)| *seq > after && wanted(name)).count();
        if lost > 0 || (!surely_there && self.beyond_gone > after) {
            Missed::AtLeast(lost as u64)
        } else {
            Missed::Exactly(0)
        }
    }

    pub(super) fn held(&self) -> usize {
        self.held
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn let_go_oldest(&mut self, topics: &mut Topics) {
        if let Some(entry) = self.entries.get(self.oldest as usize) {
            // The oldest of all is the oldest of its topic.
            self.let_go_oldest_of(topics, entry.topic);
        }
    }

    fn let_go_oldest_of(&mut self, topics: &mut Topics, id: TopicId) {
        let topic = topics.at(id);
        let Some(place) = topic.ring.entries.pop_front() else { return };
        if let Some(event) = self.unlink(place) {
            topic.ring.bytes -= event.size();
            self.record(topic, event.seq());
        }
    }

    /// Notes that an event is gone.
    fn record(&mut self, topic: &mut Topic, seq: Seq) {
        let Ring { record, beyond_record, .. } = &mut topic.ring;
        if record.back().is_none_or(|last| *last < seq) {
            record.push_back(seq);
        } else {
            // One that was too large to be held went before those that are.
            record.insert(record.partition_point(|other| *other < seq), seq);
        }
        self.recorded += 1;
        while record.len() > self.settings.record || self.recorded > self.settings.total_record {
            let Some(forgotten) = record.pop_front() else { break };
            *beyond_record = (*beyond_record).max(forgotten);
            self.recorded -= 1;
        }
    }

    fn link(&mut self, topic: TopicId, event: Event) -> u32 {
        self.bytes += event.size();
        self.held += 1;
        let entry = Entry { event: Some(event), topic, older: self.newest, newer: NONE };
        let place = match self.free.pop() {
            Some(place) => {
                self.entries[place as usize] = entry;
                place
            }
            None => {
                self.entries.push(entry);
                self.entries.len() as u32 - 1
            }
        };
        match self.entries.get_mut(self.newest as usize) {
            Some(newest) => newest.newer = place,
            None => self.oldest = place,
        }
        self.newest = place;
        place
    }

    fn unlink(&mut self, place: u32) -> Option<Event> {
        let entry = self.entries.get_mut(place as usize)?;
        let event = entry.event.take()?;
        let (older, newer) = (entry.older, entry.newer);
        match self.entries.get_mut(older as usize) {
            Some(older) => older.newer = newer,
            None => self.oldest = newer,
        }
        match self.entries.get_mut(newer as usize) {
            Some(newer) => newer.older = older,
            None => self.newest = older,
        }
        self.free.push(place);
        self.bytes -= event.size();
        self.held -= 1;
        Some(event)
    }
}
