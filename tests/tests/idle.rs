//! Nothing to do costs nothing: no side polls.

use std::thread;
use std::time::Duration;

use slotway_tests::{Hub, Trace, Worker, flavors, proc};

/// How long nothing happens. An observation, not a synchronisation.
fn quiet() -> Duration {
    Duration::from_secs(if std::env::var_os("SLOTWAY_TEST_LONG").is_some() { 10 } else { 4 })
}

/// A hub that asks its workers nothing meanwhile: how often it does is the operator's.
fn silent_hub() -> Hub {
    Hub::with(&["--probe-interval", "1h"])
}

flavors! {
    Heavy, 60, fn idle_hub_and_worker_use_no_cpu(flavor) {
        let hub = silent_hub();
        let worker = Worker::start(flavor, &hub);
        for _ in 0..20 {
            hub.get("/hello/warm").expect(200);
        }
        hub.wait_all_free();
        let pids = [hub.process.pid(), worker.pid()];
        let before = pids.map(|pid| (proc::cpu_ticks(pid), proc::wakeups(pid)));
        thread::sleep(quiet());
        let after = pids.map(|pid| (proc::cpu_ticks(pid), proc::wakeups(pid)));
        for (at, who) in ["hub", "worker"].into_iter().enumerate() {
            let ticks = after[at].0 - before[at].0;
            let wakeups = after[at].1 - before[at].1;
            println!("idle {who}, {:?}: {ticks} ticks, {wakeups} wake-ups", quiet());
            assert!(ticks <= 1, "{who}: {ticks} ticks of CPU");
            assert!(wakeups <= 10 * quiet().as_secs(), "{who}: {wakeups} wake-ups");
        }
        hub.get("/hello/awake").expect(200);
    }

    Heavy, 60, fn an_idle_workers_threads_make_no_system_call(flavor) {
        if !Trace::is_there() {
            return;
        }
        let hub = silent_hub();
        let worker = Worker::builder(flavor, &hub).threads(3).start(&hub);
        for _ in 0..20 {
            hub.get("/hello/warm").expect(200);
        }
        hub.wait_all_free();
        let trace = Trace::attach(worker.pid(), &[]);
        thread::sleep(quiet());
        let calls = trace.detach();
        // Every thread is found in the wait that it began before, shown as unfinished or
        // as resumed; beyond that only its own timeouts may end a wait.
        let begun: Vec<&str> = calls.lines().filter(|line| !is_attachment(line)).collect();
        println!("idle worker, {:?}: {} system calls", quiet(), begun.len());
        let threads = proc::threads(worker.pid()).len();
        assert!(begun.len() <= threads, "more than the waits themselves: {begun:#?}");
        hub.get("/hello/awake").expect(200);
    }
}

/// Whether a line shows the wait in which strace found a thread, or strace itself.
fn is_attachment(line: &str) -> bool {
    line.contains("<unfinished ...>")
        || line.contains("<detached ...>")
        || line.contains("+++ exited")
        || line.contains("--- SIG")
        || line.contains("restart_syscall(<... resuming")
}
