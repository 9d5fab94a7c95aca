//! Reading `slotway.toml`.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::nearest::{unknown_key, unknown_table};
use crate::config::codec::{Codec, Of, Reader, describe};
use crate::config::schema::{CHANNEL, LISTEN, ROUTE, TABLES, Table, WORKER, path};
use crate::config::{Address, Channel, Config, Cors, Listen, Program, RouteRule};

/// Reads a file's text over a configuration, and gives the places of its values and what is
/// wrong. What does not parse leaves what was there.
pub(super) fn read(text: &str, config: &mut Config) -> Reader {
    let mut reader = Reader::default();
    let (root, errors) = DeTable::parse_recoverable(text);
    // Half a file would give faults that are none.
    if !errors.is_empty() {
        for error in errors {
            let words = match error.message() {
                "duplicate key" => "this is here twice; leave one out".to_owned(),
                words => format!("not TOML: {words}"),
            };
            reader.fault("", error.span().unwrap_or(0..0), words);
        }
        return reader;
    }
    let top = TABLES.iter().find(|table| table.name.is_empty());
    for (key, value) in root.get_ref() {
        let name = key.get_ref().as_ref();
        if name == LISTEN.name {
            reader.places.push((name.to_owned(), key.span()));
            listeners(value, config, &mut reader);
        } else if name == ROUTE.name {
            reader.places.push((name.to_owned(), key.span()));
            routes(value, config, &mut reader);
        } else if name == CHANNEL.name {
            reader.places.push((name.to_owned(), key.span()));
            channels(value, config, &mut reader);
        } else if name == WORKER.name {
            reader.places.push((name.to_owned(), key.span()));
            programs(value, config, &mut reader);
        } else if let Some(own) = top.and_then(|top| top.key(name)) {
            reader.places.push((name.to_owned(), value.span()));
            (own.read)(config, value, name, &mut reader);
        } else if let Some(table) = TABLES.iter().find(|table| table.name == name) {
            reader.places.push((name.to_owned(), key.span()));
            match value.get_ref() {
                DeValue::Table(keys) => {
                    if name == "cors" {
                        config.cors.get_or_insert_with(Cors::default);
                    }
                    read_table(table, keys, name, config, &mut reader);
                }
                other => {
                    let words = format!("{} is no table; write [{name}]", describe(other));
                    reader.fault(name, value.span(), words);
                }
            }
        } else {
            let words = match value.get_ref() {
                DeValue::Table(_) => unknown_table(name),
                DeValue::Array(items) if items.iter().any(|item| item.get_ref().is_table()) => {
                    unknown_table(name)
                }
                _ => unknown_key("", name),
            };
            reader.fault(name, key.span(), words);
        }
    }
    reader
}

/// Reads the keys of one table into what they belong to.
fn read_table<C>(
    table: &Table<C>,
    keys: &DeTable<'_>,
    at: &str,
    into: &mut C,
    reader: &mut Reader,
) {
    for (key, value) in keys {
        let name = key.get_ref().as_ref();
        let at = path(at, name);
        match table.key(name) {
            Some(own) => {
                reader.places.push((at.clone(), value.span()));
                (own.read)(into, value, &at, reader);
            }
            None => reader.fault(&at, key.span(), unknown_key(table.name, name)),
        }
    }
}

fn listeners(value: &Spanned<DeValue<'_>>, config: &mut Config, reader: &mut Reader) {
    let words = "write listen = [\"127.0.0.1:8080\"], or a table [[listen]]";
    let Some(items) = items("listen", value, words, reader) else { return };
    let mut all = Vec::new();
    for (at, item) in items {
        let listen = match item.get_ref() {
            DeValue::Table(keys) => {
                let mut listen = Listen::default();
                if !keys.iter().any(|(key, _)| key.get_ref() == "address") {
                    let words = "there is no address; write address = \"127.0.0.1:8080\"";
                    reader.fault(&at, item.span(), words.to_owned());
                }
                read_table(&LISTEN, keys, &at, &mut listen, reader);
                Some(listen)
            }
            _ => Of::<Address>::file(item, &at, reader).map(Listen::plain),
        };
        all.extend(listen);
    }
    config.listen = all;
}

fn routes(value: &Spanned<DeValue<'_>>, config: &mut Config, reader: &mut Reader) {
    let words = "write a table [[route]] for each";
    let Some(items) = items("route", value, words, reader) else { return };
    let mut all = Vec::new();
    for (at, item) in items {
        let DeValue::Table(keys) = item.get_ref() else {
            let what = describe(item.get_ref());
            reader.fault(&at, item.span(), format!("{what} is no route; {words}"));
            continue;
        };
        let mut rule = RouteRule::default();
        if !keys.iter().any(|(key, _)| key.get_ref() == "pattern") {
            let words = "there is no pattern; write pattern = \"/reports/{*rest}\"";
            reader.fault(&at, item.span(), words.to_owned());
        }
        read_table(&ROUTE, keys, &at, &mut rule, reader);
        all.push(rule);
    }
    config.routes = all;
}

fn channels(value: &Spanned<DeValue<'_>>, config: &mut Config, reader: &mut Reader) {
    let words = "write a table [[channel]] for each";
    let Some(items) = items("channel", value, words, reader) else { return };
    let mut all = Vec::new();
    for (at, item) in items {
        let DeValue::Table(keys) = item.get_ref() else {
            let what = describe(item.get_ref());
            reader.fault(&at, item.span(), format!("{what} is no channel; {words}"));
            continue;
        };
        let mut channel = Channel::default();
        if !keys.iter().any(|(key, _)| key.get_ref() == "name") {
            let words = "there is no name; write name = \"news\"";
            reader.fault(&at, item.span(), words.to_owned());
        }
        read_table(&CHANNEL, keys, &at, &mut channel, reader);
        all.push(channel);
    }
    config.channels = all;
}

fn programs(value: &Spanned<DeValue<'_>>, config: &mut Config, reader: &mut Reader) {
    let words = "write a table [[worker]] for each";
    let Some(items) = items("worker", value, words, reader) else { return };
    let mut all = Vec::new();
    for (at, item) in items {
        let DeValue::Table(keys) = item.get_ref() else {
            let what = describe(item.get_ref());
            reader.fault(&at, item.span(), format!("{what} is no worker; {words}"));
            continue;
        };
        let mut program = Program::default();
        for (name, like) in [("name", "\"api\""), ("command", "[\"./api\"]")] {
            if !keys.iter().any(|(key, _)| key.get_ref() == name) {
                let words = format!("there is no {name}; write {name} = {like}");
                reader.fault(&at, item.span(), words);
            }
        }
        read_table(&WORKER, keys, &at, &mut program, reader);
        all.push(program);
    }
    config.programs = all;
}

/// The items of a list, each with its key.
fn items<'v, 'i>(
    name: &str,
    value: &'v Spanned<DeValue<'i>>,
    instead: &str,
    reader: &mut Reader,
) -> Option<Vec<(String, &'v Spanned<DeValue<'i>>)>> {
    let DeValue::Array(items) = value.get_ref() else {
        let words = format!("{} is no list; {instead}", describe(value.get_ref()));
        reader.fault(name, value.span(), words);
        return None;
    };
    let items: Vec<_> =
        items.iter().enumerate().map(|(index, item)| (format!("{name}[{index}]"), item)).collect();
    reader.places.extend(items.iter().map(|(at, item)| (at.clone(), item.span())));
    Some(items)
}
