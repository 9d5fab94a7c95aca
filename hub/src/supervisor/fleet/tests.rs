//! The supervisor's decisions, with a clock and processes that are made up.

use std::collections::BTreeMap;
use std::time::Duration;

use rustix::process::Signal;

use super::super::process::Hands;
use super::super::status::Failed;
use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// What was done to processes that do not exist.
#[derive(Default)]
struct Fake {
    next: u32,
    live: BTreeMap<u32, String>,
    log: Vec<String>,
    /// Why nothing can be started.
    broken: Option<String>,
}

impl Hands for Fake {
    fn start(&mut self, program: &Program, label: &str) -> Result<u32, String> {
        if let Some(words) = &self.broken {
            return Err(words.clone());
        }
        self.next += 1;
        self.live.insert(self.next, label.to_owned());
        self.log.push(format!("start {label} {} as {}", program.command[0], self.next));
        Ok(self.next)
    }

    fn signal(&mut self, pid: u32, signal: Signal) {
        let name = format!("{signal:?}").replace("Signal::", "");
        self.log.push(format!("{} {pid}", name.trim_matches('"')));
    }

    fn kill(&mut self, pid: u32) {
        self.log.push(format!("kill group {pid}"));
    }
}

struct Rig {
    fleet: Fleet,
    hands: Fake,
    start: Instant,
    now: Instant,
    frozen: bool,
}

impl Rig {
    fn new(programs: &[Program]) -> Rig {
        let start = Instant::now();
        let (fleet, hands) = Default::default();
        let mut rig = Rig { fleet, hands, start, now: start, frozen: false };
        rig.with(|fleet, cx| fleet.follow(programs.to_vec(), cx));
        rig
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Fleet, &mut Cx<'_>) -> T) -> T {
        let mut cx = Cx { now: self.now, hands: &mut self.hands, frozen: self.frozen };
        act(&mut self.fleet, &mut cx)
    }

    /// Everything that was done since the last look.
    fn done(&mut self) -> Vec<String> {
        std::mem::take(&mut self.hands.log)
    }

    fn ready(&mut self, pid: u32) {
        self.with(|fleet, cx| fleet.ready(pid, cx));
    }

    #[track_caller]
    fn exits(&mut self, pid: u32, exit: &str) {
        assert!(self.hands.live.remove(&pid).is_some(), "{pid} lives");
        assert!(self.with(|fleet, cx| fleet.exited(pid, exit, cx)), "{pid} is ours");
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.with(|fleet, cx| fleet.tick(cx));
    }

    /// Goes to the next moment at which something is due.
    #[track_caller]
    fn wait_due(&mut self) -> Duration {
        self.now = self.fleet.deadline().expect("something is due");
        self.with(|fleet, cx| fleet.tick(cx));
        self.now - self.start
    }

    /// Each row as `label state`.
    fn rows(&self) -> Vec<String> {
        let status = self.fleet.status(self.now);
        let rows = status.workers.iter().flat_map(|worker| &worker.instances);
        rows.map(|row| format!("{} {}", row.instance, row.state)).collect()
    }

    #[track_caller]
    fn restart(&mut self, target: &str) -> oneshot::Receiver<Restarted> {
        let mut all = self.with(|fleet, cx| fleet.restart(Some(target), cx)).unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }
}

fn program(name: &str, instances: u32) -> Program {
    Program {
        name: name.to_owned(),
        command: vec!["./x".to_owned()],
        instances,
        restart_delay: SECOND,
        ..Program::default()
    }
}

