//! Values as people write them: durations and sizes.

use std::time::Duration;

/// Reads `10s`, `250ms`, `2m`, `1h`, or a plain number of seconds (`1.5`).
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let seconds_each = match unit {
        "" | "s" => 1.0,
        "ms" => 0.001,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("{unit:?} is no unit of time; write ms, s, m or h, as in 10s")),
    };
    let number: f64 =
        number.parse().map_err(|_| format!("{number:?} is no number; write one as in 10s"))?;
    Duration::try_from_secs_f64(number * seconds_each)
        .map_err(|_| format!("{text:?} is no length of time that can be waited"))
}

/// Reads `65536`, `64K`, `1M` or `2G`, in powers of 1024.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let (number, unit) = split(text);
    let shift = match unit.strip_suffix("iB").unwrap_or(unit) {
        "" => 0,
        "k" | "K" => 10,
        "M" => 20,
        "G" => 30,
        _ => return Err(format!("{unit:?} is no unit of size; write K, M or G, as in 64K")),
    };
    let number: u64 =
        number.parse().map_err(|_| format!("{number:?} is no whole number of bytes"))?;
    number.checked_mul(1 << shift).ok_or_else(|| format!("{text:?} is too large"))
}

/// As [`bytes`], for a size that a `u32` holds.
pub(super) fn bytes_u32(text: &str) -> Result<u32, String> {
    u32::try_from(bytes(text)?).map_err(|_| format!("{text:?} is above {}", u32::MAX))
}

/// As [`bytes`], for a size of this machine.
pub(super) fn bytes_usize(text: &str) -> Result<usize, String> {
    usize::try_from(bytes(text)?).map_err(|_| format!("{text:?} is above {}", usize::MAX))
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    (number, unit.trim_start())
}
