//! One child process: what it says, and its end.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::eventually;

/// A child process. It is killed and its output shown, if the case fails, when this value
/// is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    output: Arc<Output>,
}

#[derive(Debug, Default)]
struct Output {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

/// Lines of a process that are shown when a case failed: its last.
const SHOWN_LINES: usize = 200;

/// The processes that live now, for the watchdog.
static LIVE: Mutex<Vec<(u32, String, Arc<Output>)>> = Mutex::new(Vec::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Output {
    fn collect(self: Arc<Output>, from: impl Read + Send + 'static) {
        let read = move || {
            let mut from = BufReader::new(from);
            let mut line = Vec::new();
            while from.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                line.clear();
                lock(&self.lines).push(text);
                self.more.notify_all();
            }
        };
        thread::Builder::new().name("output".to_owned()).spawn(read).expect("a thread");
    }

    fn show(&self, name: &str) {
        let lines = lock(&self.lines);
        let skipped = lines.len().saturating_sub(SHOWN_LINES);
        eprintln!("--- {name} said, after {skipped} more lines:");
        for line in &lines[skipped..] {
            eprintln!("{line}");
        }
        eprintln!("---");
    }
}

/// Shows what every process said, ends them all and then this program.
pub(crate) fn give_up() -> ! {
    for (pid, name, output) in lock(&LIVE).iter() {
        output.show(name);
        let _ = kill(*pid, Signal::KILL);
    }
    // Not an unwinding: the case hangs in another thread.
    std::process::exit(101)
}

fn kill(pid: u32, signal: Signal) -> rustix::io::Result<()> {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a child's id");
    kill_process(pid, signal)
}

impl Process {
    /// Starts a program. `name` is for messages.
    pub fn start(name: &str, command: &mut Command) -> Process {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let output = Arc::new(Output::default());
        Arc::clone(&output).collect(child.stdout.take().expect("a pipe"));
        Arc::clone(&output).collect(child.stderr.take().expect("a pipe"));
        let name = format!("{name} ({})", child.id());
        lock(&LIVE).push((child.id(), name.clone(), Arc::clone(&output)));
        Process { name, child, output }
    }

    /// Its id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it said so far.
    pub fn lines(&self) -> Vec<String> {
        lock(&self.output.lines).clone()
    }

    /// How many of its lines hold `text`.
    pub fn count_lines(&self, text: &str) -> usize {
        lock(&self.output.lines).iter().filter(|line| line.contains(text)).count()
    }

    /// Waits for a line, from the first on, that holds `text`; gives it.
    #[track_caller]
    pub fn wait_line(&self, text: &str, limit: Duration) -> String {
        self.wait_lines(text, 1, limit)
    }

    /// Waits until `count` lines hold `text`; gives the last of them.
    #[track_caller]
    pub fn wait_lines(&self, text: &str, count: usize, limit: Duration) -> String {
        let end = Instant::now() + limit;
        let mut lines = lock(&self.output.lines);
        loop {
            if let Some(line) = lines.iter().filter(|line| line.contains(text)).nth(count - 1) {
                return line.clone();
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(lines);
                self.output.show(&self.name);
                panic!("{} has not said {text:?} {count} times within {limit:?}", self.name);
            }
            let waited = self.output.more.wait_timeout(lines, left);
            lines = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("a child of our own");
    }

    /// `kill -9`, and waits for the end.
    pub fn kill(&mut self) -> ExitStatus {
        self.signal(Signal::KILL);
        self.wait_end(Duration::from_secs(10))
    }

    /// SIGSTOP, and waits until it stands.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
        eventually("the process stands", Duration::from_secs(5), || {
            (crate::proc::state(self.pid()) == Some('T')).then_some(())
        });
    }

    /// SIGCONT.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("a child of our own").is_none()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait_end(&mut self, limit: Duration) -> ExitStatus {
        let what = format!("the end of {}", self.name);
        eventually(&what, limit, || self.child.try_wait().expect("a child of our own"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        lock(&LIVE).retain(|(pid, ..)| *pid != self.child.id());
        if thread::panicking() {
            self.output.show(&self.name);
        }
    }
}
