//! Numbers: how many, and how many bytes.

use std::fmt::Display;
use std::marker::PhantomData;

use toml::Spanned;
use toml::de::DeValue;

use super::{Codec, Reader, quoted, wrong_kind};

/// A type of whole numbers from 0 on.
pub(crate) trait Whole: Copy + Display + TryFrom<u64> + TryInto<u64> {
    /// The largest.
    const MOST: Self;
}

macro_rules! whole {
    ($($number:ty),*) => { $(impl Whole for $number { const MOST: $number = <$number>::MAX; })* };
}
whole!(u16, u32, u64, usize);

/// How many: `1024`.
#[derive(Debug)]
pub(crate) struct Count<T>(PhantomData<T>);

/// How many bytes: `65536`, `64K`, `1M`, `2G`, in powers of 1024.
#[derive(Debug)]
pub(crate) struct Bytes<T>(PhantomData<T>);

const UNITS: [(&str, u32); 3] = [("G", 30), ("M", 20), ("K", 10)];

impl<T: Whole> Codec for Count<T> {
    type Value = T;
    const KIND: &'static str = "whole number";
    const LIKE: &'static str = "1024";

    fn text(text: &str) -> Result<T, String> {
        let text = text.trim();
        whole(text)
            .ok_or_else(|| format!("{text:?} is no whole number; write one as in 1024"))
            .and_then(|number| fitting(number, text))
    }

    fn toml(value: &T) -> String {
        value.to_string()
    }

    fn file(value: &Spanned<DeValue<'_>>, at: &str, reader: &mut Reader) -> Option<T> {
        let read = match value.get_ref() {
            DeValue::Integer(number) => integer(number),
            DeValue::String(text) if whole(text).is_some() => {
                Err(format!("{text:?} is text; write {text}, without quotation marks"))
            }
            other => Err(wrong_kind::<Self>(other)),
        };
        reader.take(read, at, value)
    }
}

impl<T: Whole> Codec for Bytes<T> {
    type Value = T;
    const KIND: &'static str = "number of bytes";
    const LIKE: &'static str = "\"64K\"";

    fn text(text: &str) -> Result<T, String> {
        let text = text.trim();
        let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = text.split_at(at);
        let Some(number) = whole(number) else {
            return Err(format!("{text:?} is no number of bytes; write one as in 64K"));
        };
        let unit = unit.trim_start();
        let shift = match unit.strip_suffix("iB").unwrap_or(unit) {
            "" => 0,
            "k" => 10,
            unit => match UNITS.iter().find(|(name, _)| *name == unit) {
                Some((_, shift)) => *shift,
                None => {
                    return Err(format!("{unit:?} is no unit of size; write K, M or G, as in 64K"));
                }
            },
        };
        let bytes = number.checked_mul(1 << shift).ok_or_else(|| above::<T>(text))?;
        fitting(bytes, text)
    }

    fn toml(value: &T) -> String {
        let bytes: u64 = (*value).try_into().unwrap_or(u64::MAX);
        match UNITS.iter().find(|(_, shift)| bytes != 0 && bytes.is_multiple_of(1 << shift)) {
            Some((unit, shift)) => quoted(format_args!("{}{unit}", bytes >> shift)),
            // TOML's numbers end where an i64 does.
            None if bytes > i64::MAX as u64 => quoted(bytes),
            None => bytes.to_string(),
        }
    }

    fn file(value: &Spanned<DeValue<'_>>, at: &str, reader: &mut Reader) -> Option<T> {
        let read = match value.get_ref() {
            DeValue::Integer(number) => integer(number),
            DeValue::String(text) => Self::text(text),
            other => Err(wrong_kind::<Self>(other)),
        };
        reader.take(read, at, value)
    }
}

fn integer<T: Whole>(number: &toml::de::DeInteger<'_>) -> Result<T, String> {
    if number.as_str().starts_with('-') {
        return Err(format!("{number} is below 0; write 0 or more"));
    }
    match u64::from_str_radix(number.as_str(), number.radix()) {
        Ok(value) => fitting(value, &number.to_string()),
        Err(_) => Err(above::<T>(&number.to_string())),
    }
}

fn fitting<T: Whole>(number: u64, text: &str) -> Result<T, String> {
    T::try_from(number).map_err(|_| above::<T>(text))
}

fn above<T: Whole>(text: &str) -> String {
    format!("{text} is too high; write {} or less", T::MOST)
}

/// A whole number in digits alone. One that no u64 holds is the largest that one holds.
fn whole(text: &str) -> Option<u64> {
    let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().unwrap_or(u64::MAX))
}
