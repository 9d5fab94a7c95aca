//! The table against the structures that it fills.

use std::collections::BTreeSet;

use super::*;
use crate::config::{Channel, Listen, Program, RouteRule};

#[test]
fn names_flags_and_variables_are_there_once() {
    assert!(TABLES.iter().all(|table| table.name.is_empty() || table.words.ends_with('.')));
    let lists = [LISTEN.words, ROUTE.words, CHANNEL.words, WORKER.words];
    assert!(lists.iter().all(|words| words.ends_with('.')));
    let mut seen = BTreeSet::new();
    for (table, key) in keys() {
        assert!(seen.insert(path(table.name, key.name)), "{} twice", key.name);
        assert!(seen.insert(key.variable(table.name)), "{}", key.variable(table.name));
        assert!(key.flag.is_none_or(|flag| seen.insert(format!("--{}", flag.long))));
        assert!(key.words.ends_with('.'), "{}: a sentence", key.name);
    }
}

/// Goal: who adds a field to a structure and forgets its key is told so.
#[test]
fn every_field_of_the_configuration_has_a_key() {
    // Another value than the default's for each key, so that each field is printed otherwise
    // than by default: what is printed alike has no key.
    let other = |key: &str, shown: Option<String>, example: Option<&str>| -> String {
        match (shown.as_deref(), example) {
            (Some("true"), _) => "false".to_owned(),
            (Some("false"), _) => "true".to_owned(),
            (_, Some(example)) if shown.as_deref() != Some(example) => example.to_owned(),
            (Some("\"text\""), _) => "\"json\"".to_owned(),
            (Some("\"info\""), _) => "\"debug\"".to_owned(),
            (Some("\"both\""), _) => "\"2\"".to_owned(),
            (Some("\"either\""), _) => "\"forwarded\"".to_owned(),
            // Everything else is a number, a size or a time.
            (Some(shown), _) => shown.replace(|c: char| c.is_ascii_digit(), "7"),
            (None, _) => panic!("{key} has neither a default nor an example"),
        }
    };
    let default = Config::default();
    let mut changed = default.clone();
    let assign = |text: &str| format!("value = {text}");
    let mut reader = crate::config::codec::Reader::default();
    for (table, key) in keys() {
        let text = assign(&other(key.name, (key.show)(&default), key.example));
        let document = toml::de::DeTable::parse(&text).unwrap();
        let value = document.get_ref().get("value").unwrap();
        (key.read)(&mut changed, value, &path(table.name, key.name), &mut reader);
    }
    let mut listen = Listen::default();
    for key in LISTEN.keys {
        let example = if key.name == "address" { Some("\"unix:/x\"") } else { key.example };
        let text = assign(&other(key.name, (key.show)(&listen), example));
        let document = toml::de::DeTable::parse(&text).unwrap();
        (key.read)(&mut listen, document.get_ref().get("value").unwrap(), "listen", &mut reader);
    }
    let mut route = RouteRule::default();
    for key in ROUTE.keys {
        let text = assign(key.example.unwrap());
        let document = toml::de::DeTable::parse(&text).unwrap();
        (key.read)(&mut route, document.get_ref().get("value").unwrap(), "route", &mut reader);
    }
    let mut channel = Channel::default();
    for key in CHANNEL.keys {
        let text = assign(key.example.unwrap());
        let document = toml::de::DeTable::parse(&text).unwrap();
        (key.read)(&mut channel, document.get_ref().get("value").unwrap(), "channel", &mut reader);
    }
    let mut program = Program::default();
    for key in WORKER.keys {
        let text = assign(key.example.unwrap());
        let document = toml::de::DeTable::parse(&text).unwrap();
        (key.read)(&mut program, document.get_ref().get("value").unwrap(), "worker", &mut reader);
    }
    assert!(reader.faults.is_empty(), "{:?}", reader.faults);

    let printed = |config: &Config| leaves(&format!("{config:#?}"));
    let (by_default, with_keys) = (printed(&default), printed(&changed));
    let same: Vec<_> = by_default.intersection(&with_keys).collect();
    let lists = ["listen", "routes", "channels", "programs"];
    let left: Vec<_> =
        same.iter().filter(|(field, _)| !lists.iter().any(|l| field.starts_with(l))).collect();
    assert!(left.is_empty(), "no key in hub/src/config/schema sets {left:?}");
    let left: Vec<_> = leaves(&format!("{:#?}", Listen::default()))
        .intersection(&leaves(&format!("{listen:#?}")))
        .cloned()
        .collect();
    assert!(left.is_empty(), "no key of [[listen]] sets {left:?}");
    let left: Vec<_> = leaves(&format!("{:#?}", RouteRule::default()))
        .intersection(&leaves(&format!("{route:#?}")))
        .cloned()
        .collect();
    assert!(left.is_empty(), "no key of [[route]] sets {left:?}");
    let left: Vec<_> = leaves(&format!("{:#?}", Channel::default()))
        .intersection(&leaves(&format!("{channel:#?}")))
        .cloned()
        .collect();
    assert!(left.is_empty(), "no key of [[channel]] sets {left:?}");
    let left: Vec<_> = leaves(&format!("{:#?}", Program::default()))
        .intersection(&leaves(&format!("{program:#?}")))
        .cloned()
        .collect();
    assert!(left.is_empty(), "no key of [[worker]] sets {left:?}");
}

/// The fields of a value as `{:#?}` prints it, each with its path and its words. What is
/// not there (`None`, `[]`) is a leaf.
fn leaves(printed: &str) -> BTreeSet<(String, String)> {
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut leaves = BTreeSet::new();
    for line in printed.lines() {
        let indent = line.len() - line.trim_start().len();
        while path.last().is_some_and(|(depth, _)| *depth >= indent) {
            path.pop();
        }
        let Some((name, value)) = line.trim_start().split_once(": ") else { continue };
        path.push((indent, name.to_owned()));
        let opens = value.ends_with(['{', '(', '[']);
        if !opens {
            let names: Vec<_> = path.iter().map(|(_, name)| name.as_str()).collect();
            leaves.insert((names.join("."), value.to_owned()));
        }
    }
    leaves
}
