//! A virtual environment with the package and with whom it is compared.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::rig::{run, target};

const REQUIREMENTS: &str = "benches/python/requirements.txt";
const PACKAGE: &str = "./bindings/python";

/// Where Python is, with everything installed.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) python: PathBuf,
}

impl Environment {
    /// Makes it unless it is there, and installs the package anew.
    pub(super) fn prepare() -> io::Result<Environment> {
        let target = std::path::absolute(target())?;
        let folder = target.join("python/bench");
        let python = folder.join("bin/python");
        let pip = |arguments: &[&str]| {
            let mut command = Command::new(&python);
            command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
            // A build of its own for each way of building would take minutes.
            command.args(arguments).env("CARGO_TARGET_DIR", target.join("python/build"));
            run(&mut command)
        };
        let noted = folder.join("installed.txt");
        if !same(Path::new(REQUIREMENTS), &noted) {
            eprintln!("installing Granian, uvicorn, gunicorn, FastAPI and Flask to compare with");
            run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
            pip(&["-r", REQUIREMENTS])?;
            fs::copy(REQUIREMENTS, &noted)?;
        }
        eprintln!("building the Python package");
        pip(&["--no-deps", "--force-reinstall", PACKAGE])?;
        Ok(Environment { python })
    }
}

fn same(wanted: &Path, noted: &Path) -> bool {
    matches!((fs::read(wanted), fs::read(noted)), (Ok(wanted), Ok(noted)) if wanted == noted)
}
