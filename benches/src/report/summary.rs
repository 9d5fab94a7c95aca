//! The file for scripts: `target/bench/summary.json`, a list of figures.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Figure;
use crate::rig::target;

/// Where it lies, relative to where cargo builds.
const SUMMARY: &str = "bench/summary.json";

/// One figure in the file. `ratio` is `value / reference_value`; a figure that stands alone
/// has an empty `reference` and no ratio.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) unit: String,
    pub(crate) reference: String,
    pub(crate) reference_value: Option<f64>,
    pub(crate) ratio: Option<f64>,
    pub(crate) rounds: usize,
    /// Largest minus smallest value, as a part of the median.
    pub(crate) spread: f64,
    /// Processor time for each exchange or request over all processes, in microseconds.
    pub(crate) cpu_us: Option<f64>,
    pub(crate) reference_cpu_us: Option<f64>,
}

impl Entry {
    fn of(figure: &Figure) -> Entry {
        let reference = figure.reference.as_ref();
        Entry {
            name: figure.name.clone(),
            value: figure.ours.value,
            unit: figure.unit.clone(),
            reference: reference.map_or_else(String::new, |(name, _)| name.clone()),
            reference_value: reference.map(|(_, theirs)| theirs.value),
            ratio: figure.ratio(),
            rounds: figure.ours.rounds,
            spread: figure.ours.spread,
            cpu_us: figure.ours.cpu_us,
            reference_cpu_us: reference.and_then(|(_, theirs)| theirs.cpu_us),
        }
    }
}

pub(crate) fn path() -> PathBuf {
    target().join(SUMMARY)
}

/// Writes the figures, and keeps what the file has of other names unless `whole`.
pub(super) fn write(path: &Path, figures: &[Figure], whole: bool) -> io::Result<()> {
    let mut all = if whole { Vec::new() } else { others(path, figures) };
    for figure in figures {
        all.push(serde_json::to_value(Entry::of(figure))?);
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // Whoever reads it meanwhile finds the old one or the new one.
    let next = path.with_extension("json.new");
    std::fs::write(&next, serde_json::to_string_pretty(&all)? + "\n")?;
    std::fs::rename(&next, path)
}

/// What an earlier run left there. A file that is none of ours is as good as none.
fn others(path: &Path, figures: &[Figure]) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut before: Vec<Value> = serde_json::from_str(&text).unwrap_or_default();
    before.retain(|entry| {
        let name = entry.get("name").and_then(Value::as_str);
        name.is_some_and(|name| figures.iter().all(|figure| figure.name != name))
    });
    before
}
