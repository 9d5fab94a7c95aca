//! What somebody may have meant.

use crate::config::schema::{CHANNEL, LISTEN, ROUTE, TABLES, WORKER};

/// Tables of which there are several.
const LISTS: [&str; 4] = [LISTEN.name, ROUTE.name, CHANNEL.name, WORKER.name];

/// Words for a key that a table does not have.
pub(super) fn unknown_key(table: &str, key: &str) -> String {
    let own: Vec<&str> = names_of(table);
    if let Some(near) = nearest(key, &own) {
        return format!("there is no such key; write {near:?}");
    }
    let place = |table: &str| match LISTS.contains(&table) {
        true => format!("[[{table}]]"),
        false => format!("[{table}]"),
    };
    let elsewhere: Vec<String> = all_tables()
        .filter(|other| *other != table && names_of(other).contains(&key))
        .map(|table| if table.is_empty() { "above all tables".to_owned() } else { place(table) })
        .collect();
    if !elsewhere.is_empty() {
        return format!("there is no such key here; {key:?} belongs in {}", elsewhere.join(" or "));
    }
    if table.is_empty() {
        return unknown_table(key);
    }
    format!("there is no such key; {} has {}", place(table), own.join(", "))
}

/// Words for a table that there is not.
pub(super) fn unknown_table(name: &str) -> String {
    let tables: Vec<&str> = all_tables().filter(|table| !table.is_empty()).collect();
    match nearest(name, &tables) {
        Some(near) if LISTS.contains(&near) => {
            format!("there is no such table; write [[{near}]]")
        }
        Some(near) => format!("there is no such table; write [{near}]"),
        None => format!("there is no such table; there are {}", tables.join(", ")),
    }
}

fn all_tables() -> impl Iterator<Item = &'static str> {
    TABLES.iter().map(|table| table.name).chain(LISTS)
}

fn names_of(table: &str) -> Vec<&'static str> {
    match table {
        "listen" => LISTEN.keys.iter().map(|key| key.name).collect(),
        "route" => ROUTE.keys.iter().map(|key| key.name).collect(),
        "channel" => CHANNEL.keys.iter().map(|key| key.name).collect(),
        "worker" => WORKER.keys.iter().map(|key| key.name).collect(),
        "" => {
            let own = TABLES.iter().filter(|it| it.name.is_empty()).flat_map(|it| it.keys);
            own.map(|key| key.name).collect()
        }
        name => {
            let own = TABLES.iter().filter(|it| it.name == name).flat_map(|it| it.keys);
            own.map(|key| key.name).collect()
        }
    }
}

/// The name that is nearest, if any is near.
fn nearest<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    let word = word.to_ascii_lowercase().replace('_', "-");
    let near = |name: &&'n str| {
        let close = strsim::jaro_winkler(&word, name);
        // A part that was left out, as in spool for spool-bytes.
        let part = word.len() >= 4 && (name.contains(&word) || word.contains(*name));
        if part { close.max(0.9) } else { close }
    };
    let (score, name) = names
        .iter()
        .map(|name| (near(name), *name))
        .max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (score > 0.8).then_some(name)
}
