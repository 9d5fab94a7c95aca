//! Instructions for one exchange beside the stored baseline: `slotway-counts` counts them.

use std::collections::BTreeMap;
use std::io;
use std::process::Command;

use serde::Deserialize;

use crate::measure::Sample;
use crate::report::Report;

/// What the program says when valgrind is missing.
const SKIPPED: i32 = 77;

#[derive(Debug, Deserialize)]
struct Counted {
    counts: BTreeMap<String, f64>,
    baseline: BTreeMap<String, f64>,
    /// Both are the same compiler's.
    comparable: bool,
}

/// The figures. Counts do not vary: there is one round.
pub(crate) fn run(report: &mut Report) -> io::Result<()> {
    let program = std::env::current_exe()?.with_file_name("slotway-counts");
    let output = Command::new(&program).arg("json").output().map_err(|error| {
        io::Error::other(format!("{}: {error}; `make bench-counts` builds it", program.display()))
    })?;
    if output.status.code() == Some(SKIPPED) {
        report.note("instructions are not counted: valgrind is not here");
        return Ok(());
    }
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let counted: Counted = serde_json::from_slice(&output.stdout)?;
    if !counted.comparable {
        report.note("the instructions' baseline is another compiler's");
    }
    for (name, &count) in &counted.counts {
        let (figure, what) = (format!("counts.{name}"), format!("instructions, {name}"));
        let ours = [Sample::of(count)];
        match counted.baseline.get(name).filter(|_| counted.comparable) {
            Some(&before) => {
                let before = [Sample::of(before)];
                report.add(&figure, &what, "instr.", &ours, "baseline", &before);
            }
            None => report.add_alone(&figure, &what, "instr.", &ours),
        }
    }
    Ok(())
}
