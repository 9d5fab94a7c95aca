//! The table that the demo prints, a line as each step ends.

use std::time::Duration;

const WIDTHS: [usize; 4] = [34, 8, 52, 10];

/// A table on standard output.
#[derive(Debug)]
pub(crate) struct Table {
    rows: usize,
}

impl Table {
    pub(crate) fn new() -> Table {
        rule('┌', '┬', '┐');
        line(["what", "worker", "answer", "took"]);
        rule('├', '┼', '┤');
        Table { rows: 0 }
    }

    /// Prints one line.
    pub(crate) fn row(&mut self, what: &str, worker: &str, answer: &str, took: Duration) {
        let took = match took.as_secs_f64() * 1e3 {
            ms if ms < 10.0 => format!("{ms:.2} ms"),
            ms => format!("{ms:.0} ms"),
        };
        line([what, worker, answer, &took]);
        self.rows += 1;
    }

    pub(crate) fn close(&self) {
        rule('└', '┴', '┘');
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }
}

fn rule(left: char, middle: char, right: char) {
    let parts = WIDTHS.map(|width| "─".repeat(width + 2));
    println!("{left}{}{right}", parts.join(&middle.to_string()));
}

fn line(cells: [&str; 4]) {
    let [what, worker, answer, took] = cells;
    let [a, b, c, d] = WIDTHS;
    println!("│ {what:<a$} │ {worker:<b$} │ {answer:<c$} │ {took:>d$} │");
}
