//! A hub that keeps workers running, and a look at them from outside.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use slotway_tests::http::{Connection, Request, Response};
use slotway_tests::{Flavor, Hub, PrivateDir, Weight, artifacts, case, eventually, proc};

/// What has to happen soon does within this time, also on a machine that is busy.
pub(crate) const SOON: Duration = Duration::from_secs(30);

pub(crate) fn light(name: &str, body: impl FnOnce()) {
    case(name, Weight::Light, Duration::from_secs(180), body);
}

/// A hub with its workers.
pub(crate) struct Rig {
    pub(crate) hub: Hub,
    file: PathBuf,
}

/// A process of an instance, or an instance without one, as the hub tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) instance: String,
    pub(crate) pid: Option<u32>,
    pub(crate) state: String,
    pub(crate) restarts: u64,
    pub(crate) last_exit: Option<String>,
}

/// The command of the conformance worker, as TOML.
pub(crate) fn command(flavor: Flavor, more: &[&str]) -> String {
    let program = artifacts::worker(flavor).to_str().expect("UTF-8");
    let words = [program].into_iter().chain(more.iter().copied());
    let words: Vec<_> = words.map(|word| format!("{word:?}")).collect();
    format!("command = [{}]\n", words.join(", "))
}

/// A shell command, as TOML. `$WORKER` in it is the conformance worker.
pub(crate) fn shell(script: &str) -> String {
    let program = artifacts::worker(Flavor::Rust).to_str().expect("UTF-8");
    format!("command = [\"sh\", \"-c\", {:?}]\n", script.replace("$WORKER", program))
}

/// A table of one worker.
pub(crate) fn worker(name: &str, settings: &str) -> String {
    format!("\n[[worker]]\nname = {name:?}\nrestart-delay = \"50ms\"\n{settings}\n")
}

fn whole(text: &str) -> String {
    format!("listen = [\"127.0.0.1:0\"]\n{text}")
}

impl Rig {
    /// A hub with these tables.
    pub(crate) fn start(text: &str) -> Rig {
        Rig::start_with(text, &[])
    }

    /// The same with further arguments.
    pub(crate) fn start_with(text: &str, args: &[&str]) -> Rig {
        let dir = Arc::new(PrivateDir::new());
        let file = dir.join("slotway.toml");
        let hub = Hub::builder().dir(&dir).serve(&[]).config(&whole(text)).args(args).start();
        Rig { hub, file }
    }

    /// Changes its tables, and does not tell it.
    pub(crate) fn write(&self, text: &str) {
        fs::write(&self.file, whole(text)).expect("a directory of our own");
    }

    /// Every process and every instance without one.
    #[track_caller]
    pub(crate) fn rows(&self) -> Vec<Row> {
        rows(&self.hub.admin("/internal/supervisor"))
    }

    /// Waits until the rows are as they should be; gives what was found.
    #[track_caller]
    pub(crate) fn wait<T>(&self, what: &str, mut look: impl FnMut(&[Row]) -> Option<T>) -> T {
        let mut last = Vec::new();
        let show = ShowOnPanic;
        let found = eventually(what, SOON, || {
            last = self.rows();
            let found = look(&last);
            if found.is_none() {
                *SEEN.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = last.clone();
            }
            found
        });
        drop(show);
        found
    }

    /// Waits until so many instances of a worker serve and nothing else of it is there; gives
    /// their processes in the order of their numbers.
    #[track_caller]
    pub(crate) fn wait_ready(&self, name: &str, count: usize) -> Vec<u32> {
        self.wait(&format!("{count} of {name} are ready"), |rows| {
            let own: Vec<_> = rows.iter().filter(|row| row.is_of(name)).collect();
            let ready = own.len() == count && own.iter().all(|row| row.state == "ready");
            ready.then(|| own.iter().filter_map(|row| row.pid).collect())
        })
    }

    /// The row of an instance that has one process at most.
    #[track_caller]
    pub(crate) fn row(&self, instance: &str) -> Row {
        let rows = self.rows();
        let mut own = rows.iter().filter(|row| row.instance == instance);
        own.next().unwrap_or_else(|| panic!("{instance} is not in {rows:?}")).clone()
    }

    /// Posts to the admin surface.
    #[track_caller]
    pub(crate) fn post(&self, target: &str, body: &Value) -> Response {
        post(&self.hub, target, body)
    }

    /// Restarts and waits for the outcome.
    #[track_caller]
    pub(crate) fn restart(&self, target: &str) -> Value {
        let asked = serde_json::json!({ "worker": target });
        let answer = self.post("/internal/restart", &asked).expect(200).json();
        answer["workers"][0].clone()
    }

    /// Waits for a line of the log.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> String {
        self.hub.process.wait_line(text, SOON)
    }
}

/// What the last wait saw.
static SEEN: std::sync::Mutex<Vec<Row>> = std::sync::Mutex::new(Vec::new());

struct ShowOnPanic;

impl Drop for ShowOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seen until the end: {:#?}", SEEN.lock());
        }
    }
}

pub(crate) fn post(hub: &Hub, target: &str, body: &Value) -> Response {
    let request = Request::local_post(target, body.to_string().into_bytes())
        .header("content-type", "application/json");
    let asked = Connection::open_unix(&hub.admin_path())
        .and_then(|mut admin| admin.exchange(&request.close()));
    asked.expect("an admin socket that answers")
}

fn rows(status: &Value) -> Vec<Row> {
    let workers = status["workers"].as_array().expect("workers");
    let rows = workers.iter().flat_map(|worker| worker["instances"].as_array().expect("instances"));
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let row = |row: &Value| Row {
        instance: text(&row["instance"]).expect("a name"),
        pid: row["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()),
        state: text(&row["state"]).expect("a state"),
        restarts: row["restarts"].as_u64().expect("a number"),
        last_exit: text(&row["last_exit"]),
    };
    rows.map(row).collect()
}

impl Row {
    pub(crate) fn is_of(&self, worker: &str) -> bool {
        let number = self.instance.strip_prefix(worker).and_then(|rest| rest.strip_prefix('.'));
        number.is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()))
    }
}

/// Whether nothing runs under this id any more: what has ended may wait for whoever reaps it.
pub(crate) fn is_gone(pid: u32) -> bool {
    matches!(proc::state(pid), None | Some('Z'))
}

/// Waits until nothing runs under these ids any more.
#[track_caller]
pub(crate) fn wait_gone(pids: &[u32]) {
    eventually(&format!("{pids:?} are gone"), SOON, || {
        pids.iter().all(|pid| is_gone(*pid)).then_some(())
    });
}

/// The children of a process, with their states.
pub(crate) fn children(parent: u32) -> Vec<(u32, char)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("a /proc").flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let state = fields.next().and_then(|state| state.chars().next());
        let of = fields.next().and_then(|parent| parent.parse::<u32>().ok());
        if let (Some(state), true) = (state, of == Some(parent)) {
            found.push((pid, state));
        }
    }
    found
}

/// Sends a signal to a process that is not ours.
pub(crate) fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).expect("an id")).expect("an id");
    rustix::process::kill_process(pid, signal).expect("a process that lives");
}