#[test]
fn instances_start_and_are_started_again_after_a_while() {
    let mut rig = Rig::new(&[program("a", 2), program("b", 1)]);
    assert_eq!(rig.done(), ["start a.1 ./x as 1", "start a.2 ./x as 2", "start b.1 ./x as 3"]);
    rig.ready(1);
    rig.ready(2);
    assert_eq!(rig.rows(), ["a.1 ready", "a.2 ready", "b.1 starting"]);
    rig.exits(2, "exit code 1");
    assert_eq!(rig.rows(), ["a.1 ready", "a.2 backoff", "b.1 starting"]);
    assert_eq!(rig.done(), <[&str; 0]>::default());
    let waited = rig.wait_due();
    assert!(waited >= SECOND && waited <= SECOND * 3 / 2, "{waited:?}");
    assert_eq!(rig.done(), ["start a.2 ./x as 4"]);
    let status = rig.fleet.status(rig.now);
    let row = &status.workers[0].instances[1];
    assert_eq!((row.restarts, row.last_exit.as_deref()), (1, Some("exit code 1")));
}

#[test]
fn what_ends_again_and_again_is_a_crash_loop_until_somebody_restarts_it() {
    let mut rig = Rig::new(&[program("a", 1), program("b", 1)]);
    rig.ready(2);
    for _ in 0..4 {
        let pid = rig.hands.next.max(2);
        let pid = if rig.hands.live.contains_key(&1) { 1 } else { pid };
        rig.exits(pid, "exit code 3");
        assert_eq!(rig.rows()[0], "a.1 backoff");
        rig.wait_due();
    }
    let last = rig.hands.next;
    rig.exits(last, "exit code 3");
    assert_eq!(rig.rows(), ["a.1 crash loop", "b.1 ready"], "the other goes on");
    rig.done();
    // It is tried again once in a while, and one exit is enough to be back.
    rig.wait(59 * SECOND);
    assert_eq!(rig.done(), <[&str; 0]>::default());
    rig.wait(SECOND);
    assert_eq!(rig.done(), [format!("start a.1 ./x as {}", last + 1)]);
    rig.exits(last + 1, "exit code 3");
    assert_eq!(rig.rows()[0], "a.1 crash loop");
    let mut outcome = rig.restart("a");
    assert_eq!(rig.rows()[0], "a.1 starting", "at once");
    rig.ready(last + 2);
    let outcome = outcome.try_recv().unwrap();
    assert_eq!((outcome.restarted, outcome.failed), (vec!["a.1".to_owned()], None));
}

#[test]
fn what_cannot_be_started_is_treated_as_what_ends_at_once() {
    let mut rig = Rig::new(&[]);
    rig.hands.broken = Some("no such user".to_owned());
    rig.with(|fleet, cx| fleet.follow(vec![program("a", 1)], cx));
    assert_eq!(rig.rows(), ["a.1 backoff"]);
    for _ in 0..4 {
        rig.wait_due();
    }
    assert_eq!(rig.rows(), ["a.1 crash loop"]);
    let status = rig.fleet.status(rig.now);
    let words = status.workers[0].instances[0].last_exit.clone().unwrap();
    assert_eq!(words, "could not be started: no such user");
}

#[test]
fn what_does_not_serve_in_time_is_stopped_and_counts_as_an_exit() {
    let mut rig = Rig::new(&[program("a", 1)]);
    rig.done();
    rig.wait(60 * SECOND);
    assert_eq!(rig.done(), ["TERM 1"]);
    assert_eq!(rig.rows(), ["a.1 stopping"]);
    rig.wait(30 * SECOND);
    assert_eq!(rig.done(), ["kill group 1"], "it had its grace time");
    rig.wait(30 * SECOND);
    assert_eq!(rig.done(), <[&str; 0]>::default(), "once");
    rig.exits(1, "killed by SIGKILL");
    assert_eq!(rig.rows(), ["a.1 backoff"]);
    let status = rig.fleet.status(rig.now);
    let words = status.workers[0].instances[0].last_exit.clone().unwrap();
    assert_eq!(words, "did not serve in time; killed by SIGKILL");
}

