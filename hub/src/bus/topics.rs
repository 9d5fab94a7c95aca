//! The topics that were published to of late, each with what it costs to look up once.
//!
//! Bounded: when there are too many, the one that rested is forgotten first, by the
//! second-chance rule, which needs no list to be kept in order.

use std::collections::HashMap;
use std::sync::Arc;

use super::event::{Heading, Seq};
use super::history::Ring;
use super::index::TargetId;
use super::storm::InWindow;

/// A topic's place in the table.
pub(super) type TopicId = u32;

#[derive(Debug)]
pub(super) struct Topics {
    by_name: HashMap<Arc<str>, TopicId>,
    table: Vec<Topic>,
    max: usize,
    hand: usize,
}

#[derive(Debug)]
pub(super) struct Topic {
    pub(super) name: Arc<str>,
    /// Of its last event: most topics have but one type.
    pub(super) heading: Arc<Heading>,
    /// Who published it last, and the hash of that: most topics have few, and bursts one.
    pub(super) principal: Option<(Arc<str>, u64)>,
    /// Who wants it, as of the bus's `epoch`.
    pub(super) targets: Vec<TargetId>,
    pub(super) epoch: u64,
    pub(super) ring: Ring,
    pub(super) published: u64,
    pub(super) last_seq: Seq,
    pub(super) in_window: InWindow,
    /// Published to since the hand came by.
    touched: bool,
}

impl Topics {
    pub(super) fn new(max: usize) -> Topics {
        Topics { by_name: HashMap::new(), table: Vec::new(), max: max.max(1), hand: 0 }
    }

    pub(super) fn find(&self, name: &str) -> Option<TopicId> {
        self.by_name.get(name).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn get(&self, id: TopicId) -> Option<&Topic> {
        self.table.get(id as usize)
    }

    /// The topic of a number that `find` or `add` gave.
    pub(super) fn touch(&mut self, id: TopicId) -> &mut Topic {
        let topic = &mut self.table[id as usize];
        topic.touched = true;
        topic
    }

    pub(super) fn at(&mut self, id: TopicId) -> &mut Topic {
        &mut self.table[id as usize]
    }

    /// Adds a topic, and gives the one that had to go for it.
    pub(super) fn add(&mut self, name: &str) -> (TopicId, Option<Topic>) {
        let name: Arc<str> = name.into();
        let topic = Topic {
            name: name.clone(),
            heading: Arc::new(Heading { topic: name.clone(), kind: "message".into() }),
            principal: None,
            targets: Vec::new(),
            epoch: 0,
            ring: Ring::default(),
            published: 0,
            last_seq: 0,
            in_window: InWindow::default(),
            touched: true,
        };
        let (id, gone) = if self.table.len() < self.max {
            self.table.push(topic);
            (self.table.len() - 1, None)
        } else {
            let id = self.rested();
            let gone = std::mem::replace(&mut self.table[id], topic);
            self.by_name.remove(&gone.name);
            (id, Some(gone))
        };
        self.by_name.insert(name, id as TopicId);
        (id as TopicId, gone)
    }

    /// A topic that nobody has published to since the hand came by last.
    fn rested(&mut self) -> usize {
        loop {
            let at = self.hand;
            self.hand = (at + 1) % self.table.len();
            if !std::mem::take(&mut self.table[at].touched) {
                return at;
            }
        }
    }
}
