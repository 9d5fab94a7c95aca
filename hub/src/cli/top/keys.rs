//! What keys do.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Quit,
    /// Closes what is open, or quits.
    Back,
    Up(usize),
    Down(usize),
    First,
    Last,
    Sort,
    Pause,
    Help,
}

/// Rows of a page.
const PAGE: usize = 10;

/// All keys, for the page that explains them.
pub(super) const HELP: [(&str, &str); 7] = [
    ("q, Ctrl-C", "quit"),
    ("Esc", "close this, else quit"),
    ("arrows, j, k", "another row; its whole state stands below"),
    ("PgUp, PgDn, Home, End", "further"),
    ("s", "sort by another column; sick ones stay first"),
    ("p, space", "stand still, and go on"),
    ("?, h", "this"),
];

/// What a key means, if anything.
pub(super) fn action(key: KeyEvent) -> Option<Action> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return matches!(key.code, KeyCode::Char('c')).then_some(Action::Quit);
    }
    Some(match key.code {
        KeyCode::Char('q') => Action::Quit,
        KeyCode::Esc => Action::Back,
        KeyCode::Up | KeyCode::Char('k') => Action::Up(1),
        KeyCode::Down | KeyCode::Char('j') => Action::Down(1),
        KeyCode::PageUp => Action::Up(PAGE),
        KeyCode::PageDown => Action::Down(PAGE),
        KeyCode::Home | KeyCode::Char('g') => Action::First,
        KeyCode::End | KeyCode::Char('G') => Action::Last,
        KeyCode::Char('s') => Action::Sort,
        KeyCode::Char('p' | ' ') => Action::Pause,
        KeyCode::Char('?' | 'h') => Action::Help,
        _ => return None,
    })
}
