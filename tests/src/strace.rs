//! strace, where it is installed: watching a process's system calls, and making them fail.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use crate::{PrivateDir, Process};

/// A running strace.
#[derive(Debug)]
pub struct Trace {
    process: Process,
    output: PathBuf,
    _dir: PrivateDir,
}

impl Trace {
    /// Whether strace is installed and may trace. Says so when a case must go without.
    pub fn is_there() -> bool {
        let mut probe = Command::new("strace");
        probe.args(["-o", "/dev/null", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
        let there = probe.status().is_ok_and(|status| status.success());
        if !there {
            eprintln!("skipped: strace is not installed, or may not trace here");
        }
        there
    }

    /// Attaches to a process and all its threads. `extra` are more arguments of strace.
    pub fn attach(pid: u32, extra: &[&str]) -> Trace {
        let dir = PrivateDir::new();
        let output = dir.join("trace");
        let mut command = Command::new("strace");
        command.arg("-f").args(extra).arg("-o").arg(&output).args(["-p", &pid.to_string()]);
        let process = Process::start("strace", &mut command);
        process.wait_line("attached", Duration::from_secs(10));
        Trace { process, output, _dir: dir }
    }

    /// Lets go of the process; gives what strace wrote.
    pub fn detach(mut self) -> String {
        self.process.signal(Signal::INT);
        self.process.wait_end(Duration::from_secs(10));
        fs::read_to_string(&self.output).unwrap_or_default()
    }
}
