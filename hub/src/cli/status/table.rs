//! Tables that fit where they are shown: columns that matter less go first, then the first
//! column gets shorter. The last one has what is left.

use ratatui::text::Span;

use super::paint::{Line, Paint, Piece, piece};

/// Between two columns.
const GAP: usize = 2;
/// What the last column has at least, as long as others can go.
const LAST_MIN: usize = 14;
/// What the first one is shortened to at most.
const FIRST_MIN: usize = 8;

/// One column.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Column {
    pub(in crate::cli) title: &'static str,
    /// Numbers end where the column ends.
    pub(in crate::cli) right: bool,
    /// The highest goes first, 0 never.
    pub(in crate::cli) rank: u8,
}

/// Columns, and rows with a piece for each.
#[derive(Debug)]
pub(in crate::cli) struct Table {
    pub(in crate::cli) columns: &'static [Column],
    pub(in crate::cli) rows: Vec<Vec<Piece>>,
}

/// Which columns are shown, and how wide each is.
#[derive(Debug)]
pub(in crate::cli) struct Layout {
    shown: Vec<(usize, usize)>,
}

impl Table {
    /// How it fits into a width. Without one everything is shown, also columns in which
    /// nothing stands, so that a program that reads it finds each where it was.
    pub(in crate::cli) fn lay(&self, width: Option<usize>) -> Layout {
        let natural = |(at, column): (usize, &Column)| {
            let cells = self.rows.iter().map(|row| wide(&row[at].text));
            (at, cells.max().unwrap_or(0).max(wide(column.title)))
        };
        let mut shown: Vec<_> = self.columns.iter().enumerate().map(natural).collect();
        let Some(width) = width else { return Layout { shown } };
        let empty = |at: usize| self.rows.iter().all(|row| matches!(&*row[at].text, "" | "-"));
        shown.retain(|(at, _)| self.columns[*at].rank == 0 || !empty(*at));
        let last = shown.last().map_or(0, |(_, natural)| *natural);
        let before = |shown: &[(usize, usize)]| -> usize {
            shown.iter().rev().skip(1).map(|(_, natural)| natural + GAP).sum()
        };
        while before(&shown) + last.min(LAST_MIN) > width {
            let ranks =
                shown.iter().enumerate().map(|(at, (column, _))| (self.columns[*column].rank, at));
            match ranks.max() {
                Some((rank, at)) if rank > 0 => shown.remove(at),
                _ => break,
            };
        }
        let over = (before(&shown) + last.min(LAST_MIN)).saturating_sub(width);
        if let Some((_, first)) = shown.first_mut() {
            *first = (*first).min(first.saturating_sub(over).max(FIRST_MIN));
        }
        let rest = width.saturating_sub(before(&shown));
        if let Some((_, natural)) = shown.last_mut() {
            *natural = (*natural).min(rest);
        }
        Layout { shown }
    }
}

impl Layout {
    /// The titles.
    pub(in crate::cli) fn head(&self, table: &Table) -> Line {
        let title = |at: usize| piece(table.columns[at].title, Paint::Head);
        self.line(table, title)
    }

    /// One row.
    pub(in crate::cli) fn row(&self, table: &Table, row: &[Piece]) -> Line {
        self.line(table, |at| row[at].clone())
    }

    /// What the last column has no room for: the whole of it.
    pub(in crate::cli) fn cut<'r>(&self, row: &'r [Piece]) -> Option<&'r Piece> {
        let (at, width) = self.shown.last()?;
        (wide(&row[*at].text) > *width).then_some(&row[*at])
    }

    fn line(&self, table: &Table, cell: impl Fn(usize) -> Piece) -> Line {
        let mut line = Line::new();
        for (index, (at, width)) in self.shown.iter().enumerate() {
            let mut cell = cell(*at);
            let last = index + 1 == self.shown.len();
            let text = if last { beginning(&cell.text, *width) } else { &cell.text };
            cell.text = fit(text, *width, table.columns[*at].right);
            if !last {
                cell.text.push_str(&" ".repeat(GAP));
            }
            line.push(cell);
        }
        line
    }
}

/// Of a sentence that has no room the word before its colon, as in "sick: …"; the whole of it
/// is shown elsewhere.
fn beginning(text: &str, width: usize) -> &str {
    match text.split_once([':', ';']) {
        Some((word, _)) if wide(text) > width => word,
        _ => text,
    }
}

/// Columns of a terminal that a text takes.
fn wide(text: &str) -> usize {
    Span::raw(text).width()
}

/// A text in so many columns.
pub(in crate::cli) fn fit(text: &str, width: usize, right: bool) -> String {
    let taken = wide(text);
    if taken <= width {
        let rest = " ".repeat(width - taken);
        return if right { rest + text } else { text.to_owned() + &rest };
    }
    let mut kept = String::new();
    for letter in text.chars() {
        if wide(&kept) + wide(letter.encode_utf8(&mut [0; 4])) + 1 > width {
            break;
        }
        kept.push(letter);
    }
    if width > 0 {
        kept.push('…');
    }
    let rest = " ".repeat(width.saturating_sub(wide(&kept)));
    kept + &rest
}
