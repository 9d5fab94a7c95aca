//! The programs that the benches start.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Folder;

const SOURCE: &str = "benches/workers/worker.c";
const LIBRARIES: [&str; 6] = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"];

/// Where cargo builds, and what is installed to compare with lies.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from)
}

/// Runs a command that has to succeed.
pub(crate) fn run(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{command:?} ended with {status}")))
}

/// A program that cargo built beside this one.
pub(crate) fn built(name: &str) -> io::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.exists() {
        return Ok(path);
    }
    Err(io::Error::other(format!("{} is not there: start `make bench`", path.display())))
}

/// Compiles the C worker against the static library.
pub(crate) fn c_worker(folder: &Folder) -> io::Result<PathBuf> {
    if !Path::new(SOURCE).exists() {
        return Err(io::Error::other(format!("{SOURCE} is not there: start `make bench`")));
    }
    let worker = folder.path().join("worker");
    let status = Command::new("gcc")
        .args(["-O2", "-Wall", "-Wextra", "-Iinclude", SOURCE, "-o"])
        .arg(&worker)
        .arg(built("libslotway.a")?)
        .args(LIBRARIES)
        .status()?;
    if !status.success() {
        return Err(io::Error::other(format!("{SOURCE} did not compile")));
    }
    Ok(worker)
}
