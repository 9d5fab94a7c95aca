//! The curves: requests a second, and how long they take.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Color;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Sparkline};

use super::super::super::status::paint::Paint;
use super::super::super::status::words;
use super::super::app::Curves;
use super::style;

/// Draws both, one beside the other.
pub(super) fn draw(curves: &Curves, colours: bool, area: Rect, frame: &mut Frame<'_>) {
    if area.height == 0 {
        return;
    }
    let [one, _, other] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(2), Constraint::Fill(1)])
            .areas(area);
    let most = |curve: &mut dyn Iterator<Item = f64>| curve.fold(0.0, f64::max);
    let rate = most(&mut curves.rates.iter().copied());
    let latency = most(&mut curves.latencies.iter().copied());
    let rate = format!("up to {}", words::rate(rate));
    let latency = format!("up to {}", words::ms(Some(latency)));
    let green = colours.then_some(Color::Green);
    let yellow = colours.then_some(Color::Yellow);
    curve(("requests/s", rate), curves.rates.iter(), green, colours, one, frame);
    curve(("p99", latency), curves.latencies.iter(), yellow, colours, other, frame);
}

fn curve<'a>(
    (title, most): (&str, String),
    values: impl DoubleEndedIterator<Item = &'a f64>,
    colour: Option<Color>,
    colours: bool,
    area: Rect,
    frame: &mut Frame<'_>,
) {
    let [title_area, below] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    let words = [
        Span::styled(title.to_owned(), style(Paint::Head, colours)),
        Span::styled(format!("  {most}"), style(Paint::Faint, colours)),
    ];
    frame.render_widget(Paragraph::new(Line::from(words.to_vec())), title_area);
    // What is new is at the right. A thousandth is the least that shows.
    let kept: Vec<u64> =
        values.rev().take(usize::from(below.width)).map(|value| (value * 1e3) as u64).collect();
    let missing = usize::from(below.width) - kept.len();
    let data: Vec<u64> = std::iter::repeat_n(0, missing).chain(kept.into_iter().rev()).collect();
    let mut line = Sparkline::default().data(&data);
    if let Some(colour) = colour {
        line = line.style(colour);
    }
    frame.render_widget(line, below);
}
