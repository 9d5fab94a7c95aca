//! Words: paths, addresses, names, and one of a few.

use std::fmt::Display;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;
use toml::Spanned;
use toml::de::DeValue;

use super::{Codec, Reader, describe, quoted};
use crate::config::AdminSocket;

/// Any text.
#[derive(Debug)]
pub(crate) struct Text;

impl Codec for Text {
    type Value = String;
    const KIND: &'static str = "text";
    const LIKE: &'static str = "\"text\"";

    fn text(text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }

    fn toml(value: &String) -> String {
        quoted(value)
    }
}

/// A path.
#[derive(Debug)]
pub(crate) struct File;

impl Codec for File {
    type Value = PathBuf;
    const KIND: &'static str = "path";
    const LIKE: &'static str = "\"/etc/slotway/file\"";

    fn text(text: &str) -> Result<PathBuf, String> {
        if text.is_empty() || text.contains('\0') {
            return Err(format!("{text:?} is no path; write one as in {}", Self::LIKE));
        }
        Ok(text.into())
    }

    fn toml(value: &PathBuf) -> String {
        quoted(value.display())
    }
}

/// Where the admin surface's Unix socket is: a path, or `none`. Not set it is beside the
/// control socket, which [`Unset`](super::Unset) does not know.
#[derive(Debug)]
pub(crate) struct AdminPlace;

impl Codec for AdminPlace {
    type Value = AdminSocket;
    const KIND: &'static str = "path, or none";
    const LIKE: &'static str = "\"/run/slotway/admin.sock\"";

    fn text(text: &str) -> Result<AdminSocket, String> {
        match text {
            "none" => Ok(AdminSocket::Disabled),
            path => File::text(path).map(AdminSocket::Path),
        }
    }

    fn toml(value: &AdminSocket) -> String {
        match value {
            AdminSocket::Path(path) => quoted(path.display()),
            AdminSocket::Disabled | AdminSocket::BesideControl => quoted("none"),
        }
    }
}

/// What parses and prints itself.
#[derive(Debug)]
pub(crate) struct Of<T>(PhantomData<T>);

/// A type whose text is known.
pub(crate) trait Worded: FromStr + Display {
    /// What it is called.
    const KIND: &'static str;
    /// One, as the file has it.
    const LIKE: &'static str;
}

impl Worded for crate::config::Address {
    const KIND: &'static str = "address";
    const LIKE: &'static str = "\"127.0.0.1:8080\", \"unix:/run/app.sock\" or \"fd:NAME\"";
}

impl Worded for std::net::SocketAddr {
    const KIND: &'static str = "TCP address";
    const LIKE: &'static str = "\"127.0.0.1:8081\"";
}

impl Worded for crate::config::Mode {
    const KIND: &'static str = "file mode";
    const LIKE: &'static str = "\"0660\"";
}

impl Worded for crate::config::Cpus {
    const KIND: &'static str = "list of processors";
    const LIKE: &'static str = "\"0-1,3\"";
}

impl Worded for crate::config::StopSignal {
    const KIND: &'static str = "signal that ends a process";
    const LIKE: &'static str = "\"TERM\", \"INT\" or \"QUIT\"";
}

impl Worded for ipnet::IpNet {
    const KIND: &'static str = "network";
    const LIKE: &'static str = "\"10.0.0.0/8\"";
}

impl<T: Worded> Codec for Of<T> {
    type Value = T;
    const KIND: &'static str = T::KIND;
    const LIKE: &'static str = T::LIKE;

    fn text(text: &str) -> Result<T, String> {
        let text = text.trim();
        text.parse().map_err(|_| format!("{text:?} is no {}; write one as in {}", T::KIND, T::LIKE))
    }

    fn toml(value: &T) -> String {
        quoted(value)
    }
}

/// One of a few words.
#[derive(Debug)]
pub(crate) struct Choice<T>(PhantomData<T>);

impl<T: ValueEnum> Codec for Choice<T> {
    type Value = T;
    const KIND: &'static str = "word";
    const LIKE: &'static str = "\"text\"";

    fn text(text: &str) -> Result<T, String> {
        T::from_str(text, false).map_err(|_| format!("{text:?} is unknown; write {}", words::<T>()))
    }

    fn toml(value: &T) -> String {
        quoted(word(value))
    }

    fn file(value: &Spanned<DeValue<'_>>, at: &str, reader: &mut Reader) -> Option<T> {
        let read = match value.get_ref() {
            DeValue::String(text) => Self::text(text),
            other => Err(format!("{} is no word; write {}", describe(other), words::<T>())),
        };
        reader.take(read, at, value)
    }
}

/// All of them, as the end of a sentence.
pub(crate) fn words<T: ValueEnum>() -> String {
    let words: Vec<_> = T::value_variants().iter().map(|it| quoted(word(it))).collect();
    match words.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        _ => words.concat(),
    }
}

fn word<T: ValueEnum>(value: &T) -> String {
    value.to_possible_value().map(|it| it.get_name().to_owned()).unwrap_or_default()
}

/// `true` or `false`.
#[derive(Debug)]
pub(crate) struct YesNo;

impl Codec for YesNo {
    type Value = bool;
    const KIND: &'static str = "yes or no";
    const LIKE: &'static str = "true";

    fn text(text: &str) -> Result<bool, String> {
        match text {
            "true" | "yes" | "1" => Ok(true),
            "false" | "no" | "0" => Ok(false),
            _ => Err(format!("{text:?} is neither yes nor no; write true or false")),
        }
    }

    fn toml(value: &bool) -> String {
        value.to_string()
    }

    fn file(value: &Spanned<DeValue<'_>>, at: &str, reader: &mut Reader) -> Option<bool> {
        let read = match value.get_ref() {
            DeValue::Boolean(yes) => Ok(*yes),
            DeValue::String(text) if matches!(&**text, "true" | "false") => {
                Err(format!("{text:?} is text; write {text}, without quotation marks"))
            }
            other => Err(format!("{} is neither yes nor no; write true or false", describe(other))),
        };
        reader.take(read, at, value)
    }
}