#[test]
fn a_rolling_restart_stops_each_old_process_when_the_new_one_serves() {
    let mut rig = Rig::new(&[program("a", 2)]);
    rig.ready(1);
    rig.ready(2);
    rig.done();
    let mut outcome = rig.restart("a");
    assert_eq!(rig.done(), ["start a.1 ./x as 3"], "one at a time");
    assert_eq!(rig.rows(), ["a.1 ready", "a.1 starting", "a.2 ready"]);
    rig.ready(3);
    assert_eq!(rig.done(), ["TERM 1"]);
    assert_eq!(rig.rows(), ["a.1 ready", "a.1 stopping", "a.2 ready"]);
    rig.exits(1, "exit code 0");
    assert_eq!(rig.done(), ["start a.2 ./x as 4"]);
    rig.ready(4);
    assert!(outcome.try_recv().is_err(), "the old one is still there");
    rig.exits(2, "exit code 0");
    assert_eq!(rig.done(), ["TERM 2"]);
    let outcome = outcome.try_recv().unwrap();
    assert_eq!(outcome.restarted, ["a.1", "a.2"]);
    assert_eq!((outcome.failed, outcome.left), (None, Vec::<String>::new()));
    assert_eq!(rig.rows(), ["a.1 ready", "a.2 ready"]);
}

#[test]
fn a_restart_whose_new_process_fails_leaves_the_old_ones() {
    for by_time in [false, true] {
        let mut rig = Rig::new(&[program("a", 3)]);
        (1..=3).for_each(|pid| rig.ready(pid));
        rig.done();
        let mut outcome = rig.restart("a");
        rig.ready(4);
        rig.exits(1, "exit code 0");
        rig.done();
        let words = if by_time {
            rig.wait(60 * SECOND);
            assert_eq!(rig.done(), ["TERM 5"]);
            "did not serve within 60s"
        } else {
            rig.exits(5, "exit code 9");
            "exit code 9, before it served"
        };
        let outcome = outcome.try_recv().unwrap();
        assert_eq!(outcome.restarted, ["a.1"]);
        let failed = Failed { instance: "a.2".to_owned(), reason: words.to_owned() };
        assert_eq!((outcome.failed, outcome.left), (Some(failed), vec!["a.3".to_owned()]));
        let rows = rig.rows();
        assert_eq!(rows.iter().filter(|row| row.ends_with("ready")).count(), 3, "{rows:?}");
        // What serves was never told to end.
        assert!(rig.done().iter().all(|done| done != "TERM 2" && done != "TERM 3"));
    }
}

#[test]
fn an_old_process_that_ends_while_it_is_replaced_gives_way_at_once() {
    let mut rig = Rig::new(&[program("a", 1)]);
    rig.ready(1);
    let mut outcome = rig.restart("a.1");
    rig.exits(1, "killed by SIGSEGV");
    assert_eq!(rig.rows(), ["a.1 starting"]);
    rig.ready(2);
    assert_eq!(outcome.try_recv().unwrap().failed, None);
    assert_eq!(rig.rows(), ["a.1 ready"]);
}

#[test]
fn a_restart_during_a_restart_comes_after_it() {
    let mut rig = Rig::new(&[program("a", 1)]);
    rig.ready(1);
    rig.done();
    let (mut first, mut second) = (rig.restart("a"), rig.restart("a"));
    assert_eq!(rig.done(), ["start a.1 ./x as 2"]);
    rig.ready(2);
    rig.exits(1, "exit code 0");
    assert!(first.try_recv().is_ok());
    assert_eq!(rig.done(), ["TERM 1", "start a.1 ./x as 3"]);
    assert!(second.try_recv().is_err());
    rig.ready(3);
    rig.exits(2, "exit code 0");
    assert!(second.try_recv().is_ok());
}

#[test]
fn programs_that_need_not_be_ready_are_restarted_all_the_same() {
    let never = Program { ready_timeout: None, ..program("a", 1) };
    let mut rig = Rig::new(&[never]);
    assert_eq!(rig.rows(), ["a.1 ready"]);
    rig.done();
    let mut outcome = rig.restart("a");
    assert_eq!(rig.done(), ["start a.1 ./x as 2", "TERM 1"]);
    rig.exits(1, "exit code 0");
    assert_eq!(outcome.try_recv().unwrap().restarted, ["a.1"]);
}

