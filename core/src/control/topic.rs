//! The rule of topics, of patterns over topics, and of an event's texts.
//!
//! A topic is 1 to [`TOPIC_SEGMENTS_MAX`] segments with dots between them. A pattern is a
//! topic in which a segment may be `*`: inside it stands for exactly one segment, at the
//! end for one or more. `#` alone stands for every topic, as `*` alone does.

use core::fmt;

/// How many segments a topic or a pattern has at most.
pub const TOPIC_SEGMENTS_MAX: usize = 20;

pub use crate::record::TOPIC_BYTES_MAX;

/// How many bytes an event's type, its id, its key and its principal have at most, each.
pub const EVENT_TEXT_BYTES_MAX: usize = 255;

/// What keeps text from being a topic or a pattern of topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TopicProblem {
    /// Nothing at all.
    Empty,
    /// More than [`TOPIC_BYTES_MAX`] bytes; how many there are.
    TooLong(usize),
    /// More than [`TOPIC_SEGMENTS_MAX`] segments; how many there are.
    TooDeep(usize),
    /// Two dots beside each other, or one at an end.
    EmptySegment,
    /// Whitespace or a control character.
    Character(char),
    /// In a topic a segment that is `*` or `#`; in a pattern `#` as one segment of several.
    Wildcard,
}

impl fmt::Display for TopicProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TopicProblem::Empty => f.write_str("it is empty"),
            TopicProblem::TooLong(bytes) => {
                write!(f, "it has {bytes} bytes, of which {TOPIC_BYTES_MAX} are allowed")
            }
            TopicProblem::TooDeep(segments) => {
                write!(f, "it has {segments} segments, of which {TOPIC_SEGMENTS_MAX} are allowed")
            }
            TopicProblem::EmptySegment => {
                f.write_str("a segment is empty: put one dot between segments and none at an end")
            }
            TopicProblem::Character(character) => {
                write!(f, "it has {character:?}: use neither whitespace nor control characters")
            }
            TopicProblem::Wildcard => f.write_str(
                "* and # are for patterns: no segment of a topic, and # in a pattern only alone",
            ),
        }
    }
}

impl core::error::Error for TopicProblem {}

/// Whether text is a topic that can be published to.
///
/// # Errors
///
/// What is wrong with it; also a segment that is `*` or `#`, because it would be read as a
/// pattern where rights are judged.
#[inline]
pub fn check_topic(topic: &str) -> Result<(), TopicProblem> {
    match check(topic)? {
        Wildcards::None => Ok(()),
        Wildcards::Star | Wildcards::Hash => Err(TopicProblem::Wildcard),
    }
}

/// Whether text is a pattern of topics.
///
/// # Errors
///
/// What is wrong with it; also `#` as one segment of several.
pub fn check_topic_pattern(pattern: &str) -> Result<(), TopicProblem> {
    match check(pattern)? {
        Wildcards::Hash if pattern != "#" => Err(TopicProblem::Wildcard),
        _ => Ok(()),
    }
}

/// The wildcard among a text's segments; of several the mightiest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Wildcards {
    None,
    Star,
    Hash,
}

/// What topics and patterns have in common. One pass over the bytes, since each event goes
/// through it.
#[inline]
fn check(text: &str) -> Result<Wildcards, TopicProblem> {
    if text.is_empty() {
        return Err(TopicProblem::Empty);
    }
    if text.len() > TOPIC_BYTES_MAX {
        return Err(TopicProblem::TooLong(text.len()));
    }
    let bytes = text.as_bytes();
    let plain = |byte: u8| byte.is_ascii_graphic();
    if !bytes.iter().copied().all(plain)
        && let Some(character) = text.chars().find(|c| c.is_whitespace() || c.is_control())
    {
        return Err(TopicProblem::Character(character));
    }
    let (mut segments, mut found) = (1, Wildcards::None);
    let mut begin = 0;
    for end in (0..=bytes.len()).filter(|&at| bytes.get(at).is_none_or(|&byte| byte == b'.')) {
        match &bytes[begin..end] {
            [] => return Err(TopicProblem::EmptySegment),
            b"*" => found = found.max(Wildcards::Star),
            b"#" => found = found.max(Wildcards::Hash),
            _ => {}
        }
        segments += usize::from(end < bytes.len());
        begin = end + 1;
    }
    if segments > TOPIC_SEGMENTS_MAX {
        return Err(TopicProblem::TooDeep(segments));
    }
    Ok(found)
}

/// What is wrong with an event's type, id, key or principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextProblem {
    /// More than [`EVENT_TEXT_BYTES_MAX`] bytes; how many there are.
    TooLong(usize),
    /// It has CR, LF or NUL, which could split an event on its way to a browser.
    Character(char),
    /// A principal, or a key, without a single character.
    Empty,
}

impl fmt::Display for TextProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TextProblem::TooLong(bytes) => {
                write!(f, "has {bytes} bytes, of which {EVENT_TEXT_BYTES_MAX} are allowed")
            }
            TextProblem::Character(character) => {
                write!(f, "has {character:?}: use neither CR nor LF nor NUL")
            }
            TextProblem::Empty => f.write_str("is empty: leave it out or give a name"),
        }
    }
}

impl core::error::Error for TextProblem {}

/// Whether text may be an event's type, id, key or principal. Empty text may; who needs
/// some looks by himself.
///
/// # Errors
///
/// What is wrong with it.
#[inline]
pub fn check_event_text(text: &str) -> Result<(), TextProblem> {
    if text.len() > EVENT_TEXT_BYTES_MAX {
        return Err(TextProblem::TooLong(text.len()));
    }
    // Byte by byte: none of the three is ever a part of another character.
    match text.bytes().find(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        Some(byte) => Err(TextProblem::Character(char::from(byte))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
