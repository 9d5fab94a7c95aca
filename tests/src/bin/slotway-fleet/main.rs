//! 10,000 activities over four workers of three languages, one of which is killed every 200 ms,
//! and a tally of what became of each.
//!
//! `slotway-fleet WORKER… `: each argument is a shell command that starts a worker which takes
//! `echo` and `sleep` from `demo/work`. `FLEET_CALLS` says how many activities (10,000). The
//! hub is the one that the black-box tests use.
//!
//! The caller is a worker itself: its calls and their outcomes go through shared memory. A
//! third of them may be begun again, and those have to be answered, all of them. The others
//! are answered, or end with the word that their worker is gone. Exactly one outcome for each,
//! by the callers' count and by the hub's.

mod tally;

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use slotway::{Call, CallEnd, Caller, Connection, Error, Options};

use slotway_tests::{Hub, Process, Rng, Weight, case, eventually};

use tally::Tally;

const QUEUE: &str = "demo/work";
/// Threads that call, each one activity at a time.
const CALLERS: usize = 32;
const BETWEEN_KILLS: Duration = Duration::from_millis(200);
/// How long one activity may take: far more than a worker needs to come back.
const PATIENCE: Duration = Duration::from_secs(120);
const LIMIT: Duration = Duration::from_secs(900);

fn main() -> ExitCode {
    let workers: Vec<String> = std::env::args().skip(1).collect();
    assert!(!workers.is_empty(), "give a command for each worker");
    let count = std::env::var("FLEET_CALLS").ok().and_then(|count| count.parse().ok());
    let count: usize = count.unwrap_or(10_000);
    case("fleet", Weight::Heavy, LIMIT, || fleet(&workers, count));
    println!("test result: ok. 1 passed; 0 failed");
    ExitCode::SUCCESS
}

fn start(hub: &Hub, command: &str) -> Process {
    let mut shell = Command::new("sh");
    // The shell becomes the worker, so that what is killed is the worker itself.
    shell.args(["-c", &format!("exec {command}")]);
    shell.env("SLOTWAY_HUB", hub.control_path()).env("CAPACITY", "8");
    Process::start(command, &mut shell)
}

fn fleet(commands: &[String], count: usize) {
    let hub = Hub::start();
    let begun = Instant::now();
    let mut workers: Vec<_> = commands.iter().map(|command| start(&hub, command)).collect();
    for worker in &workers {
        worker.wait_line("ready", Duration::from_secs(60));
    }
    let connection = Connection::open(Options::new().hub(hub.control_path()), Vec::new());
    let connection = connection.expect("a hub that is there");
    let tally = Arc::new(Tally::default());
    let (next, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (caller, tally, next) = (connection.caller(), tally.clone(), next.clone());
            thread::spawn(move || {
                while let Some(number) = take(&next, count) {
                    one(&caller, number, &tally);
                }
            })
        })
        .collect();
    let killer = thread::spawn({
        let (over, hub_path, commands) = (over.clone(), hub.control_path(), commands.to_vec());
        let mut rng = Rng::new(7);
        move || {
            let mut kills = BTreeMap::<String, usize>::new();
            while !over.load(Ordering::Relaxed) {
                thread::sleep(BETWEEN_KILLS);
                let at = rng.below(workers.len() as u64) as usize;
                workers[at].kill();
                *kills.entry(commands[at].clone()).or_default() += 1;
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!("exec {}", commands[at])]);
                shell.env("SLOTWAY_HUB", &hub_path).env("CAPACITY", "8");
                workers[at] = Process::start(&commands[at], &mut shell);
            }
            (kills, workers)
        }
    });
    for caller in callers {
        caller.join().expect("no caller panics");
    }
    over.store(true, Ordering::Relaxed);
    let (kills, workers) = killer.join().expect("the killer does not panic");
    let lasted = begun.elapsed();
    hub.wait_all_free();
    let queue = eventually("nothing is in flight", Duration::from_secs(20), || {
        let queue = hub.admin("/internal/queues")["queues"][0].clone();
        (queue["in_flight"] == 0 && queue["waiting"] == 0).then_some(queue)
    });
    println!("{count} activities in {lasted:.1?}, {CALLERS} at a time");
    for (command, times) in &kills {
        println!("  killed {times:4} times: {command}");
    }
    tally.print();
    println!("the hub's count: {queue}");
    let counted = |what: &str| queue[what].as_u64().expect("a number");
    let total = tally.total();
    assert_eq!(total, count as u64, "one outcome for each activity");
    assert_eq!(counted("accepted") + counted("deferred"), total, "each was taken on once");
    assert_eq!(counted("completed") + counted("failed"), total, "and ended once");
    assert_eq!(counted("completed"), tally.answered(), "as its caller heard");
    assert_eq!((counted("abandoned"), counted("rejected"), counted("replayed")), (0, 0, 0));
    assert!(kills.values().sum::<usize>() > 0, "nobody was killed; give more activities");
    drop(workers);
}

fn take(next: &AtomicUsize, count: usize) -> Option<usize> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    (number < count).then_some(number)
}

/// Calls one, and says what became of it.
fn one(caller: &Caller, number: usize, tally: &Tally) {
    let again = number.is_multiple_of(3);
    let payload = match number % 2 {
        0 => format!("activity {number}"),
        _ => (number % 20).to_string(),
    };
    let kind = if number.is_multiple_of(2) { "echo" } else { "sleep" };
    let mut call = Call::new(QUEUE, kind, payload.as_bytes()).timeout(PATIENCE);
    if again {
        call = call.idempotent().retry(1000, Duration::from_millis(5));
    }
    match caller.call(&call) {
        Ok(reply) => {
            assert_eq!(reply.status(), 200, "activity {number}");
            let expected = if kind == "echo" { payload.as_bytes() } else { b"slept" };
            assert_eq!(reply.body(), expected, "activity {number} got another's answer");
            assert!(again || reply.attempts() == 1, "activity {number} was begun twice");
            tally.answered_after(reply.attempts());
        }
        Err(Error::Call { end: CallEnd::WorkerGone, .. }) if !again => tally.worker_gone(),
        Err(error) => panic!("activity {number}: {error}"),
    }
}

/// A lock that a panic elsewhere does not spoil.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