#[test]
fn scaling_opens_and_closes_the_highest_numbers() {
    let mut rig = Rig::new(&[program("a", 1)]);
    rig.done();
    let scaled = rig.with(|fleet, cx| fleet.scale("a", 3, cx)).unwrap();
    assert_eq!((scaled.from, scaled.to), (1, 3));
    assert_eq!(rig.done(), ["start a.2 ./x as 2", "start a.3 ./x as 3"]);
    rig.with(|fleet, cx| fleet.scale("a", 1, cx)).unwrap();
    assert_eq!(rig.done(), ["TERM 2", "TERM 3"]);
    rig.exits(3, "exit code 0");
    assert_eq!(rig.rows(), ["a.1 starting", "a.2 stopping"]);
    // Wanted again before it has left: another takes its place.
    rig.with(|fleet, cx| fleet.scale("a", 2, cx)).unwrap();
    assert_eq!(rig.done(), ["start a.2 ./x as 4"]);
    rig.exits(2, "exit code 0");
    assert_eq!(rig.rows(), ["a.1 starting", "a.2 starting"]);
    rig.with(|fleet, cx| fleet.scale("a", 0, cx)).unwrap();
    rig.exits(1, "exit code 0");
    rig.exits(4, "exit code 0");
    assert_eq!(rig.rows(), <[&str; 0]>::default());
    assert_eq!(rig.fleet.status(rig.now).workers.len(), 1, "it is still there to be scaled");
}

#[test]
fn what_cannot_be_scaled_or_restarted_is_said() {
    let scaled = Program { max: Some(4), ..program("s", 2) };
    let mut rig = Rig::new(&[program("a", 1), scaled]);
    let refused = rig.with(|fleet, cx| fleet.scale("x", 2, cx)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "There is no worker \"x\", nor such an instance of one; there is a, s."
    );
    let refused = rig.with(|fleet, cx| fleet.scale("s", 5, cx)).unwrap_err();
    assert!(refused.to_string().contains("ask for 2 to 4"), "{refused}");
    let refused = rig.with(|fleet, cx| fleet.scale("a", INSTANCES_MAX + 1, cx)).unwrap_err();
    assert!(matches!(refused, Refused::Bounds { .. }));
    for target in ["x", "a.2", "a.0", "a.", "a.1x", ".1"] {
        let refused = rig.with(|fleet, cx| fleet.restart(Some(target), cx)).unwrap_err();
        assert!(matches!(refused, Refused::Unknown { .. }), "{target}");
    }
    rig.frozen = true;
    let refused = rig.with(|fleet, cx| fleet.restart(Some("a"), cx)).unwrap_err();
    assert_eq!(refused, Refused::Closing);
}

#[test]
fn another_configuration_starts_stops_and_restarts() {
    let mut rig = Rig::new(&[program("a", 1), program("gone", 1)]);
    rig.ready(1);
    rig.ready(2);
    rig.done();
    let changed = Program { command: vec!["./y".to_owned()], instances: 2, ..program("a", 1) };
    rig.with(|fleet, cx| fleet.follow(vec![changed, program("new", 1)], cx));
    assert_eq!(
        rig.done(),
        ["TERM 2", "start a.2 ./y as 3", "start a.1 ./y as 4", "start new.1 ./x as 5"],
        "the new ones, and of the old ones those that were there before"
    );
    rig.exits(2, "exit code 0");
    rig.ready(4);
    assert_eq!(rig.done(), ["TERM 1"]);
    rig.exits(1, "exit code 0");
    rig.ready(3);
    rig.ready(5);
    assert_eq!(rig.rows(), ["a.1 ready", "a.2 ready", "new.1 ready"]);
}

#[test]
fn a_number_that_was_asked_for_stays_until_the_file_says_another() {
    let mut rig = Rig::new(&[program("a", 1)]);
    rig.with(|fleet, cx| fleet.scale("a", 2, cx)).unwrap();
    rig.with(|fleet, cx| fleet.follow(vec![program("a", 1)], cx));
    assert_eq!(rig.fleet.status(rig.now).workers[0].wanted, 2);
    rig.with(|fleet, cx| fleet.follow(vec![program("a", 3)], cx));
    assert_eq!(rig.fleet.status(rig.now).workers[0].wanted, 3);
}

