//! Lengths of time.

use std::time::Duration;

use super::{Codec, quoted};

/// `10s`, `250ms`, `2m`, `1h`; on a command line also a plain number of seconds.
#[derive(Debug)]
pub(crate) struct Time;

/// Units in nanoseconds, the longest first.
const UNITS: [(&str, u128); 6] = [
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// A clock that is told to wait for longer may overflow, and nobody waits for so long.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

impl Codec for Time {
    type Value = Duration;
    const KIND: &'static str = "length of time";
    const LIKE: &'static str = "\"10s\"";

    fn text(text: &str) -> Result<Duration, String> {
        let text = text.trim();
        let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(at);
        let unit = match unit.trim_start() {
            "" => "s",
            unit => unit,
        };
        let Some((_, nanoseconds)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(if number.is_empty() {
                format!("{text:?} is no length of time; write one as in 10s")
            } else {
                format!("{unit:?} is no unit of time; write ms, s, m or h, as in 10s")
            });
        };
        let Some(whole) = decimal(number, *nanoseconds) else {
            return Err(format!("{number:?} is no number; write one as in 10s"));
        };
        match u64::try_from(whole).map(Duration::from_nanos) {
            Ok(time) if time <= LONGEST => Ok(time),
            _ => Err(format!("{text:?} is more than a year; write less")),
        }
    }

    fn toml(value: &Duration) -> String {
        let whole = value.as_nanos();
        let (unit, nanoseconds) = match whole {
            0 => ("s", 1),
            _ => *UNITS.iter().find(|(_, each)| whole.is_multiple_of(*each)).unwrap_or(&("ns", 1)),
        };
        quoted(format_args!("{}{unit}", whole / nanoseconds))
    }

    fn file(
        value: &toml::Spanned<toml::de::DeValue<'_>>,
        at: &str,
        reader: &mut super::Reader,
    ) -> Option<Duration> {
        use toml::de::DeValue;
        let read = match value.get_ref() {
            DeValue::String(text) => Time::text(text),
            DeValue::Integer(number) => {
                Err(format!("{number} has no unit; write \"{number}s\", or ms, m or h"))
            }
            other => Err(super::wrong_kind::<Time>(other)),
        };
        reader.take(read, at, value)
    }
}

/// A decimal number times a whole one, what is below one left out. `None` when it is no
/// number, or far too long.
fn decimal(number: &str, times: u128) -> Option<u128> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let (whole, part) = (if whole.is_empty() { "0" } else { whole }, part.trim_end_matches('0'));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !number.bytes().any(|b| b.is_ascii_digit()) || !digits(part) {
        return None;
    }
    // Longer than that it is beyond every limit, or below every unit.
    let part = &part[..part.len().min(18)];
    let scale = 10u128.pow(part.len() as u32);
    let part: u128 = if part.is_empty() { 0 } else { part.parse().ok()? };
    let whole: u128 = whole.parse::<u64>().map_or(u128::from(u64::MAX), u128::from);
    Some(whole * times + part * times / scale)
}
