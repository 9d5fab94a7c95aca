//! Several values, and values that need not be.

use std::marker::PhantomData;

use toml::Spanned;
use toml::de::DeValue;

use super::{Codec, Reader, describe, quoted};

/// Any number of them: `["a", "b"]`, on a command line separated by commas.
#[derive(Debug)]
pub(crate) struct List<C>(PhantomData<C>);

impl<C: Codec> Codec for List<C> {
    type Value = Vec<C::Value>;
    const KIND: &'static str = "list";
    const LIKE: &'static str = C::LIKE;

    fn text(text: &str) -> Result<Self::Value, String> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        items.map(C::text).collect()
    }

    fn toml(value: &Self::Value) -> String {
        let items: Vec<_> = value.iter().map(C::toml).collect();
        format!("[{}]", items.join(", "))
    }

    fn file(value: &Spanned<DeValue<'_>>, at: &str, reader: &mut Reader) -> Option<Self::Value> {
        let DeValue::Array(items) = value.get_ref() else {
            let words = match value.get_ref() {
                DeValue::Table(_) => format!("a table is no list; write one as in [{}]", C::LIKE),
                one => format!("{0} is no list; write it in brackets: [{0}]", describe(one)),
            };
            reader.fault(at, value.span(), words);
            return None;
        };
        let mut all = Vec::with_capacity(items.len());
        let mut whole = true;
        for (index, item) in items.iter().enumerate() {
            let at = format!("{at}[{index}]");
            reader.places.push((at.clone(), item.span()));
            match C::file(item, &at, reader) {
                Some(item) => all.push(item),
                None => whole = false,
            }
        }
        whole.then_some(all)
    }
}

/// One, or the word `none`.
#[derive(Debug)]
pub(crate) struct Maybe<C>(PhantomData<C>);

impl<C: Codec> Codec for Maybe<C> {
    type Value = Option<C::Value>;
    const KIND: &'static str = C::KIND;
    const LIKE: &'static str = C::LIKE;

    fn text(text: &str) -> Result<Self::Value, String> {
        match text {
            "none" => Ok(None),
            text => C::text(text).map(Some),
        }
    }

    fn toml(value: &Self::Value) -> String {
        value.as_ref().map_or_else(|| quoted("none"), C::toml)
    }

    fn file(value: &Spanned<DeValue<'_>>, at: &str, reader: &mut Reader) -> Option<Self::Value> {
        match value.get_ref() {
            DeValue::String(text) if text == "none" => Some(None),
            _ => C::file(value, at, reader).map(Some),
        }
    }
}

/// One, where leaving it out says something that no word does.
#[derive(Debug)]
pub(crate) struct Unset<C>(PhantomData<C>);

impl<C: Codec> Codec for Unset<C> {
    type Value = Option<C::Value>;
    const KIND: &'static str = C::KIND;
    const LIKE: &'static str = C::LIKE;

    fn text(text: &str) -> Result<Self::Value, String> {
        C::text(text).map(Some)
    }

    fn toml(value: &Self::Value) -> String {
        value.as_ref().map(C::toml).unwrap_or_default()
    }

    fn file(value: &Spanned<DeValue<'_>>, at: &str, reader: &mut Reader) -> Option<Self::Value> {
        C::file(value, at, reader).map(Some)
    }
}
