//! The end: nothing outlives the hub, however it ends.

use std::time::Duration;

use rustix::process::Signal;
use slotway_tests::http::Request;
use slotway_tests::{Flavor, Hub, eventually, proc};

use super::rig::{Rig, SOON, children, command, is_gone, light, shell, signal, wait_gone, worker};

/// The number that a worker printed behind a word.
#[track_caller]
fn printed(rig: &Rig, word: &str) -> u32 {
    let line = rig.says(word);
    let number = line.split(word).nth(1).and_then(|rest| rest.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no number: {line}"))
}

/// A worker with a child of its own.
const WITH_CHILD: &str = "sleep 1000 & echo child $!; exec \"$WORKER\"";

/// Goal: `kill -9` of the hub leaves neither workers nor what they have started, nor the
/// guardian.
#[test]
fn nothing_outlives_a_hub_that_is_killed() {
    light("nothing_outlives_a_hub_that_is_killed", || {
        let api = worker("api", &shell(WITH_CHILD));
        let plain = worker("plain", &format!("{}instances = 3", command(Flavor::Rust, &[])));
        let mut rig = Rig::start(&(api + &plain));
        let mut all = rig.wait_ready("api", 1);
        all.extend(rig.wait_ready("plain", 3));
        all.push(printed(&rig, "child "));
        all.extend(children(rig.hub.process.pid()).iter().map(|(pid, _)| *pid));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 1 + 3 + 1 + 1, "and the guardian");
        assert!(all.iter().all(|pid| !is_gone(*pid)));
        rig.hub.process.kill();
        wait_gone(&all);
    });
}

/// Goal: a guardian that is killed is replaced, and the next one knows everything.
#[test]
fn a_guardian_that_is_killed_is_replaced() {
    light("a_guardian_that_is_killed_is_replaced", || {
        let mut rig = Rig::start(&worker("api", &shell(WITH_CHILD)));
        let api = rig.wait_ready("api", 1)[0];
        let child = printed(&rig, "child ");
        let hub = rig.hub.process.pid();
        let guardian = |not: u32| {
            let known = |pid: u32| pid == api || pid == not;
            let found = children(hub).into_iter().find(|(pid, _)| !known(*pid));
            found.map(|(pid, _)| pid)
        };
        let first = guardian(0).expect("a guardian");
        signal(first, Signal::KILL);
        let second = eventually("there is another", SOON, || guardian(first));
        rig.says("another takes its place");
        rig.hub.process.kill();
        wait_gone(&[api, child, second]);
    });
}

/// Goal: SIGTERM: requests in flight are answered, then everybody leaves.
#[test]
fn the_hub_ends_after_its_clients_and_before_it_its_workers() {
    light("the_hub_ends_after_its_clients_and_before_it_its_workers", || {
        let api = format!("{}instances = 2", shell(WITH_CHILD));
        let mut rig = Rig::start(&worker("api", &api));
        let mut all = rig.wait_ready("api", 2);
        all.push(printed(&rig, "child "));
        let mut client = rig.hub.connect();
        client.send(&Request::get("/sleep/1000").bytes()).expect("a hub that reads");
        eventually("it is claimed", SOON, || (rig.hub.slots().claimed == 1).then_some(()));
        rig.hub.process.signal(Signal::TERM);
        assert_eq!(client.read_response().expect("an answer").expect(200).text(), "slept");
        let ended = rig.hub.process.wait_end(SOON);
        assert_eq!(ended.code(), Some(0));
        // By then, not some time later.
        assert!(all.iter().all(|pid| is_gone(*pid)), "{all:?}");
        assert_eq!(rig.hub.process.count_lines("has left: exit code 0"), 2);
    });
}

/// Goal: who does not listen is killed when its grace time is over, with its group.
#[test]
fn who_does_not_end_is_killed_with_its_group() {
    light("who_does_not_end_is_killed_with_its_group", || {
        let script = "trap '' TERM; sleep 1000 & echo child $!; while :; do sleep 0.1; done";
        let settings = "ready-timeout = \"none\"\ngrace = \"300ms\"\n";
        let mut rig = Rig::start(&worker("stubborn", &format!("{}{settings}", shell(script))));
        let mut all = rig.wait_ready("stubborn", 1);
        all.push(printed(&rig, "child "));
        rig.hub.process.signal(Signal::TERM);
        let ended = rig.hub.process.wait_end(SOON);
        assert_eq!(ended.code(), Some(0));
        assert!(all.iter().all(|pid| is_gone(*pid)), "{all:?}");
        rig.says("has left: killed by SIGKILL");
    });
}

/// Goal: a second signal does not wait, and leaves nobody behind either.
#[test]
fn a_second_signal_ends_everything_at_once() {
    light("a_second_signal_ends_everything_at_once", || {
        let settings = "ready-timeout = \"none\"\ngrace = \"1h\"\n";
        let script = "trap '' TERM; while :; do sleep 0.1; done";
        let mut rig = Rig::start(&worker("stubborn", &format!("{}{settings}", shell(script))));
        let all = rig.wait_ready("stubborn", 1);
        rig.hub.process.signal(Signal::TERM);
        rig.says("shutting down");
        rig.says("slotway_hub::hub: shut down");
        rig.hub.process.signal(Signal::TERM);
        assert_eq!(rig.hub.process.wait_end(SOON).code(), Some(130));
        wait_gone(&all);
    });
}

/// Goal: what a worker leaves behind in its group when it ends does not stay.
#[test]
fn what_a_worker_leaves_behind_is_ended() {
    light("what_a_worker_leaves_behind_is_ended", || {
        let rig = Rig::start(&worker("api", &shell(WITH_CHILD)));
        let api = rig.wait_ready("api", 1)[0];
        let child = printed(&rig, "child ");
        signal(api, Signal::KILL);
        wait_gone(&[api, child]);
    });
}

/// Goal: as the first process of a container it does all that, and reaps for everybody.
#[test]
fn it_works_as_process_one() {
    light("it_works_as_process_one", || {
        let unshare = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
        let can = std::process::Command::new(unshare[0]).args(&unshare[1..]).arg("true").status();
        if !can.is_ok_and(|status| status.success()) {
            return eprintln!("no process namespace here: nothing was tested");
        }
        let script = "(setsid sleep 0.1 &) ; exec \"$WORKER\"";
        let text = format!("listen = [\"127.0.0.1:0\"]\n{}", worker("api", &shell(script)));
        let mut hub = Hub::builder().serve(&[]).config(&text).through(&unshare).start();
        eventually("it serves", SOON, || (hub.instances("conformance") == 1).then_some(()));
        assert_eq!(hub.get("/hello/you").status(), 200);
        // From outside: the child of unshare is the first process inside.
        let first = children(hub.process.pid())[0].0;
        eventually("nothing is left as a zombie", SOON, || {
            let inside = children(first);
            let quiet = inside.len() == 2 && inside.iter().all(|(_, state)| *state != 'Z');
            quiet.then_some(())
        });
        let inside: Vec<_> = children(first).iter().map(|(pid, _)| *pid).collect();
        signal(first, Signal::TERM);
        hub.process.wait_end(SOON + Duration::from_secs(10));
        wait_gone(&inside);
        assert!(proc::state(first).is_none_or(|state| state == 'Z'));
    });
}
