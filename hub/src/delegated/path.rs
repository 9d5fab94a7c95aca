//! Paths as they are compared: percent-decoded, segment by segment.
//!
//! `/rooms/caf%C3%A9` and `/rooms/café` are one path. `/a%2Fb` and `/a/b` are two, as they
//! are to the router: a slash that is part of a segment stays encoded, and with it the percent
//! sign itself.

use std::str::Split;

use percent_encoding::percent_decode;

use crate::routing::Pattern;

/// A path in the one form that is compared.
pub(super) type Key = Box<[u8]>;

/// The form of a path as a client sends it, or a worker writes it.
pub(super) fn key(path: &str) -> Key {
    let mut key = Vec::with_capacity(path.len());
    for (index, segment) in path.split('/').enumerate() {
        if index > 0 {
            key.push(b'/');
        }
        push(&mut key, percent_decode(segment.as_bytes()));
    }
    key.into()
}

/// The form of the one path that a pattern and a value for each of its parameters mean. `None`
/// when they may mean several: a parameter is missing, or is the rest of the path, whose
/// slashes could be any.
pub(super) fn key_of<'v>(
    pattern: &Pattern,
    value: impl Fn(&str) -> Option<&'v [u8]>,
) -> Option<Key> {
    if pattern.has_rest() {
        return None;
    }
    let mut names = pattern.names().iter();
    let mut key = Vec::with_capacity(pattern.text().len() + 32);
    for (index, segment) in segments(pattern).enumerate() {
        if index > 0 {
            key.push(b'/');
        }
        if is_parameter(segment) {
            push(&mut key, value(names.next()?)?.iter().copied());
        } else {
            let literal = segment.replace("{{", "{").replace("}}", "}");
            push(&mut key, percent_decode(literal.as_bytes()));
        }
    }
    Some(key.into())
}

fn segments(pattern: &Pattern) -> Split<'_, char> {
    pattern.text().split('/')
}

/// Of a pattern that parsed, which is why this is enough.
fn is_parameter(segment: &str) -> bool {
    segment.starts_with('{') && !segment.starts_with("{{")
}

fn push(key: &mut Vec<u8>, segment: impl Iterator<Item = u8>) {
    for byte in segment {
        match byte {
            b'/' => key.extend(b"%2F"),
            b'%' => key.extend(b"%25"),
            byte => key.push(byte),
        }
    }
}

#[cfg(test)]
mod tests;
