//! How values are written: in the file, in the environment and behind flags.
//!
//! A codec reads one kind of value from text and from TOML, and writes it as TOML that it
//! would read back. The schema names a codec for each key.

mod command;
mod list;
mod number;
mod time;
mod word;

use std::fmt::Display;

use toml::Spanned;
use toml::de::DeValue;

pub(crate) use self::command::{Variables, Words};
pub(crate) use self::list::{List, Maybe, Unset};
pub(crate) use self::number::{Bytes, Count};
pub(crate) use self::time::Time;
pub(crate) use self::word::{AdminPlace, Choice, File, Of, Text, YesNo};

/// One kind of value.
pub(crate) trait Codec {
    /// What it is in memory.
    type Value;
    /// What it is called.
    const KIND: &'static str;
    /// One, as the file has it.
    const LIKE: &'static str;

    /// Reads it as people write it on a command line.
    fn text(text: &str) -> Result<Self::Value, String>;

    /// Writes it as TOML.
    fn toml(value: &Self::Value) -> String;

    /// Reads it from the file. What is wrong is noted, at its place.
    fn file(value: &Spanned<DeValue<'_>>, at: &str, reader: &mut Reader) -> Option<Self::Value> {
        let read = match value.get_ref() {
            DeValue::String(text) => Self::text(text),
            other => Err(wrong_kind::<Self>(other)),
        };
        reader.take(read, at, value)
    }
}

/// Collects what reading a file gives besides the values.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// Where each value stands in the file, by its key.
    pub(crate) places: Vec<(String, std::ops::Range<usize>)>,
    /// What is wrong, with its key and its place.
    pub(crate) faults: Vec<(super::Fault, std::ops::Range<usize>)>,
}

impl Reader {
    /// Notes what is wrong with the value at a key.
    pub(crate) fn fault(&mut self, key: &str, span: std::ops::Range<usize>, words: String) {
        self.faults.push((super::Fault { key: key.to_owned(), words }, span));
    }

    fn take<T>(
        &mut self,
        read: Result<T, String>,
        at: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<T> {
        read.map_err(|words| self.fault(at, value.span(), words)).ok()
    }
}

/// The words for a value of another kind than is asked for.
pub(crate) fn wrong_kind<C: Codec + ?Sized>(value: &DeValue<'_>) -> String {
    format!("{} is no {}; write one as in {}", describe(value), C::KIND, C::LIKE)
}

/// A value, as the beginning of a sentence.
pub(crate) fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(yes) => yes.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Text as a TOML string.
pub(crate) fn quoted(text: impl Display) -> String {
    toml::Value::String(text.to_string()).to_string()
}

#[cfg(test)]
mod tests;
