//! Who wants a topic, found without asking everybody.
//!
//! A tree of patterns by segment. A look goes down the topic's segments, at each depth
//! through the node of that name and through the node of `*`; so it costs what matches and
//! not what there is.

use std::collections::{BTreeSet, HashMap};

use super::Pattern;

/// The number of a subscription, tap or observer.
pub(super) type TargetId = u32;

#[derive(Debug, Default)]
pub(super) struct Index {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    named: HashMap<Box<str>, Node>,
    any: Option<Box<Node>>,
    /// Whose pattern ends here.
    here: BTreeSet<TargetId>,
    /// Whose pattern goes on with one segment or more.
    beyond: BTreeSet<TargetId>,
}

impl Index {
    pub(super) fn insert(&mut self, pattern: &Pattern, target: TargetId) {
        let (segments, tail) = pattern.parts();
        let mut node = &mut self.root;
        for segment in segments {
            node = match segment {
                "*" => node.any.get_or_insert_default(),
                // Looked up twice, so that a name that is there is not copied.
                name if node.named.contains_key(name) => {
                    node.named.get_mut(name).expect("looked up just now")
                }
                name => node.named.entry(name.into()).or_default(),
            };
        }
        node.ends(tail).insert(target);
    }

    pub(super) fn remove(&mut self, pattern: &Pattern, target: TargetId) {
        let (mut segments, tail) = pattern.parts();
        self.root.remove(&mut segments, tail, target);
    }

    /// All that have a pattern for the topic, each once, in the order of their numbers.
    pub(super) fn find(&self, topic: &str, found: &mut Vec<TargetId>) {
        found.clear();
        self.root.find(Some(topic), found);
        found.sort_unstable();
        found.dedup();
    }
}

impl Node {
    fn ends(&mut self, tail: bool) -> &mut BTreeSet<TargetId> {
        if tail { &mut self.beyond } else { &mut self.here }
    }

    fn is_empty(&self) -> bool {
        self.named.is_empty()
            && self.any.is_none()
            && self.here.is_empty()
            && self.beyond.is_empty()
    }

    fn remove<'a>(
        &mut self,
        segments: &mut impl Iterator<Item = &'a str>,
        tail: bool,
        target: TargetId,
    ) {
        match segments.next() {
            None => {
                self.ends(tail).remove(&target);
            }
            Some("*") => {
                if let Some(any) = &mut self.any {
                    any.remove(segments, tail, target);
                    if any.is_empty() {
                        self.any = None;
                    }
                }
            }
            Some(name) => {
                if let Some(node) = self.named.get_mut(name) {
                    node.remove(segments, tail, target);
                    if node.is_empty() {
                        self.named.remove(name);
                    }
                }
            }
        }
    }

    /// `rest`: what is left of the topic, `None` at its end.
    fn find(&self, rest: Option<&str>, found: &mut Vec<TargetId>) {
        let Some(rest) = rest else {
            found.extend(&self.here);
            return;
        };
        found.extend(&self.beyond);
        let (segment, rest) = match rest.split_once('.') {
            Some((segment, rest)) => (segment, Some(rest)),
            None => (rest, None),
        };
        if let Some(node) = self.named.get(segment) {
            node.find(rest, found);
        }
        if let Some(node) = &self.any {
            node.find(rest, found);
        }
    }
}
