//! A folder with the applications, the package, and the frameworks to compare with.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::rig::{run, target};

const APPLICATIONS: &str = "benches/node";
const PACKAGE: &str = "bindings/node";

/// Where the applications run.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) folder: PathBuf,
}

impl Project {
    /// Packs the package as users get it and installs it beside the applications.
    pub(super) fn prepare() -> io::Result<Project> {
        let target = std::path::absolute(target())?.join("node");
        let folder = target.join("bench");
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(APPLICATIONS)? {
            let entry = entry?;
            fs::copy(entry.path(), folder.join(entry.file_name()))?;
        }
        eprintln!("building the Node package");
        let mut build = Command::new("node");
        build.arg("scripts/build.js").env("CARGO_TARGET_DIR", target.join("build"));
        run(build.current_dir(PACKAGE))?;
        let mut pack = npm("pack", Path::new(PACKAGE));
        run(pack.arg("--pack-destination").arg(&target))?;
        eprintln!("installing Fastify and Express to compare with");
        let mut install = npm("install", &folder);
        install.args(["--no-audit", "--no-fund", "--no-package-lock", "--no-save"]);
        run(install.arg(packed(&target)?))?;
        Ok(Project { folder })
    }
}

fn npm(what: &str, folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.args([what, "--silent"]).current_dir(folder).stdout(Stdio::null());
    command
}

/// What `npm pack` has made.
fn packed(folder: &Path) -> io::Result<PathBuf> {
    let names = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    names
        .filter(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .max()
        .ok_or_else(|| io::Error::other("npm pack has made no package"))
}
