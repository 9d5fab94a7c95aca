//! Places in a file.

use std::collections::HashMap;
use std::ops::Range;

use super::mistake::{Mistake, Mistakes, Shown};
use super::{Source, Sources, around, file};
use crate::config::schema::TABLES;
use crate::config::{Config, Fault};

/// A file's text, and where each key's value is in it.
#[derive(Debug)]
pub(crate) struct Document {
    /// What it is called in messages.
    pub(crate) name: String,
    /// All of it.
    pub(crate) text: String,
    places: HashMap<String, Range<usize>>,
}

impl Document {
    pub(crate) fn new(name: String, text: String) -> Document {
        Document { name, text, places: HashMap::new() }
    }

    /// Reads it over a configuration. What does not parse is a mistake and leaves what was
    /// there.
    pub(crate) fn read_into(
        mut self,
        config: &mut Config,
        sources: &mut Sources,
        mistakes: &mut Mistakes,
    ) -> Document {
        let read = file::read(&self.text, config);
        for (key, span) in &read.places {
            // A table says where its keys are, and nothing about those that are not in it.
            if !TABLES.iter().any(|table| table.name == *key) {
                sources.insert(key.clone(), Source::File(self.line(span.start)));
            }
        }
        self.places = read.places.into_iter().collect();
        for (fault, span) in read.faults {
            mistakes.add(self.mistake_at(&fault, span));
        }
        self
    }

    /// The line of a place, from 1.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.text.as_bytes()[..at.min(self.text.len())].iter().filter(|&&b| b == b'\n').count() + 1
    }

    /// What is wrong with a key, at its value, or at what it is a part of.
    pub(crate) fn mistake(&self, fault: &Fault) -> Mistake {
        match around(&fault.key).find_map(|key| self.places.get(key)) {
            Some(span) => self.mistake_at(fault, span.clone()),
            None => Mistake::new(fault),
        }
    }

    /// What is wrong, at a place.
    pub(crate) fn mistake_at(&self, fault: &Fault, span: Range<usize>) -> Mistake {
        let text = &self.text;
        let start = boundary(text, span.start);
        let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let to = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = boundary(text, span.end).clamp(start, to);
        let shown = Shown {
            file: self.name.clone(),
            line: self.line(start),
            column: text[from..start].chars().count() + 1,
            width: text[start..end].chars().count().max(1),
            text: text[from..to].trim_end().to_owned(),
        };
        Mistake::at(fault, shown)
    }
}

/// The place, or that of the character that it is in the middle of.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}
