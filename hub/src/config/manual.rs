//! What the documents say about every key, made from the table of settings.

use std::fmt::Write;

use super::Config;
use super::schema::{CHANNEL, Key, LISTEN, ROUTE, TABLES, Table, WORKER};

/// `docs/configuration.md`.
pub(crate) fn markdown() -> String {
    let mut text = String::from(HEAD);
    for table in TABLES {
        match table.name {
            "" => text.push_str("\n## Above all tables\n\n"),
            name => {
                let _ = write!(text, "\n## [{name}]\n\n{}\n\n", table.words);
            }
        }
        text.push_str("| key | what | default | flag and variable |\n|---|---|---|---|\n");
        for key in table.keys {
            let flag = key.flag.map_or(String::new(), |flag| format!("`--{}` ", flag.long));
            let (words, value) = (cell(&words(key)), cell(&default(key)));
            let variable = key.variable(table.name);
            let _ = writeln!(text, "| `{}` | {words} | {value} | {flag}`{variable}` |", key.name);
        }
    }
    list(&mut text, &LISTEN);
    list(&mut text, &ROUTE);
    list(&mut text, &CHANNEL);
    list(&mut text, &WORKER);
    text
}

fn list<C>(text: &mut String, table: &Table<C>) {
    let _ = write!(text, "\n## [[{}]]\n\n{}\n\n", table.name, cell(table.words));
    text.push_str("| key | what | as in |\n|---|---|---|\n");
    for key in table.keys {
        let (words, example) = (cell(&words(key)), key.example.unwrap_or_default());
        let _ = writeln!(text, "| `{}` | {words} | `{}` |", key.name, cell(example));
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn words<C>(key: &Key<C>) -> String {
    let restart = if key.fixed { " Changes at a restart only." } else { "" };
    format!("{}{restart}", key.words)
}

fn default(key: &Key<Config>) -> String {
    match ((key.show)(&Config::default()), key.unset) {
        (Some(value), _) => format!("`{value}`"),
        (None, words) => words.unwrap_or_default().to_owned(),
    }
}

/// The manual page `slotway.toml(5)`.
pub(crate) fn page() -> String {
    let mut text = format!(
        ".TH slotway.toml 5 \"\" \"slotway {}\" \"File formats\"\n.SH NAME\nslotway.toml \\- \
         configuration of the Slotway hub\n.SH DESCRIPTION\nA TOML file that\n.B slotway hub \
         --config\nreads. Defaults come first, then this file, the environment and the flags. \
         Times are written \"250ms\", \"10s\", \"2m\" or \"1h\", sizes 65536, \"64K\", \"1M\" or \
         \"2G\". On SIGHUP the hub reads it anew.\n",
        env!("CARGO_PKG_VERSION")
    );
    for table in TABLES {
        let title = if table.name.is_empty() { "ABOVE ALL TABLES" } else { table.name };
        let _ = writeln!(text, ".SH {}\n{}", title.to_uppercase(), roff(table.words));
        for key in table.keys {
            let value = roff(&default(key).replace('`', ""));
            let value =
                if value.is_empty() { String::new() } else { format!(" Default: {value}.") };
            entry(&mut text, key.name, &format!("{}{value}", roff(&words(key))));
        }
    }
    for (name, about, keys) in [
        ("LISTEN", LISTEN.words, entries(&LISTEN)),
        ("ROUTE", ROUTE.words, entries(&ROUTE)),
        ("CHANNEL", CHANNEL.words, entries(&CHANNEL)),
        ("WORKER", WORKER.words, entries(&WORKER)),
    ] {
        let _ = write!(text, ".SH {name}\n{}\n{keys}", roff(about));
    }
    text.push_str(".SH SEE ALSO\n.BR slotway-hub (1)\n");
    text
}

fn entries<C>(table: &Table<C>) -> String {
    let mut text = String::new();
    for key in table.keys {
        let example = roff(key.example.unwrap_or_default());
        entry(&mut text, key.name, &format!("{} As in {example}.", roff(&words(key))));
    }
    text
}

fn entry(text: &mut String, name: &str, words: &str) {
    let _ = writeln!(text, ".TP\n.B {}\n{words}", roff(name));
}

/// Text as troff wants it: no line begins as a request does.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

const HEAD: &str = "\
# Configuration

Everything that a hub can be told. `slotway init` writes a file with all of it, commented;
`slotway hub --config FILE --check` checks one, with every file that it names, and
`--print-config` prints what is in effect, each value with its source. No file is read
unless `--config` (`-c`) or `SLOTWAY_CONFIG` names one.

Defaults come first, then the file, the environment, and the flags of `slotway hub`. A list
is replaced as a whole. A variable that is empty is as one that is not set. Times are
written `\"250ms\"`, `\"10s\"`, `\"2m\"` or `\"1h\"`, sizes `65536`, `\"64K\"`, `\"1M\"` or `\"2G\"`.

On SIGHUP a running hub reads everything anew. Requests in flight end as they began. What
only a restart changes is named in the log, and the rest applies; a file with a mistake
changes nothing.

Three flags are for listeners, and have variables of the same kind: `--listen`, in place of
all listeners of the file, and `--tls-cert` and `--tls-key` for the TCP addresses that have
no certificate of their own.

(This page is made by `slotway generate markdown`.)
";

#[cfg(test)]
mod tests;
