//! What is known about a key.

use toml::Spanned;
use toml::de::DeValue;

use crate::config::codec::Reader;

/// A table of the file, as in `[timeouts]`.
#[derive(Debug)]
pub(crate) struct Table<C: 'static> {
    /// Its name; empty for what stands above all tables.
    pub(crate) name: &'static str,
    /// What it is about.
    pub(crate) words: &'static str,
    /// What is in it.
    pub(crate) keys: &'static [Key<C>],
}

impl<C> Table<C> {
    /// The key of a name.
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key<C>> {
        self.keys.iter().find(|key| key.name == name)
    }
}

/// One setting, in a structure of type `C`.
pub(crate) struct Key<C: 'static> {
    /// Its name in its table.
    pub(crate) name: &'static str,
    /// What it is, as sentences.
    pub(crate) words: &'static str,
    /// What kind of value it has.
    pub(crate) kind: &'static str,
    /// A value, where the default shows none, as TOML.
    pub(crate) example: Option<&'static str>,
    /// What counts where nothing is set and the default cannot be written.
    pub(crate) unset: Option<&'static str>,
    /// Its flag, if it has one.
    pub(crate) flag: Option<Flag>,
    /// Whether only a restart changes it.
    pub(crate) fixed: bool,
    /// Reads it from the file.
    pub(crate) read: fn(&mut C, &Spanned<DeValue<'_>>, &str, &mut Reader),
    /// Reads it from text.
    pub(crate) set: fn(&mut C, &str) -> Result<(), String>,
    /// Writes it as TOML; `None` where it is not set.
    pub(crate) show: fn(&C) -> Option<String>,
}

/// A flag of `slotway hub`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flag {
    /// Its name, without the dashes.
    pub(crate) long: &'static str,
    /// What its value is called.
    pub(crate) value: &'static str,
    /// Where it is listed.
    pub(crate) heading: Heading,
    /// The environment's variable, where it is not the flag's name.
    pub(crate) env: Option<&'static str>,
    /// Whether it may be given more than once.
    pub(crate) many: bool,
    /// Whether it may stand alone, for `true`.
    pub(crate) switch: bool,
}

impl Flag {
    /// One that may be given once.
    pub(crate) const fn new(heading: Heading, long: &'static str, value: &'static str) -> Flag {
        Flag { long, value, heading, env: None, many: false, switch: false }
    }

    /// The variable that says the same.
    pub(crate) fn variable(&self) -> String {
        self.env.map_or_else(|| variable(self.long), str::to_owned)
    }
}

/// The variable of a name: `SLOTWAY_WAIT_TIMEOUT` of `wait-timeout`.
fn variable(name: &str) -> String {
    format!("SLOTWAY_{}", name.replace(['-', '.'], "_").to_ascii_uppercase())
}

/// A group of flags in `--help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heading {
    Addresses,
    Workers,
    Timeouts,
    Limits,
    Requests,
    Logs,
}

impl Heading {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Heading::Addresses => "Addresses",
            Heading::Workers => "Workers",
            Heading::Timeouts => "Timeouts",
            Heading::Limits => "Limits",
            Heading::Requests => "Requests",
            Heading::Logs => "Logs",
        }
    }
}

/// A key of the structure, read and written by a codec: `key!(Time, times.wait, "wait", "…")`.
/// The module that uses it calls the structure `Subject`. After `?` comes the codec of a value
/// that is shown only when it is there, after `@` a codec with functions of its own.
macro_rules! key {
    (? $codec:ty, $($field:ident).+, $name:literal, $words:literal) => {
        $crate::config::schema::key::key!(@$codec,
            |all: &Subject| Some(&all.$($field).+).filter(|value| value.is_some()),
            |all: &mut Subject, value| all.$($field).+ = value,
            $name, $words)
    };
    (@$codec:ty, $get:expr, $put:expr, $name:literal, $words:literal) => {
        $crate::config::schema::Key {
            name: $name,
            words: $words,
            kind: <$codec as $crate::config::codec::Codec>::KIND,
            example: None,
            unset: None,
            flag: None,
            fixed: false,
            read: |all, value, at, reader| {
                let put: fn(&mut Subject, _) = $put;
                if let Some(value) =
                    <$codec as $crate::config::codec::Codec>::file(value, at, reader)
                {
                    put(all, value);
                }
            },
            set: |all, text| {
                let put: fn(&mut Subject, _) = $put;
                <$codec as $crate::config::codec::Codec>::text(text).map(|value| put(all, value))
            },
            show: |all| {
                let get: fn(&Subject) -> Option<&<$codec as $crate::config::codec::Codec>::Value> = $get;
                get(all).map(<$codec as $crate::config::codec::Codec>::toml)
            },
        }
    };
    ($codec:ty, $($field:ident).+, $name:literal, $words:literal) => {
        $crate::config::schema::key::key!(@$codec,
            |all: &Subject| Some(&all.$($field).+),
            |all: &mut Subject, value| all.$($field).+ = value,
            $name, $words)
    };
}
pub(crate) use key;

impl<C> Key<C> {
    /// With an example for the value.
    pub(crate) const fn like(mut self, example: &'static str) -> Key<C> {
        self.example = Some(example);
        self
    }

    /// With words for what counts when it is not set.
    pub(crate) const fn unset(mut self, words: &'static str) -> Key<C> {
        self.unset = Some(words);
        self
    }

    /// Only a restart changes it.
    pub(crate) const fn fixed(mut self) -> Key<C> {
        self.fixed = true;
        self
    }

    /// With a flag.
    pub(crate) const fn flag(
        mut self,
        heading: Heading,
        long: &'static str,
        value: &'static str,
    ) -> Key<C> {
        self.flag = Some(Flag::new(heading, long, value));
        self
    }

    /// Its flag may be given more than once.
    pub(crate) const fn many(mut self) -> Key<C> {
        if let Some(flag) = &mut self.flag {
            flag.many = true;
        }
        self
    }

    /// Its flag may stand alone.
    pub(crate) const fn switch(mut self) -> Key<C> {
        if let Some(flag) = &mut self.flag {
            flag.switch = true;
        }
        self
    }

    /// Its variable is not called as its flag is.
    pub(crate) const fn env(mut self, name: &'static str) -> Key<C> {
        if let Some(flag) = &mut self.flag {
            flag.env = Some(name);
        }
        self
    }

    /// The variable that sets it: `SLOTWAY_` and the flag's name, or without a flag those of
    /// table and key.
    pub(crate) fn variable(&self, table: &str) -> String {
        self.flag.map_or_else(|| variable(&path(table, self.name)), |flag| flag.variable())
    }
}

/// A key with its table: `timeouts.wait`.
pub(crate) fn path(table: &str, key: &str) -> String {
    if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") }
}

impl<C> std::fmt::Debug for Key<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("name", &self.name).field("kind", &self.kind).finish()
    }
}
