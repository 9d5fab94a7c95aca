//! The plot: a column for each dimension, a row for each quantity, zero at the bottom.

use super::svg::{Anchor, Svg};
use super::{Curve, Point};
use crate::machine;
use crate::measure::Summary;

const PANEL: (f64, f64) = (200.0, 130.0);
const GAP: (f64, f64) = (68.0, 62.0);
const MARGIN: (f64, f64) = (74.0, 66.0);
/// Steps of the vertical axis.
const STEPS: usize = 4;

/// One row of panels.
struct Row {
    title: &'static str,
    value: fn(&Point) -> f64,
}

const ROWS: [Row; 3] = [
    Row { title: "latency, p50, µs", value: |point| Summary::of(&point.p50_us).value },
    Row { title: "CPU a request, µs", value: |point| Summary::of(&point.cpu_us).value },
    Row { title: "hub's resident memory, MiB", value: |point| point.resident_kib / 1024.0 },
];

/// Draws all curves.
pub(super) fn draw(curves: &[Curve]) -> String {
    let (columns, rows) = (curves.len() as f64, ROWS.len() as f64);
    let width = MARGIN.0 + columns * PANEL.0 + (columns - 1.0).max(0.0) * GAP.0 + 24.0;
    let height = MARGIN.1 + rows * (PANEL.1 + GAP.1);
    let mut svg = Svg::new(width, height);
    let title = "What a request costs through the hub and one worker, as the rest grows";
    svg.text("title", (16.0, 22.0), Anchor::Start, title);
    let below = format!("GET hello, 16 connections; {}", machine::describe());
    svg.text("small", (16.0, 40.0), Anchor::Start, &below);
    for (row, kind) in ROWS.iter().enumerate() {
        // One scale for a row: the panels are there to be compared.
        let values = curves.iter().flat_map(|curve| &curve.points).map(kind.value);
        let top = round_up(values.fold(0.0, f64::max));
        for (column, curve) in curves.iter().enumerate() {
            let left = MARGIN.0 + column as f64 * (PANEL.0 + GAP.0);
            let upper = MARGIN.1 + row as f64 * (PANEL.1 + GAP.1);
            panel(&mut svg, (left, upper), kind, curve, top);
        }
    }
    svg.finish(title)
}

fn panel(svg: &mut Svg, corner: (f64, f64), row: &Row, curve: &Curve, top: f64) {
    let (left, upper) = corner;
    let (right, lower) = (left + PANEL.0, upper + PANEL.1);
    svg.text("small", (left, upper - 8.0), Anchor::Start, row.title);
    for step in 0..=STEPS {
        let part = step as f64 / STEPS as f64;
        let y = lower - part * PANEL.1;
        svg.line(if step == 0 { "axis" } else { "grid" }, (left, y), (right, y));
        svg.text("small", (left - 6.0, y + 4.0), Anchor::End, &short(part * top));
    }
    // Sizes grow by about the same factor, so each gets the same width.
    let between = PANEL.0 / curve.points.len().max(1) as f64;
    let mut points = Vec::new();
    for (place, point) in curve.points.iter().enumerate() {
        let x = left + (place as f64 + 0.5) * between;
        let value = (row.value)(point);
        points.push((x, lower - (value / top).min(1.0) * PANEL.1));
        svg.text("small", (x, lower + 15.0), Anchor::Middle, &grouped(point.size));
    }
    svg.polyline("line", &points);
    for (at, point) in points.iter().zip(&curve.points) {
        let value = short((row.value)(point));
        svg.dot(*at, &format!("{} {}: {value}", grouped(point.size), curve.dimension.what()));
    }
    let middle = (left + right) / 2.0;
    svg.text("", (middle, lower + 32.0), Anchor::Middle, curve.dimension.what());
}

/// The next number of 1, 1.5, 2, 3, 4, 5, 6 or 8 times a power of ten.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|top| *top >= value).unwrap_or(value)
}

/// Three digits that count, without zeros at the end.
fn short(value: f64) -> String {
    let text = match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    };
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// 10000 as `10,000`.
fn grouped(size: usize) -> String {
    if size < 1000 { size.to_string() } else { format!("{},{:03}", size / 1000, size % 1000) }
}

#[cfg(test)]
mod tests;
