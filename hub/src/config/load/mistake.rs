//! What is wrong, as it is told.

use std::fmt;

use super::Source;
use crate::config::Fault;

/// Characters of a line that are shown.
const SHOWN_MAX: usize = 120;

/// One thing that is wrong with what was given, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    words: String,
    shown: Option<Shown>,
}

/// A place in a file, with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) file: String,
    /// From 1.
    pub(super) line: usize,
    /// From 1, in characters.
    pub(super) column: usize,
    /// Characters.
    pub(super) width: usize,
    pub(super) text: String,
}

impl Mistake {
    /// Of the configuration, whoever set it.
    pub(super) fn new(fault: &Fault) -> Mistake {
        Mistake { words: fault.to_string(), shown: None }
    }

    /// Of the file as a whole.
    pub(super) fn of_file(words: String) -> Mistake {
        Mistake { words, shown: None }
    }

    /// Of a flag or a variable.
    pub(super) fn without_place(source: &Source, words: &str) -> Mistake {
        Mistake { words: format!("{source}: {words}"), shown: None }
    }

    pub(super) fn at(fault: &Fault, shown: Shown) -> Mistake {
        let words = match fault.key.is_empty() {
            true => fault.words.clone(),
            false => fault.to_string(),
        };
        Mistake { words, shown: Some(shown) }
    }

    /// It in one line, for a log.
    pub(crate) fn line(&self) -> String {
        match &self.shown {
            Some(Shown { file, line, column, .. }) => {
                format!("{file}:{line}:{column}: {}", self.words)
            }
            None => self.words.clone(),
        }
    }

    fn order(&self) -> (usize, usize) {
        self.shown.as_ref().map_or((usize::MAX, 0), |shown| (shown.line, shown.column))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Shown { line, column, width, text, .. }) = &self.shown else {
            return f.write_str(&self.words);
        };
        f.write_str(&self.line())?;
        if text.is_empty() || *column > SHOWN_MAX {
            return Ok(());
        }
        // What would move the cursor is shown as something that does not.
        let clean = |c: char| match c {
            '\t' => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        };
        let text: String = text.chars().map(clean).take(SHOWN_MAX).collect();
        let number = line.to_string();
        let (gap, carets) = (number.len(), "^".repeat((*width).min(SHOWN_MAX + 1 - column)));
        write!(
            f,
            "\n  {number} | {text}\n  {:gap$} | {:before$}{carets}",
            "",
            "",
            before = column - 1
        )
    }
}

/// Everything that is wrong, what has a place in the file first and in its order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    pub(super) fn one(mistake: Mistake) -> Mistakes {
        Mistakes(vec![mistake])
    }

    pub(super) fn add(&mut self, mistake: Mistake) {
        if !self.0.contains(&mistake) {
            self.0.push(mistake);
        }
    }

    /// Them.
    pub fn iter(&self) -> std::slice::Iter<'_, Mistake> {
        self.0.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_result(mut self) -> Result<(), Mistakes> {
        self.0.sort_by_key(Mistake::order);
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }
}

impl FromIterator<Mistake> for Mistakes {
    fn from_iter<I: IntoIterator<Item = Mistake>>(all: I) -> Mistakes {
        Mistakes(all.into_iter().collect())
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            write!(f, "{gap}{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}
