//! The workers, and what is below them.

use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::widgets::Paragraph;

use super::super::super::status::model::{Level, Status};
use super::super::super::status::paint::{Line, Paint, piece};
use super::super::super::status::table::{Table, fit};
use super::super::super::status::{tables, words};
use super::super::app::App;
use super::text;

/// Rows of each table below, and of departures.
const ROWS: usize = 6;
const DEPARTURES: usize = 3;

/// The workers, the selected one with its whole state below it if its column is too narrow.
pub(super) fn workers(app: &mut App, table: &Table, area: Rect, frame: &mut Frame<'_>) {
    let rows = table.rows.len();
    if rows == 0 {
        frame.render_widget("No worker is connected.", area);
        return;
    }
    let layout = table.lay(Some(usize::from(area.width)));
    app.scroll(rows, usize::from(area.height.saturating_sub(1)));
    let whole = layout.cut(&table.rows[app.selected]).cloned();
    if whole.is_some() {
        app.scroll(rows, usize::from(area.height.saturating_sub(2)));
    }
    let mut lines = vec![text(&layout.head(table), app.colours)];
    let visible = usize::from(area.height).saturating_sub(1);
    for (at, row) in table.rows.iter().enumerate().skip(app.offset).take(visible) {
        let mut line = text(&layout.row(table, row), app.colours);
        if at == app.selected {
            let rest = usize::from(area.width).saturating_sub(line.width());
            line.push_span(" ".repeat(rest));
            line = line.patch_style(selected(app.colours));
        }
        lines.push(line);
        if let Some(mut whole) = whole.clone().filter(|_| at == app.selected) {
            whole.text = format!("  {}", whole.text);
            lines.push(text(&vec![whole], app.colours));
        }
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// How the selected row stands out. The colour is one of the 256, for none of the 16 leaves all
/// others legible upon it.
fn selected(colours: bool) -> Style {
    match colours {
        true => Style::new().bg(Color::Indexed(237)).add_modifier(Modifier::BOLD),
        false => Style::new().add_modifier(Modifier::REVERSED),
    }
}

/// What is below, most important first: what the supervisor has trouble with, queues, who
/// left.
pub(super) fn below(status: &Status, width: usize) -> Vec<Vec<Line>> {
    let tables = [tables::programs(status), tables::queues(status)];
    let tables = tables.iter().flatten().map(|table| {
        let layout = table.lay(Some(width));
        let mut lines = vec![Line::new(), layout.head(table)];
        lines.extend(table.rows.iter().take(ROWS).map(|row| layout.row(table, row)));
        if table.rows.len() > ROWS {
            let more = format!("and {} more", table.rows.len() - ROWS);
            lines.push(vec![piece(more, Paint::Faint)]);
        }
        lines
    });
    let mut sections: Vec<_> = tables.collect();
    if !status.departed.is_empty() {
        let mut lines = vec![Line::new(), vec![piece("LAST DEPARTURES", Paint::Head)]];
        lines.extend(status.departed.iter().take(DEPARTURES).map(|gone| {
            let ago = Duration::from_millis(status.at_ms.saturating_sub(gone.at_ms));
            let pid = gone.pid.map_or(String::new(), |pid| format!(" (pid {pid})"));
            let told = format!(
                "{} ago  {}{pid}: {}",
                words::span(ago),
                gone.names.join(", "),
                gone.detail
            );
            let paint = match gone.level {
                Level::Sick => Paint::Bad,
                Level::Warn => Paint::Odd,
                _ => Paint::Faint,
            };
            let mut line = piece(told, paint);
            line.text = fit(&line.text, width, false);
            vec![line]
        }));
        sections.push(lines);
    }
    sections
}
