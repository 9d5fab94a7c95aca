//! Programs to compare with: from `benches/peers`, or from the registry by name.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{run, target};

const WORKSPACE: &str = "benches/peers/Cargo.toml";

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // As Slotway is built, for what has a profile of its own.
    command
        .env("CARGO_PROFILE_RELEASE_LTO", "thin")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1");
    command
}

fn build(command: &mut Command, what: &str) -> io::Result<()> {
    let missing = |error| format!("{what} could not be built, so it is not measured: {error}");
    run(command).map_err(|error| io::Error::other(missing(error)))
}

/// Builds a package of `benches/peers` unless it is fresh, and gives its program.
pub(crate) fn package(name: &str) -> io::Result<PathBuf> {
    let target = target().join("peers");
    let mut command = cargo();
    command
        .args(["build", "--quiet", "--locked", "--release", "--manifest-path", WORKSPACE])
        .args(["--package", name, "--target-dir"])
        .arg(&target);
    build(&mut command, name)?;
    std::path::absolute(target.join("release").join(name))
}

/// Installs a program from the registry into `target/tools` unless it is there.
pub(crate) fn program(name: &str, version: &str) -> io::Result<PathBuf> {
    let tools = target().join("tools");
    let path = std::path::absolute(tools.join("bin").join(name))?;
    if !is_installed(&path, &tools, name, version) {
        let mut command = cargo();
        command
            .args(["install", "--quiet", "--locked", name, "--version", version, "--root"])
            .arg(&tools)
            .env("CARGO_TARGET_DIR", target().join("peers"));
        build(&mut command, name)?;
    }
    Ok(path)
}

/// cargo notes what it has installed in a file.
fn is_installed(path: &Path, tools: &Path, name: &str, version: &str) -> bool {
    let notes = std::fs::read_to_string(tools.join(".crates.toml")).unwrap_or_default();
    path.exists() && notes.contains(&format!("\"{name} {version} "))
}
