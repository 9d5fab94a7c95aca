//! The `slotway` program.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    slotway_hub::cli::main()
}
