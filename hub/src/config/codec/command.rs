//! What a program is started with: its words, and its variables.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;

use super::{Codec, List, Reader, Text, describe, quoted, wrong_kind};

/// A command: its words as a list, or one line that is split at blanks. Quotation marks and
/// backslashes hold together what belongs together; nothing is expanded.
#[derive(Debug)]
pub(crate) struct Words;

impl Codec for Words {
    type Value = Vec<String>;
    const KIND: &'static str = "command";
    const LIKE: &'static str = "[\"./worker\", \"--verbose\"] or \"./worker --verbose\"";

    fn text(text: &str) -> Result<Vec<String>, String> {
        shlex::split(text).ok_or_else(|| {
            format!("{text:?} ends inside quotation marks or with a backslash; close them")
        })
    }

    fn toml(value: &Vec<String>) -> String {
        List::<Text>::toml(value)
    }

    fn file(value: &Spanned<DeValue<'_>>, at: &str, reader: &mut Reader) -> Option<Vec<String>> {
        match value.get_ref() {
            DeValue::Array(_) => List::<Text>::file(value, at, reader),
            DeValue::String(text) => reader.take(Self::text(text), at, value),
            other => reader.take(Err(wrong_kind::<Self>(other)), at, value),
        }
    }
}

/// Variables by name, as a table.
#[derive(Debug)]
pub(crate) struct Variables;

impl Codec for Variables {
    type Value = BTreeMap<String, String>;
    const KIND: &'static str = "table of variables";
    const LIKE: &'static str = "{ PORT = \"8000\" }";

    fn text(text: &str) -> Result<Self::Value, String> {
        let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
        let pair = |pair: &str| match pair.split_once('=') {
            Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
            None => Err(format!("{pair:?} is no variable; write one as in PORT=8000")),
        };
        pairs.map(pair).collect()
    }

    fn toml(value: &Self::Value) -> String {
        // As people write it, if the name allows that.
        let bare = |name: &str| {
            let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
            let fits = !name.is_empty() && name.bytes().all(fits);
            if fits { name.to_owned() } else { quoted(name) }
        };
        let pair =
            |(name, value): (&String, &String)| format!("{} = {}", bare(name), quoted(value));
        let pairs = value.iter().map(pair).collect::<Vec<_>>().join(", ");
        if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {pairs} }}") }
    }

    fn file(value: &Spanned<DeValue<'_>>, at: &str, reader: &mut Reader) -> Option<Self::Value> {
        let DeValue::Table(pairs) = value.get_ref() else {
            return reader.take(Err(wrong_kind::<Self>(value.get_ref())), at, value);
        };
        let mut all = BTreeMap::new();
        let mut whole = true;
        for (name, value) in pairs {
            let name = name.get_ref();
            let at = format!("{at}.{name}");
            reader.places.push((at.clone(), value.span()));
            let text = match value.get_ref() {
                DeValue::String(text) => text.clone().into_owned(),
                // What has one text only may go without quotation marks.
                DeValue::Boolean(yes) => yes.to_string(),
                DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
                other => {
                    let words =
                        format!("{} is no text; put it into quotation marks", describe(other));
                    reader.fault(&at, value.span(), words);
                    whole = false;
                    continue;
                }
            };
            all.insert(name.clone().into_owned(), text);
        }
        whole.then_some(all)
    }
}
