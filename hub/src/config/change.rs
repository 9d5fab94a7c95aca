//! What changes from one configuration to the next, and what of it has to wait.

use std::fmt;

use super::schema::{CHANNEL, LISTEN, ROUTE, Table, WORKER, keys, path};
use super::{Config, Listen};

/// One key that has another value than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The key as the file has it.
    pub key: String,
    /// What it was, as TOML; empty where it was not set.
    pub from: String,
    /// What it is now.
    pub to: String,
}

/// What another configuration changes in a running hub.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// What is in effect from here on.
    pub applied: Vec<Change>,
    /// What only a restart changes. The hub goes on with what it was.
    pub waiting: Vec<Change>,
}

impl Config {
    /// Says what the next configuration changes, and puts into it what a running hub has to
    /// keep, so that it says what is in effect.
    pub(crate) fn lead_to(&self, next: &mut Config) -> Changes {
        let mut changes = Changes::default();
        for (table, key) in keys() {
            let change = change(path(table.name, key.name), (key.show)(self), (key.show)(next));
            match key.fixed {
                true => changes.waiting.extend(change),
                false => changes.applied.extend(change),
            }
        }
        self.listeners(next, &mut changes);
        list(&ROUTE, &self.routes, &next.routes, &mut changes);
        list(&CHANNEL, &self.channels, &next.channels, &mut changes);
        list(&WORKER, &self.programs, &next.programs, &mut changes);
        self.keep(next);
        changes
    }

    /// What is taken when the hub starts stays.
    fn keep(&self, next: &mut Config) {
        next.threads = self.threads;
        next.control.path.clone_from(&self.control.path);
        next.admin.socket.clone_from(&self.admin.socket);
        next.admin.listen = self.admin.listen;
        next.admin.remote = self.admin.remote;
        next.workers.max = self.workers.max;
        next.limits.connections = self.limits.connections;
        self.keep_bus(next);
        next.log.format = self.log.format;
        next.telemetry.clone_from(&self.telemetry);
    }

    /// The bus is what it was made.
    fn keep_bus(&self, next: &mut Config) {
        let (own, next) = (&self.events, &mut next.events);
        next.history_events = own.history_events;
        next.history_bytes = own.history_bytes;
        next.history_age = own.history_age;
        next.history_bytes_total = own.history_bytes_total;
        next.topics_max = own.topics_max;
        next.payload_bytes = own.payload_bytes;
        next.principal_bytes_per_second = own.principal_bytes_per_second;
        next.must_deliver = own.must_deliver;
        next.storm_window = own.storm_window;
        next.storm_events_per_second = own.storm_events_per_second;
    }

    /// A listener keeps everything but its certificate.
    fn listeners(&self, next: &mut Config, changes: &mut Changes) {
        let addresses = |all: &[Listen]| {
            let all: Vec<_> = all.iter().map(|listen| format!("\"{}\"", listen.address)).collect();
            Some(format!("[{}]", all.join(", ")))
        };
        let moved = change("listen".to_owned(), addresses(&self.listen), addresses(&next.listen));
        if moved.is_some() {
            changes.waiting.extend(moved);
            next.listen.clone_from(&self.listen);
            return;
        }
        for (index, (own, other)) in self.listen.iter().zip(&mut next.listen).enumerate() {
            let both = own.tls.is_some() && other.tls.is_some();
            for key in LISTEN.keys {
                let at = path(&format!("listen[{index}]"), key.name);
                let change = change(at, (key.show)(own), (key.show)(other));
                match both && !key.fixed {
                    true => changes.applied.extend(change),
                    false => changes.waiting.extend(change),
                }
            }
            let tls = if both { other.tls.take() } else { own.tls.clone() };
            *other = Listen { tls, ..own.clone() };
        }
    }
}

/// The items of a list, each by its place.
fn list<C>(table: &Table<C>, all: &[C], next: &[C], changes: &mut Changes) {
    for index in 0..all.len().max(next.len()) {
        for key in table.keys {
            let at = path(&format!("{}[{index}]", table.name), key.name);
            let shown = |item: Option<&C>| item.and_then(|item| (key.show)(item));
            changes.applied.extend(change(at, shown(all.get(index)), shown(next.get(index))));
        }
    }
}

fn change(key: String, from: Option<String>, to: Option<String>) -> Option<Change> {
    let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
    (from != to).then_some(Change { key, from, to })
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &str| if text.is_empty() { "unset" } else { text }.to_owned();
        write!(f, "{} from {} to {}", self.key, shown(&self.from), shown(&self.to))
    }
}

#[cfg(test)]
mod tests;
