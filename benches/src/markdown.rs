//! The figures as a table for documents.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::ExitCode;

use crate::report::{Entry, summary_path};

/// Prints the summary of the last runs as tables, one for each part.
pub(crate) fn print() -> ExitCode {
    let path = summary_path();
    let entries = std::fs::read_to_string(&path)
        .map_err(|error| error.to_string())
        .and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
    match entries {
        Ok(entries) => {
            print!("{}", tables(entries));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bench: {}: {error}; `make bench` writes it", path.display());
            ExitCode::FAILURE
        }
    }
}

fn tables(entries: Vec<Entry>) -> String {
    let mut parts: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        let part = entry.name.split('.').next().unwrap_or_default().to_owned();
        parts.entry(part).or_default().push(entry);
    }
    let mut out = String::new();
    for (part, entries) in parts {
        let _ = writeln!(out, "### {part}\n");
        out.push_str("| figure | Slotway | CPU, µs | beside | its value | its CPU, µs | ratio | spread | rounds |\n");
        out.push_str("|---|---:|---:|---|---:|---:|---:|---:|---:|\n");
        for entry in entries {
            out.push_str(&row(&entry));
        }
        out.push('\n');
    }
    out
}

fn row(entry: &Entry) -> String {
    let optional = |value: Option<f64>| value.map_or_else(String::new, digits);
    let with_unit = |value: f64| with_unit(value, &entry.unit);
    format!(
        "| `{}` | {} | {} | {} | {} | {} | {} | {:.0} % | {} |\n",
        entry.name,
        with_unit(entry.value),
        optional(entry.cpu_us),
        entry.reference,
        entry.reference_value.map_or_else(String::new, with_unit),
        optional(entry.reference_cpu_us),
        entry.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
        100.0 * entry.spread,
        entry.rounds,
    )
}

fn with_unit(value: f64, unit: &str) -> String {
    match unit.strip_suffix("/s") {
        Some(_) if value >= 1e6 => format!("{:.2} M/s", value / 1e6),
        Some(_) if value < 1e3 => format!("{value:.0} /s"),
        Some(_) => format!("{:.1} k/s", value / 1e3),
        None => format!("{} {}", digits(value), if unit == "us" { "µs" } else { unit }),
    }
}

/// Three digits that count, and no more.
fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests;
