//! The program `slotway hub`: its flags, its words, its exit codes.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const WATCHDOG: Duration = Duration::from_secs(20);

/// A directory that goes with its test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("slotway-program-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Scratch(path)
    }

    fn hub(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slotway"));
        command.env_clear().arg("hub").arg("--control").arg(self.0.join("hub.sock"));
        command
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A hub that is killed if its test fails.
struct Running(Child);

impl Running {
    /// Starts it and reads its ready line.
    fn start(command: &mut Command) -> (Running, String) {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (Running(child), line.trim_end().to_owned())
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.0.id().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    fn exit_code(&mut self) -> Option<i32> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.code();
            }
            assert!(start.elapsed() < WATCHDOG, "the hub does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn failed(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn it_says_where_it_listens_and_ends_cleanly() {
    let scratch = Scratch::new();
    let ready = scratch.0.join("ready");
    let mut command = scratch.hub();
    command.args(["--listen", "127.0.0.1:0", "--ready-file"]).arg(&ready);
    let (mut hub, line) = Running::start(&mut command);
    let address = line.strip_prefix("slotway: listening on http://").unwrap();
    // The line is printed before the file is there; the file is whole when it is.
    let start = Instant::now();
    while !ready.exists() {
        assert!(start.elapsed() < WATCHDOG);
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(fs::read_to_string(&ready).unwrap().trim_end(), line);

    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"GET /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    client.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 404"), "{reply}");

    hub.signal(Signal::TERM);
    assert_eq!(hub.exit_code(), Some(0));
    assert!(!scratch.0.join("hub.sock").exists());
    assert!(!scratch.0.join("admin.sock").exists());
}

#[test]
fn nobody_has_to_listen_to_what_it_says() {
    let scratch = Scratch::new();
    let ready = scratch.0.join("ready");
    let mut command = scratch.hub();
    command.args(["--listen", "127.0.0.1:0", "--ready-file"]).arg(&ready);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    let mut hub = Running(child);
    let start = Instant::now();
    while !ready.exists() {
        assert!(start.elapsed() < WATCHDOG && hub.0.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(2));
    }
    hub.signal(Signal::TERM);
    assert_eq!(hub.exit_code(), Some(0));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let scratch = Scratch::new();
    let mut command = scratch.hub();
    let (mut hub, line) =
        Running::start(command.args(["--listen", "127.0.0.1:0", "--grace", "1h"]));
    let address = line.strip_prefix("slotway: listening on http://").unwrap();
    // A request that never ends keeps the shutdown from finishing.
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"POST /x HTTP/1.1\r\nhost: x\r\n").unwrap();
    let start = Instant::now();
    hub.signal(Signal::INT);
    while TcpStream::connect(address).is_ok() {
        assert!(start.elapsed() < WATCHDOG);
    }
    hub.signal(Signal::TERM);
    let code = hub.exit_code();
    assert!(matches!(code, Some(0 | 130)), "{code:?}");
}

#[test]
fn a_port_in_use_is_named() {
    let scratch = Scratch::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, words) = failed(scratch.hub().args(["--listen", &address]));
    assert_eq!(code, Some(1));
    assert!(words.contains(&address) && words.contains("--listen"), "{words}");
}

#[test]
fn a_control_socket_in_use_or_too_long_is_named_and_a_stale_one_is_taken() {
    let scratch = Scratch::new();
    let path = scratch.0.join("hub.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let (code, words) = failed(scratch.hub().args(["--listen", "127.0.0.1:0"]));
    assert_eq!(code, Some(1));
    assert!(words.contains("hub.sock") && words.contains("another process"), "{words}");
    drop(listener);
    let mut command = scratch.hub();
    let (mut hub, _) = Running::start(command.args(["--listen", "127.0.0.1:0"]));
    hub.signal(Signal::TERM);
    assert_eq!(hub.exit_code(), Some(0));

    let long = scratch.0.join("x".repeat(120));
    let mut command = scratch.hub();
    let (code, words) = failed(command.env("IGNORED", "1").arg("--admin").arg(&long));
    assert_eq!(code, Some(1));
    assert!(words.contains("107"), "{words}");
}

#[test]
fn flags_that_cannot_be_are_a_usage_error() {
    let scratch = Scratch::new();
    let (code, words) = failed(scratch.hub().args(["--request-ring", "1000"]));
    assert_eq!(code, Some(2));
    assert!(words.contains("1000") && words.contains("power of two"), "{words}");
    let (code, words) = failed(scratch.hub().args(["--grace", "soon"]));
    assert_eq!(code, Some(2));
    assert!(words.contains("soon"), "{words}");
    let (code, words) = failed(scratch.hub().args(["--log", "a=b=c"]));
    assert_eq!(code, Some(2));
    assert!(words.contains("a=b=c"), "{words}");
}

#[test]
fn the_environment_sets_what_flags_do() {
    let scratch = Scratch::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_slotway"));
    let path = scratch.0.join("by-environment.sock");
    command.env_clear().arg("hub").env("SLOTWAY_HUB", &path).env("SLOTWAY_ADMIN", "none");
    let (mut hub, _) = Running::start(command.env("SLOTWAY_LISTEN", "127.0.0.1:0"));
    assert!(path.exists());
    assert!(!scratch.0.join("admin.sock").exists());
    hub.signal(Signal::TERM);
    assert_eq!(hub.exit_code(), Some(0));
}

/// Goal: users that are allowed get as far as being asked who they are.
#[test]
fn the_control_socket_can_be_reached_by_others_when_some_are_allowed() {
    let scratch = Scratch::new();
    let mode = |command: &mut Command| {
        let (mut hub, _) = Running::start(command.args(["--listen", "127.0.0.1:0"]));
        let mode = fs::metadata(scratch.0.join("hub.sock")).unwrap().permissions().mode() & 0o777;
        hub.signal(Signal::TERM);
        assert_eq!(hub.exit_code(), Some(0));
        mode
    };
    assert_eq!(mode(&mut scratch.hub()), 0o600);
    assert_eq!(mode(scratch.hub().args(["--allow-uid", "12345"])), 0o666);
}

impl Scratch {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_slotway"));
        command.env_clear().env("SLOTWAY_HUB", self.0.join("hub.sock")).args(arguments);
        command
    }
}

