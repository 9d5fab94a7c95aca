//! A process that is measured.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, set_parent_process_death_signal};

use super::descent;

/// How long anything may take to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A process of a measurement; killed when it is dropped, and when the bench dies.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    /// What is killed with it: a server that starts processes of its own leads a group.
    group: Option<Pid>,
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // One that is gone already is what was wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts a program.
    pub(crate) fn start(command: &mut Command) -> io::Result<Server> {
        Server::spawn(command.stdout(Stdio::null()))
    }

    /// Starts a program that starts others, which end and count with it. If the bench dies
    /// the program is asked to end, and ends them.
    pub(crate) fn family(command: &mut Command) -> io::Result<Server> {
        let command = command.stdout(Stdio::null()).process_group(0);
        let mut server = Server::spawn_until(command, Signal::TERM)?;
        server.group = i32::try_from(server.pid()).ok().and_then(Pid::from_raw);
        Ok(server)
    }

    /// Starts a program that prints a line with `marker` and what follows it once it serves:
    /// an address, say.
    pub(crate) fn announced(command: &mut Command, marker: &str) -> io::Result<(Server, String)> {
        let mut server = Server::spawn(command.stdout(Stdio::piped()))?;
        let output = server.process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut lines = BufReader::new(output).lines();
        let announced = lines
            .find_map(|line| Some(line.ok()?.split_once(marker)?.1.trim().to_owned()))
            .ok_or_else(|| io::Error::other(format!("{command:?} ended before it served")))?;
        // The rest of what it prints is not wanted, but the pipe must not fill up.
        std::thread::spawn(move || lines.for_each(drop));
        Ok((server, announced))
    }

    fn spawn(command: &mut Command) -> io::Result<Server> {
        Server::spawn_until(command, Signal::KILL)
    }

    /// `end` is what it gets when the bench dies.
    fn spawn_until(command: &mut Command, end: Signal) -> io::Result<Server> {
        let die_with_us = move || Ok(set_parent_process_death_signal(Some(end))?);
        // SAFETY: between fork and exec nothing is done but one system call.
        unsafe { command.pre_exec(die_with_us) };
        command
            .stdin(Stdio::null())
            .spawn()
            .map(|process| Server { process, group: None })
            .map_err(|error| io::Error::new(error.kind(), format!("{command:?}: {error}")))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// It and whatever it has started, directly or not.
    pub(crate) fn pids(&self) -> Vec<u32> {
        match self.group {
            Some(_) => descent::of(self.pid()),
            None => vec![self.pid()],
        }
    }

    /// Resident memory, in KiB, and threads: `VmRSS` and `Threads` of proc(5).
    pub(crate) fn resident(&self) -> io::Result<(f64, f64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<f64>().ok()
        };
        field("VmRSS:")
            .zip(field("Threads:"))
            .ok_or_else(|| io::Error::other("no VmRSS in /proc/PID/status"))
    }
}

/// A port that nobody has at this moment, for servers that take no port 0.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Waits until `GET path` is answered with 200: until a worker's routes are open.
pub(crate) fn wait_for_answer(address: &str, path: &str) -> io::Result<()> {
    let begin = Instant::now();
    let mut last = String::new();
    while begin.elapsed() < PATIENCE {
        match ask(address, path) {
            Ok(answer) if answer.starts_with("HTTP/1.1 200") => return Ok(()),
            Ok(answer) => last = answer.lines().next().unwrap_or_default().to_owned(),
            Err(error) => last = error.to_string(),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err(io::Error::other(format!("http://{address}{path} is not served: {last}")))
}

fn ask(address: &str, path: &str) -> io::Result<String> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes())?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}
