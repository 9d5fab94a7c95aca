//! The table at the end.

use std::fmt::Write;

use super::Figure;
use super::goal::Goal;
use crate::machine;

/// The whole table as text.
pub(super) fn text(figures: &[Figure], rounds: usize) -> String {
    let mut out = String::new();
    let width = figures.iter().map(|figure| figure.what.chars().count()).max().unwrap_or(0);
    let _ = writeln!(out, "\n{}; median of {rounds} rounds\n", machine::describe());
    let _ = writeln!(
        out,
        "{:<width$} {:>12} {:>9}   {:<22} {:>12} {:>9} {:>8} {:>7}",
        "what", "Slotway", "CPU", "beside", "", "CPU", "ratio", "spread"
    );
    let mut before: Option<&Figure> = None;
    for figure in figures {
        let ours = &figure.ours;
        // What stands beside several others is said once.
        let again = before.is_some_and(|one| one.what == figure.what && one.ours == figure.ours);
        before = Some(figure);
        let once = |text: String| if again { String::new() } else { text };
        let (beside, theirs, their_cpu) = match &figure.reference {
            Some((name, theirs)) => {
                (name.as_str(), with_unit(theirs.value, &figure.unit), cpu(theirs.cpu_us))
            }
            None => ("", String::new(), String::new()),
        };
        let ratio = figure.ratio().map_or_else(String::new, |ratio| format!("{ratio:.2}×"));
        let line = format!(
            "{:<width$} {:>12} {:>9}   {:<22} {:>12} {:>9} {:>8} {:>5.0} %  {}",
            once(figure.what.clone()),
            once(with_unit(ours.value, &figure.unit)),
            once(cpu(ours.cpu_us)),
            beside,
            theirs,
            their_cpu,
            ratio,
            100.0 * ours.spread,
            verdict(figure),
        );
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out.push_str(
        "\nCPU: processor time for each exchange or request, over all processes. The ratio is \
         Slotway's figure\ndivided by the other's: of times less is better, of rates more.\n",
    );
    out
}

fn cpu(cpu_us: Option<f64>) -> String {
    cpu_us.map_or_else(String::new, |us| with_unit(us, "us"))
}

fn with_unit(value: f64, unit: &str) -> String {
    match unit.strip_suffix("/s") {
        Some(_) if value >= 1e6 => format!("{:.2} M/s", value / 1e6),
        Some(_) if value < 1e3 => format!("{value:.0} /s"),
        Some(_) => format!("{:.1} k/s", value / 1e3),
        None if unit == "us" && value >= 100.0 => format!("{value:.0} µs"),
        None if unit == "us" => format!("{value:.2} µs"),
        None if value.fract() == 0.0 => format!("{value:.0} {unit}"),
        None => format!("{value:.2} {unit}"),
    }
}

fn verdict(figure: &Figure) -> String {
    let Some(goal) = Goal::of(&figure.name) else { return String::new() };
    let bound = match goal {
        Goal::RatioAtMost(bound) => format!("≤ {bound}×"),
        Goal::RatioAtLeast(bound) => format!("≥ {bound}×"),
        Goal::ValueAtMost(bound) => format!("≤ {}", with_unit(bound, &figure.unit)),
        Goal::ValueAtLeast(bound) => format!("≥ {}", with_unit(bound, &figure.unit)),
    };
    let met = if goal.is_met(figure) { "met" } else { "MISSED" };
    format!("goal {bound} {met}")
}
