//! How it is drawn. Where there is little room the curves go first, then what is below the
//! workers.

mod curves;
mod sections;

use ratatui::Frame;
use ratatui::layout::{Constraint, Flex, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::super::status::page;
use super::super::status::paint::{self, Paint};
use super::super::status::tables;
use super::app::App;
use super::keys::HELP;

/// Rows of workers, their titles with them, for which others make room.
const WORKERS_MIN: u16 = 6;
/// Rows of the curves.
const CURVES: u16 = 4;

/// Draws all of it.
pub(super) fn draw(app: &mut App, frame: &mut Frame<'_>) {
    let area = frame.area();
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(3), Constraint::Min(0), Constraint::Length(1)])
            .areas(area);
    match (&app.status, &app.gone) {
        (Some(_), _) => told(app, head, body, frame),
        (None, Some(why)) => {
            let style = style(Paint::Bad, app.colours);
            let why: String = paint::piece(why, Paint::Plain).text;
            let text = vec![
                Line::from(Span::styled("no hub", style)),
                Line::from(why),
                Line::from("It is looked for each second."),
            ];
            let wrapped = Paragraph::new(text).wrap(ratatui::widgets::Wrap { trim: true });
            frame.render_widget(wrapped, head.union(body));
        }
        (None, None) => frame.render_widget("looking for the hub …", head),
    }
    footer(app, foot, frame);
    if app.help {
        help(frame);
    }
}

fn told(app: &mut App, head: Rect, body: Rect, frame: &mut Frame<'_>) {
    let Some(status) = app.status.take() else { return };
    let lines = page::hub(&status.hub);
    frame.render_widget(Paragraph::new(lines.map(|line| text(&line, app.colours)).to_vec()), head);

    let workers = tables::workers(&status, app.order);
    let width = usize::from(body.width);
    let mut left = body.height;
    let mut below = sections::below(&status, width);
    // What is least important is last.
    while below.iter().map(Vec::len).sum::<usize>() > usize::from(left.saturating_sub(WORKERS_MIN))
        && below.pop().is_some()
    {}
    let below: Vec<_> = below.into_iter().flatten().collect();
    left -= below.len() as u16;
    let curves = if left >= CURVES + WORKERS_MIN { CURVES } else { 0 };
    let [above, middle, beneath] = Layout::vertical([
        Constraint::Length(curves),
        Constraint::Min(0),
        Constraint::Length(below.len() as u16),
    ])
    .areas(body);
    curves::draw(&app.curves, app.colours, above, frame);
    sections::workers(app, &workers, middle, frame);
    let below: Vec<_> = below.iter().map(|line| text(line, app.colours)).collect();
    frame.render_widget(Paragraph::new(below), beneath);
    app.status = Some(status);
}

fn footer(app: &App, area: Rect, frame: &mut Frame<'_>) {
    let mut keys = vec![("q", "quit".to_owned())];
    if app.status.is_some() {
        keys.push(("s", format!("sort: {}", app.order.words())));
        keys.push(("p", if app.paused { "go on" } else { "pause" }.to_owned()));
    }
    keys.push(("?", "help".to_owned()));
    let mut line = Line::default();
    for (key, words) in keys {
        line.push_span(Span::styled(
            format!(" {key} "),
            Style::new().add_modifier(Modifier::REVERSED),
        ));
        line.push_span(Span::raw(format!(" {words}  ")));
    }
    if app.paused {
        line.push_span(Span::styled("paused", style(Paint::Odd, app.colours)));
    }
    frame.render_widget(line, area);
}

fn help(frame: &mut Frame<'_>) {
    let lines: Vec<_> =
        HELP.iter().map(|(keys, words)| Line::from(format!(" {keys:<22} {words} "))).collect();
    let width = lines.iter().map(Line::width).max().unwrap_or(0) as u16 + 2;
    let height = lines.len() as u16 + 2;
    let [area] =
        Layout::vertical([Constraint::Length(height)]).flex(Flex::Center).areas(frame.area());
    let [area] = Layout::horizontal([Constraint::Length(width)]).flex(Flex::Center).areas(area);
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" keys ")), area);
}

/// How a kind of text looks.
pub(super) fn style(paint: Paint, colours: bool) -> Style {
    let plain = Style::new();
    let style = match paint {
        Paint::Plain => plain,
        Paint::Faint => plain.fg(Color::DarkGray),
        Paint::Head => plain.add_modifier(Modifier::BOLD),
        Paint::Good => plain.fg(Color::Green),
        Paint::Odd => plain.fg(Color::Yellow),
        Paint::Bad => plain.fg(Color::Red).add_modifier(Modifier::BOLD),
        Paint::Leaving => plain.fg(Color::Cyan),
    };
    if colours { style } else { Style { fg: None, ..style } }
}

/// A line as ratatui has them.
pub(super) fn text(line: &paint::Line, colours: bool) -> Line<'static> {
    let spans =
        line.iter().map(|piece| Span::styled(piece.text.clone(), style(piece.paint, colours)));
    Line::from(spans.collect::<Vec<_>>())
}
