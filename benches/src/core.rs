//! One exchange between two processes, beside what two processes cannot beat.

pub(crate) mod exchange;
pub(crate) mod floor;

use std::io;

use crate::machine;
use crate::report::Report;

/// The figures.
pub(crate) fn run(report: &mut Report) -> io::Result<()> {
    for placement in machine::placements() {
        exchange::run(report, placement)?;
    }
    Ok(())
}
