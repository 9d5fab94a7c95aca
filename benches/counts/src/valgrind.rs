//! Counting by valgrind's callgrind: it counts while one of a side's functions runs.

use std::process::{Command, Stdio};

use crate::exchange::Side;

/// Exchanges of the shorter run; the longer one has twice as many.
const EXCHANGES: u32 = 500;

/// Whether there is a valgrind.
pub(crate) fn is_here() -> bool {
    let asked = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// Instructions that one exchange with bodies of so many bytes takes on one side.
pub(crate) fn count(side: Side, bytes: usize) -> Result<f64, String> {
    let (short, long) = (run(side, EXCHANGES, bytes)?, run(side, 2 * EXCHANGES, bytes)?);
    let more = long.checked_sub(short).filter(|&more| more > 0);
    let more = more.ok_or_else(|| {
        format!("{EXCHANGES} exchanges took {short} instructions and twice as many {long}")
    })?;
    Ok(more as f64 / f64::from(EXCHANGES))
}

fn run(side: Side, exchanges: u32, bytes: usize) -> Result<u64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(side.functions().iter().map(|name| format!("--toggle-collect=*::{name}*")))
        .arg(program)
        .args(["work", &exchanges.to_string(), &bytes.to_string()])
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("valgrind failed:\n{text}"));
    }
    let collected =
        text.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    collected.ok_or_else(|| format!("valgrind printed no count:\n{text}"))
}
