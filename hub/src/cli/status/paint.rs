//! Text with colours, for a terminal or for none.

use std::env;

/// What a piece of text is, which gives its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::cli) enum Paint {
    #[default]
    Plain,
    /// What matters little.
    Faint,
    /// A heading.
    Head,
    /// It is well.
    Good,
    /// Something is odd.
    Odd,
    /// Somebody has to look.
    Bad,
    /// It leaves.
    Leaving,
}

impl Paint {
    /// How it is told to a terminal (ECMA-48, SGR).
    pub(super) fn sgr(self) -> Option<&'static str> {
        match self {
            Paint::Plain => None,
            Paint::Faint => Some("90"),
            Paint::Head => Some("1"),
            Paint::Good => Some("32"),
            Paint::Odd => Some("33"),
            Paint::Bad => Some("1;31"),
            Paint::Leaving => Some("36"),
        }
    }
}

/// Whether colours are wanted at all (no-color.org).
pub(in crate::cli) fn wanted() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Piece {
    pub(in crate::cli) text: String,
    pub(in crate::cli) paint: Paint,
}

/// A line.
pub(in crate::cli) type Line = Vec<Piece>;

/// A piece. Control characters, with which a worker could write over the screen, show as
/// what they are not.
pub(in crate::cli) fn piece(text: impl AsRef<str>, paint: Paint) -> Piece {
    let visible = |letter: char| if letter.is_control() { '\u{fffd}' } else { letter };
    Piece { text: text.as_ref().chars().map(visible).collect(), paint }
}

/// Adds a line to a text.
pub(super) fn write(line: &Line, colours: bool, into: &mut String) {
    let mut text = String::new();
    for piece in line {
        match piece.paint.sgr().filter(|_| colours && !piece.text.trim().is_empty()) {
            Some(sgr) => text.push_str(&format!("\x1b[{sgr}m{}\x1b[0m", piece.text)),
            None => text.push_str(&piece.text),
        }
    }
    into.push_str(text.trim_end());
    into.push('\n');
}
