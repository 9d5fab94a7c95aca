//! The flags of `slotway hub` that set what the file can set, made from the same table.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

use crate::config::schema::{Flag, Heading, Key, keys, path};
use crate::config::{Config, Given, Setting, Source};

/// What the flags say.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    /// Values by their flags' names.
    values: Vec<(&'static str, String)>,
}

/// The flags for listeners, which are a list of tables in the file.
const LISTEN: [(Flag, &str); 3] = [
    (
        Flag { many: true, ..Flag::new(Heading::Addresses, "listen", "ADDRESS") },
        "Address to serve HTTP on, in place of all listeners of the file: 127.0.0.1:8080 (port 0 \
         takes a free one), unix:PATH, or fd:NAME for a socket that the service manager passes.",
    ),
    (
        Flag::new(Heading::Addresses, "tls-cert", "FILE"),
        "Certificate (PEM, with its chain) for the TCP addresses that have none of their own.",
    ),
    (Flag::new(Heading::Addresses, "tls-key", "FILE"), "Private key (PEM) of --tls-cert."),
];

/// The order in which the groups are listed.
const HEADINGS: [Heading; 6] = [
    Heading::Addresses,
    Heading::Workers,
    Heading::Timeouts,
    Heading::Limits,
    Heading::Requests,
    Heading::Logs,
];

impl Settings {
    /// Everything that was said, the environment asked through a function.
    ///
    /// # Errors
    ///
    /// A variable that is not UTF-8.
    pub(super) fn given(
        &self,
        file: Option<PathBuf>,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Given, String> {
        let mut given = Given { file, ..Given::default() };
        let variable = |name: &str| match environment(name) {
            // Who sets it to nothing wants it not to be set.
            Some(value) if value.is_empty() => Ok(None),
            Some(value) => value
                .into_string()
                .map(Some)
                .map_err(|value| format!("{name}: {} is not UTF-8", value.display())),
            None => Ok(None),
        };
        for (table, key) in keys() {
            let name = key.variable(table.name);
            if let Some(text) = variable(&name)? {
                given.settings.push(setting(table.name, key, text, Source::Environment(name)));
            }
        }
        for (table, key) in keys() {
            let Some(flag) = key.flag else { continue };
            if let Some(text) = self.value(flag.long) {
                let source = Source::Flag(flag.long.to_owned());
                given.settings.push(setting(table.name, key, text.to_owned(), source));
            }
        }
        let one = |flag: &Flag| -> Result<Option<(String, Source)>, String> {
            if let Some(text) = self.value(flag.long) {
                return Ok(Some((text.to_owned(), Source::Flag(flag.long.to_owned()))));
            }
            let name = flag.variable();
            Ok(variable(&name)?.map(|text| (text, Source::Environment(name))))
        };
        let [listen, certificate, key] = LISTEN.map(|(flag, _)| flag);
        let path = |(text, source): (String, Source)| (PathBuf::from(text), source);
        given.listen = one(&listen)?;
        given.certificate = one(&certificate)?.map(path);
        given.key = one(&key)?.map(path);
        Ok(given)
    }

    fn value(&self, flag: &str) -> Option<&str> {
        self.values.iter().find(|(name, _)| *name == flag).map(|(_, text)| text.as_str())
    }
}

fn setting(table: &str, key: &'static Key<Config>, text: String, source: Source) -> Setting {
    Setting { path: path(table, key.name), key, text, source }
}

/// Every flag with its words, in the order in which they are listed.
fn flags() -> Vec<(Flag, String, String)> {
    let default = Config::default();
    let mut all: Vec<_> = LISTEN
        .iter()
        .map(|(flag, words)| {
            let shown = if flag.long == "listen" { " [default: 127.0.0.1:8080]" } else { "" };
            (*flag, format!("{words}{shown}"), "listen".to_owned())
        })
        .collect();
    for (table, key) in keys() {
        let Some(flag) = key.flag else { continue };
        let shown = match ((key.show)(&default), key.unset) {
            (Some(value), _) => value.trim_matches('"').to_owned(),
            (None, words) => words.unwrap_or_default().to_owned(),
        };
        let shown = match shown.as_str() {
            "" | "[]" | "none" | "false" => String::new(),
            shown => format!(" [default: {shown}]"),
        };
        all.push((flag, format!("{}{shown}", key.words), path(table.name, key.name)));
    }
    all.sort_by_key(|(flag, ..)| HEADINGS.iter().position(|it| *it == flag.heading));
    all
}

impl FromArgMatches for Settings {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Settings, Error> {
        let mut settings = Settings::default();
        settings.update_from_arg_matches(matches)?;
        Ok(settings)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        for (flag, ..) in flags() {
            if let Some(values) = matches.get_many::<String>(flag.long) {
                let text = values.map(String::as_str).collect::<Vec<_>>().join(",");
                self.values.push((flag.long, text));
            }
        }
        Ok(())
    }
}

impl Args for Settings {
    fn augment_args(command: Command) -> Command {
        flags().into_iter().fold(command, |command, (flag, words, key)| {
            let mut arg = Arg::new(flag.long)
                .long(flag.long)
                .value_name(flag.value)
                .help_heading(flag.heading.text())
                .action(if flag.many { ArgAction::Append } else { ArgAction::Set })
                .long_help(format!("{words}\n[key: {key}] [environment: {}]", flag.variable()))
                .help(words);
            if flag.switch {
                arg = arg.num_args(0..=1).require_equals(true).default_missing_value("true");
            }
            if flag.long == "control" {
                arg = arg.visible_alias("socket");
            }
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Settings::augment_args(command)
    }
}
