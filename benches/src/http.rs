//! placeholder
use crate::report::Report;
pub(crate) fn run(_report: &mut Report) -> std::io::Result<()> {
    Ok(())
}