#[test]
fn the_end_tells_everything_to_end_and_starts_nothing() {
    let mut rig = Rig::new(&[program("a", 2)]);
    rig.ready(1);
    rig.frozen = true;
    rig.exits(2, "exit code 1");
    rig.wait(100 * SECOND);
    rig.done();
    rig.with(|fleet, cx| fleet.close(cx));
    assert_eq!(rig.done(), ["TERM 1"]);
    rig.wait(30 * SECOND);
    assert_eq!(rig.done(), ["kill group 1"]);
    rig.exits(1, "killed by SIGKILL");
    assert_eq!(rig.rows(), <[&str; 0]>::default());
    assert_eq!(rig.fleet.deadline(), None);
}

#[test]
fn whoever_reaches_a_limit_is_replaced_one_at_a_time() {
    let mut rig = Rig::new(&[program("a", 2)]);
    rig.ready(1);
    rig.ready(2);
    rig.done();
    rig.with(|fleet, cx| fleet.is_spent(1, "enough", cx));
    rig.with(|fleet, cx| fleet.is_spent(2, "enough", cx));
    assert_eq!(rig.done(), ["start a.1 ./x as 3"]);
    // A restart waits for it.
    let mut outcome = rig.restart("a");
    assert_eq!(rig.done(), <[&str; 0]>::default());
    rig.ready(3);
    rig.exits(1, "exit code 0");
    assert_eq!(rig.done(), ["TERM 1", "start a.1 ./x as 4"]);
    rig.ready(4);
    rig.exits(3, "exit code 0");
    rig.ready(5);
    rig.exits(2, "exit code 0");
    assert_eq!(outcome.try_recv().unwrap().restarted, ["a.1", "a.2"]);
}

/// Goal: a limit that a fresh process is above of does not start one after the other.
#[test]
fn replacements_that_follow_each_other_closely_rest_in_between() {
    let mut rig = Rig::new(&[program("a", 1)]);
    rig.ready(1);
    for pid in 1..=2 {
        rig.with(|fleet, cx| fleet.is_spent(pid, "too fat", cx));
        rig.ready(pid + 1);
        rig.exits(pid, "exit code 0");
    }
    rig.done();
    rig.with(|fleet, cx| fleet.is_spent(3, "too fat", cx));
    assert_eq!(rig.done(), <[&str; 0]>::default());
    rig.wait(2 * SECOND);
    rig.with(|fleet, cx| fleet.is_spent(3, "too fat", cx));
    assert_eq!(rig.done(), ["start a.1 ./x as 4"]);
}

#[test]
fn the_load_adds_and_takes_away() {
    let scale_down_after = SECOND;
    let scaled = Program { min: Some(1), max: Some(2), scale_down_after, ..program("a", 1) };
    let mut rig = Rig::new(&[scaled]);
    let busy = Load { wait: Some(SECOND), in_flight: 4, capacity: 4 };
    rig.with(|fleet, cx| fleet.look_at("a", busy, cx));
    assert_eq!(rig.fleet.status(rig.now).workers[0].wanted, 1, "the first is on its way");
    rig.ready(1);
    rig.with(|fleet, cx| fleet.look_at("a", busy, cx));
    assert_eq!(rig.fleet.status(rig.now).workers[0].wanted, 2);
    rig.ready(2);
    let calm = Load { wait: None, in_flight: 0, capacity: 8 };
    rig.with(|fleet, cx| fleet.look_at("a", calm, cx));
    rig.now += SECOND;
    rig.with(|fleet, cx| fleet.look_at("a", calm, cx));
    assert_eq!(rig.fleet.status(rig.now).workers[0].wanted, 1);
    assert_eq!(rig.rows(), ["a.1 ready", "a.2 stopping"]);
}
