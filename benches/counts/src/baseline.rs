//! The stored counts, and what is said of new ones.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// By how much a count may grow unnoticed: what a small change elsewhere does to the
/// compiler's choices.
const TOLERANCE: f64 = 0.03;

/// Counts by name, and whose they are.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Baseline {
    /// The compiler's version.
    pub(crate) rustc: String,
    /// The machine's architecture.
    pub(crate) arch: String,
    /// Instructions for one exchange.
    pub(crate) counts: BTreeMap<String, f64>,
}

/// What is said of one count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// The baseline does not have it.
    New { now: f64 },
    /// It is not measured any more.
    Missing { before: f64 },
    /// As before.
    Same { before: f64, now: f64 },
    /// Fewer by more than the tolerance.
    Shrunk { before: f64, now: f64 },
    /// More by more than the tolerance.
    Grown { before: f64, now: f64 },
}

impl Verdict {
    fn of(before: f64, now: f64) -> Verdict {
        if now > before * (1.0 + TOLERANCE) {
            Verdict::Grown { before, now }
        } else if now < before * (1.0 - TOLERANCE) {
            Verdict::Shrunk { before, now }
        } else {
            Verdict::Same { before, now }
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, now, word) = match *self {
            Verdict::New { now } => return write!(f, "{now:>8.1}   not in the baseline"),
            Verdict::Missing { before } => return write!(f, "       -   was {before:.1}"),
            Verdict::Same { before, now } => (before, now, ""),
            Verdict::Shrunk { before, now } => (before, now, "  fewer"),
            Verdict::Grown { before, now } => (before, now, "  MORE"),
        };
        let percent = 100.0 * (now / before - 1.0);
        write!(f, "{now:>8.1}   was {before:.1} ({percent:+.1} %){word}")
    }
}

impl Baseline {
    pub(crate) fn new(rustc: &str) -> Baseline {
        let arch = std::env::consts::ARCH.to_owned();
        Baseline { rustc: rustc.to_owned(), arch, counts: BTreeMap::new() }
    }

    fn path() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("baseline.json")
    }

    fn to_json(&self) -> Value {
        json!({ "rustc": self.rustc, "arch": self.arch, "counts": self.counts })
    }

    fn from_json(value: &Value) -> Option<Baseline> {
        let text = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
        let counts = value.get("counts")?.as_object()?;
        let counts = counts.iter().map(|(name, count)| Some((name.clone(), count.as_f64()?)));
        Some(Baseline {
            rustc: text("rustc")?,
            arch: text("arch")?,
            counts: counts.collect::<Option<_>>()?,
        })
    }

    pub(crate) fn read() -> Result<Baseline, String> {
        let path = Baseline::path();
        let told = |error: &dyn fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| told(&error))?;
        let value = serde_json::from_str(&text).map_err(|error| told(&error))?;
        Baseline::from_json(&value).ok_or_else(|| told(&"it lacks rustc, arch or counts"))
    }

    pub(crate) fn write(&self) -> Result<PathBuf, String> {
        let path = Baseline::path();
        let told = |error: &dyn fmt::Display| format!("{}: {error}", path.display());
        std::fs::write(&path, format!("{:#}\n", self.to_json())).map_err(|error| told(&error))?;
        Ok(path)
    }

    /// Whether both are the same compiler's for the same architecture.
    pub(crate) fn is_comparable(&self, other: &Baseline) -> bool {
        self.rustc == other.rustc && self.arch == other.arch
    }

    /// What is to be said of each count of `now`, and of those that it lacks.
    pub(crate) fn judge(&self, now: &Baseline) -> Vec<(String, Verdict)> {
        let mut verdicts: Vec<_> = now
            .counts
            .iter()
            .map(|(name, &now)| match self.counts.get(name) {
                Some(&before) => (name.clone(), Verdict::of(before, now)),
                None => (name.clone(), Verdict::New { now }),
            })
            .collect();
        for (name, &before) in &self.counts {
            if !now.counts.contains_key(name) {
                verdicts.push((name.clone(), Verdict::Missing { before }));
            }
        }
        verdicts
    }
}

#[cfg(test)]
mod tests;
