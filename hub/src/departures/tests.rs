use std::process::{Command, Stdio};
use std::time::UNIX_EPOCH;

use super::*;

fn departure(worker: u64, reason: Reason) -> Departure {
    let (names, detail) = (vec!["greeter".to_owned()], String::new());
    Departure { at: UNIX_EPOCH, worker, pid: None, names, reason, detail }
}

#[test]
fn the_last_ones_are_remembered_and_all_are_counted() {
    let departures = Departures::default();
    for worker in 0..200 {
        let reason = if worker % 2 == 0 { Reason::Left } else { Reason::Unresponsive };
        departures.add(departure(worker, reason));
    }
    let last: Vec<u64> = departures.last().iter().map(|departure| departure.worker).collect();
    assert_eq!(last, (200 - REMEMBERED as u64..200).rev().collect::<Vec<_>>());
    for (reason, count) in departures.counts() {
        let expected = if matches!(reason, Reason::Left | Reason::Unresponsive) { 100 } else { 0 };
        assert_eq!(count, expected, "{reason:?}");
    }
}

#[test]
fn reasons_are_counted_at_their_own_places() {
    for (at, reason) in Reason::ALL.into_iter().enumerate() {
        assert_eq!(reason as usize, at);
    }
}

/// A child that ended and that nobody has waited for, until the caller does.
fn zombie(script: &str) -> std::process::Child {
    let mut shell = Command::new("sh");
    let child = shell.args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
    let pid = rustix::process::Pid::from_child(&child);
    let how = rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT;
    rustix::process::waitid(rustix::process::WaitId::Pid(pid), how).unwrap();
    child
}

#[test]
fn the_way_a_process_ended_is_told() {
    for (script, expected) in [
        ("exit 7", (Reason::Exited, "the process exited with code 7")),
        ("kill -9 $$", (Reason::Killed, "signal 9 ended the process")),
    ] {
        let mut child = zombie(script);
        let (reason, detail) = end_of(Some(child.id()));
        assert_eq!((reason, detail.as_str()), expected);
        child.wait().unwrap();
        assert_eq!(end_of(Some(child.id())).0, Reason::Ended, "its parent has fetched the status");
    }
    assert_eq!(end_of(Some(std::process::id())).0, Reason::Ended, "not a process that has ended");
    assert_eq!(end_of(None).0, Reason::Ended);
}

#[test]
fn a_programs_name_may_hold_anything() {
    let rest = ["0"; 48].join(" ");
    assert_eq!(wait_status(&format!("7 (a) Z) b) Z {rest} 9")), Some(9));
    assert_eq!(wait_status(&format!("7 (x) S {rest} 9")), None);
    for broken in ["", "7", "7 (x", "7 (x)", "7 (x) Z 1 2"] {
        assert_eq!(wait_status(broken), None, "{broken:?}");
    }
}