/// Lines of a command that runs on.
fn lines(child: &mut Child) -> std::sync::mpsc::Receiver<String> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let output = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

/// How many subscriptions of `slotway tail` the hub has.
fn tails(scratch: &Scratch) -> u64 {
    let mut stream = std::os::unix::net::UnixStream::connect(scratch.0.join("admin.sock")).unwrap();
    stream.write_all(b"GET /internal/bus HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let bus: serde_json::Value =
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    bus["labels"]["tail"]["subscriptions"].as_u64().unwrap_or(0)
}

fn wait_for_tails(scratch: &Scratch, count: u64) {
    let start = Instant::now();
    while tails(scratch) != count {
        assert!(start.elapsed() < WATCHDOG, "the hub does not have {count} tails");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn what_is_emitted_is_tailed() {
    let scratch = Scratch::new();
    let _hub = Running::start(scratch.hub().args(["--listen", "127.0.0.1:0"]));
    let mut tail = Running(
        scratch.command(&["tail", "jobs.*", "--json"]).stdout(Stdio::piped()).spawn().unwrap(),
    );
    let json = lines(&mut tail.0);
    let mut people =
        Running(scratch.command(&["tail", "#", "-n", "3"]).stdout(Stdio::piped()).spawn().unwrap());
    let text = lines(&mut people.0);
    wait_for_tails(&scratch, 2);

    let emit = ["emit", "jobs.1", "hello world", "--type", "done", "--principal", "alice"];
    assert!(scratch.command(&emit).status().unwrap().success());
    let line = json.recv_timeout(WATCHDOG).unwrap();
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(event["data"], "hello world");
    let seq = event["seq"].as_u64().unwrap();
    assert_eq!(
        text.recv_timeout(WATCHDOG).unwrap(),
        format!("{seq} jobs.1 done alice hello world")
    );

    // Lines go out one by one, while the input is still open.
    let mut emitting = scratch.command(&["emit", "jobs.2", "--lines"]);
    let mut emitting = Running(emitting.stdin(Stdio::piped()).spawn().unwrap());
    let mut input = emitting.0.stdin.take().unwrap();
    for word in ["first", "second"] {
        writeln!(input, "{word}").unwrap();
        let event: serde_json::Value =
            serde_json::from_str(&json.recv_timeout(WATCHDOG).unwrap()).unwrap();
        assert_eq!(event["data"], word);
    }
    drop(input);
    assert_eq!(emitting.exit_code(), Some(0));
    // It has seen its three.
    assert_eq!(people.exit_code(), Some(0));

    // What was printed can be emitted again, and what is no event is told.
    let mut again = scratch.command(&["emit", "--events"]);
    let mut again = again.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    again.stdin.take().unwrap().write_all(format!("{line}\nnonsense\n").as_bytes()).unwrap();
    let Output { status, stderr, .. } = again.wait_with_output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(stderr.contains("line 2: ") && stderr.contains("1 events were published"), "{stderr}");
    let event: serde_json::Value =
        serde_json::from_str(&json.recv_timeout(WATCHDOG).unwrap()).unwrap();
    assert_eq!(
        (event["data"].as_str(), event["topic"].as_str()),
        (Some("hello world"), Some("jobs.1"))
    );
}

#[test]
fn emit_and_tail_say_what_is_wrong() {
    let scratch = Scratch::new();
    let (code, words) = failed(&mut scratch.command(&["emit", "a", "x"]));
    assert_eq!(code, Some(1));
    assert!(words.contains("no hub answers on") && words.contains("admin.sock"), "{words}");
    let _hub = Running::start(scratch.hub().args(["--listen", "127.0.0.1:0"]));
    let (code, words) = failed(&mut scratch.command(&["emit", "a..b", "x"]));
    assert_eq!(code, Some(1));
    assert!(words.contains("a segment is empty"), "{words}");
    let (code, words) = failed(&mut scratch.command(&["tail", "a.#"]));
    assert_eq!(code, Some(1));
    assert!(words.contains("\"a.#\" is no pattern"), "{words}");
    let (code, words) = failed(&mut scratch.command(&["tail", "a", "--admin", "http://nowhere"]));
    assert_eq!(code, Some(1));
    assert!(words.contains("http://127.0.0.1:PORT"), "{words}");
}
