//! The configuration as a file: what is in effect, with where each value comes from.

use std::fmt::Write;

use super::load::{Loaded, Source, source};
use super::schema::{CHANNEL, LISTEN, ROUTE, TABLES, Table, WORKER, path};
use super::{Channel, Listen, Program, RouteRule};

/// Where the comments begin, if the line is not longer.
const COLUMN: usize = 43;

impl Loaded {
    /// The effective configuration as TOML that reads back as the same. It holds no secret:
    /// keys and tokens are in files of their own, of which it has the paths.
    pub(crate) fn print(&self) -> String {
        let mut text =
            String::from("# The configuration in effect, and where each value is set.\n\n");
        for table in TABLES.iter().filter(|table| table.name.is_empty()) {
            self.table(&mut text, table, "", &self.config);
        }
        self.listeners(&mut text);
        for table in TABLES.iter().filter(|table| !table.name.is_empty()) {
            if table.name == "cors" && self.config.cors.is_none() {
                continue;
            }
            let _ = writeln!(text, "\n[{}]", table.name);
            self.table(&mut text, table, table.name, &self.config);
        }
        for (index, rule) in self.config.routes.iter().enumerate() {
            text.push_str("\n[[route]]\n");
            self.table::<RouteRule>(&mut text, &ROUTE, &format!("route[{index}]"), rule);
        }
        for (index, channel) in self.config.channels.iter().enumerate() {
            text.push_str("\n[[channel]]\n");
            self.table::<Channel>(&mut text, &CHANNEL, &format!("channel[{index}]"), channel);
        }
        for (index, program) in self.config.programs.iter().enumerate() {
            text.push_str("\n[[worker]]\n");
            self.table::<Program>(&mut text, &WORKER, &format!("worker[{index}]"), program);
        }
        text
    }

    fn listeners(&self, text: &mut String) {
        let all = &self.config.listen;
        if all.iter().all(|listen| *listen == Listen::plain(listen.address.clone())) {
            let addresses = LISTEN.key("address").map(|key| key.show);
            let addresses: Vec<_> =
                all.iter().filter_map(|listen| addresses.and_then(|show| show(listen))).collect();
            self.line(text, &format!("listen = [{}]", addresses.join(", ")), "listen");
            return;
        }
        for (index, listen) in all.iter().enumerate() {
            text.push_str("\n[[listen]]\n");
            self.table(text, &LISTEN, &format!("listen[{index}]"), listen);
        }
    }

    fn table<C>(&self, text: &mut String, table: &Table<C>, at: &str, of: &C) {
        for key in table.keys {
            match ((key.show)(of), key.unset) {
                (Some(value), _) => {
                    self.line(text, &format!("{} = {value}", key.name), &path(at, key.name));
                }
                (None, Some(words)) => {
                    let line = format!("# {}: {words}", key.name);
                    self.line(text, &line, &path(at, key.name));
                }
                (None, None) => {}
            }
        }
    }

    fn line(&self, text: &mut String, line: &str, key: &str) {
        let source = match source(&self.sources, key) {
            Source::File(line) => format!("{}:{line}", self.name()),
            source => source.to_string(),
        };
        // What the file is called may hold anything.
        let source: String = source.chars().filter(|c| !c.is_control()).collect();
        let _ = writeln!(text, "{line:COLUMN$} # {source}");
    }
}

#[cfg(test)]
mod tests;
