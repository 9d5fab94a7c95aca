//! The commented file that `slotway init` writes.

use std::fmt::Write;

use super::Config;
use super::schema::{CHANNEL, Key, LISTEN, ROUTE, TABLES, Table, WORKER};

/// Columns of a comment.
const WIDTH: usize = 88;

const HEAD: &str = "\
Slotway's configuration, for: slotway hub --config FILE

Every key is here with its default; take the # before a key away to change it. Environment
and flags go over this file. Times are written \"250ms\", \"10s\", \"2m\" or \"1h\", sizes 65536,
\"64K\", \"1M\" or \"2G\". Check it with: slotway hub --config FILE --check

A running hub reads it anew on SIGHUP. Keys marked (restart) change when it is restarted.";

/// A file with every key, its default and what it is. As it stands it sets nothing; a key
/// without a default has an example.
pub(crate) fn sample() -> String {
    let default = Config::default();
    let mut text = String::new();
    comment(&mut text, HEAD);
    for table in TABLES {
        text.push('\n');
        if table.name.is_empty() {
            keys(&mut text, table, &default);
            text.push('\n');
            listeners(&mut text, &default);
            continue;
        }
        comment(&mut text, table.words);
        // An empty table would already say something there.
        let hash = if table.name == "cors" { "#" } else { "" };
        let _ = writeln!(text, "{hash}[{}]", table.name);
        keys(&mut text, table, &default);
    }
    list(&mut text, &ROUTE);
    list(&mut text, &CHANNEL);
    list(&mut text, &WORKER);
    text
}

fn list<C>(text: &mut String, table: &Table<C>) {
    text.push('\n');
    comment(text, table.words);
    let _ = writeln!(text, "#[[{}]]", table.name);
    for key in table.keys {
        comment(text, &words(key));
        let _ = writeln!(text, "#{} = {}", key.name, key.example.unwrap_or_default());
    }
}

/// The short form is the default; the tables are an example, which is indented.
fn listeners(text: &mut String, default: &Config) {
    comment(text, &format!("{} (restart)", LISTEN.words));
    let addresses: Vec<_> =
        default.listen.iter().map(|listen| format!("\"{}\"", listen.address)).collect();
    let _ = writeln!(text, "#listen = [{}]", addresses.join(", "));
    text.push_str("#\n#   [[listen]]\n");
    for key in LISTEN.keys {
        wrapped(text, "#   # ", &words(key));
        let _ = writeln!(text, "#   {} = {}", key.name, key.example.unwrap_or_default());
    }
}

fn keys(text: &mut String, table: &Table<Config>, default: &Config) {
    for key in table.keys {
        comment(text, &words(key));
        let shown = (key.show)(default).filter(|shown| !shown.is_empty());
        let value = shown.as_deref().or(key.example).unwrap_or_default();
        let _ = writeln!(text, "#{} = {value}", key.name);
    }
}

fn words<C>(key: &Key<C>) -> String {
    let mut words = key.words.to_owned();
    if let Some(unset) = key.unset {
        let _ = write!(words, " Default: {unset}.");
    }
    if key.fixed {
        words.push_str(" (restart)");
    }
    words
}

fn comment(text: &mut String, words: &str) {
    for line in words.lines() {
        if line.is_empty() {
            text.push_str("#\n");
        } else {
            wrapped(text, "# ", line);
        }
    }
}

/// Adds words in lines that are not too long.
fn wrapped(text: &mut String, front: &str, words: &str) {
    let mut line = String::from(front);
    for word in words.split(' ') {
        if line.len() > front.len() && line.len() + 1 + word.len() > WIDTH {
            text.push_str(line.trim_end());
            text.push('\n');
            line.truncate(front.len());
        }
        if line.len() > front.len() {
            line.push(' ');
        }
        line.push_str(word);
    }
    text.push_str(line.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests;
