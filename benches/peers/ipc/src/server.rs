//! The process at the other end.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;

use crate::Case;

/// A server; it ends in order when it is dropped, so that its library can tidy up.
pub(crate) struct Server(Child);

impl Server {
    /// Starts it and waits until it serves.
    pub(crate) fn start(
        case: Case,
        name: &str,
        cpu: Option<usize>,
    ) -> Result<Server, Box<dyn Error>> {
        let library = case.library.to_possible_value().ok_or("the library has no name")?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", library.get_name(), "--name", name]);
        command.args(["--payload", &case.payload.to_string()]);
        command.args(["--depth", &case.depth.to_string()]);
        if let Some(cpu) = cpu {
            command.args(["--cpu", &cpu.to_string()]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = child.stdout.take().ok_or("no pipe")?;
        let server = Server(child);
        match BufReader::new(output).lines().next() {
            Some(Ok(_)) => Ok(server),
            _ => Err("the other end did not start".into()),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// In the server: says that it serves, and gives what becomes true when it is to end.
pub(crate) fn announce() -> std::io::Result<Arc<AtomicBool>> {
    println!("serving");
    std::io::stdout().flush()?;
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        // Relaxed, as where it is looked at: nothing else is told by it.
        told.store(true, Ordering::Relaxed);
    });
    Ok(stop)
}
