//! The list `[[worker]]`.

use super::Table;
use super::key::key;
use crate::config::codec::{Bytes, Count, File, Maybe, Of, Text, Time, Unset, Variables, Words};
use crate::config::{Cpus, Program, StopSignal};

type Subject = Program;

/// One program that is kept running.
pub(crate) const WORKER: Table<Program> = Table {
    name: "worker",
    words: "A program that `slotway serve` starts and keeps running, in as many instances as \
            wanted; `slotway hub` starts none. See docs/supervision.md.",
    keys: &[
        key!(Text, name, "name", "What it is called; its instances are api.1, api.2 and so on.")
            .like("\"api\""),
        key!(
            Words,
            command,
            "command",
            "The program and its arguments, or one line that is split at blanks as a shell does, \
             without a shell: nothing is expanded."
        )
        .like("[\"python\", \"-m\", \"slotway\", \"app:app\"]"),
        key!(Count<u32>, instances, "instances", "How many run. Default: 1.").like("4"),
        key!(
            ?Unset<Count<u32>>,
            min,
            "min",
            "With max: the number follows the load, and is never lower. Default: instances."
        )
        .like("2"),
        key!(?Unset<Count<u32>>, max, "max", "And never higher. Default: instances.").like("8"),
        key!(
            Time,
            scale_up_wait,
            "scale-up-wait",
            "A request that has waited for so long for an instance calls for one more. Default: \
             100ms."
        )
        .like("\"250ms\""),
        key!(
            Time,
            scale_down_after,
            "scale-down-after",
            "So long without such a wait, and with room to spare, there is one too many. \
             Default: 60s."
        )
        .like("\"5m\""),
        key!(
            Variables,
            environment,
            "environment",
            "Variables of its environment, besides the hub's own."
        )
        .like("{ WEB_CONCURRENCY = \"1\" }"),
        key!(
            ?Unset<File>,
            directory,
            "directory",
            "The directory that it starts in. Default: the hub's."
        )
        .like("\"/srv/api\""),
        key!(
            ?Unset<Text>,
            user,
            "user",
            "The user that it runs as, by name or number, with that user's groups. The hub has to \
             be root for that. Default: the hub's."
        )
        .like("\"www-data\""),
        key!(
            ?Unset<Of<Cpus>>,
            cpus,
            "cpus",
            "The processors that each instance may run on. Default: those of the hub."
        )
        .like("\"0-1,3\""),
        key!(
            ?Unset<Count<u64>>,
            max_requests,
            "max-requests",
            "After so many answers an instance is replaced by a new one."
        )
        .like("100000"),
        key!(
            Count<u64>,
            max_requests_jitter,
            "max-requests-jitter",
            "And up to so many more, by chance, that not all are replaced at once. Default: 0."
        )
        .like("10000"),
        key!(
            ?Unset<Bytes<u64>>,
            memory,
            "memory",
            "Resident memory above which an instance is replaced by a new one: that of all \
             processes of its group, the region's shared pages included."
        )
        .like("\"2G\""),
        key!(
            Of<StopSignal>,
            stop_signal,
            "stop-signal",
            "What tells a process to end. It should finish what it has. Default: TERM."
        )
        .like("\"INT\""),
        key!(
            Time,
            grace,
            "grace",
            "How long it has for that; then it is killed, with its whole process group. Default: \
             30s."
        )
        .like("\"10s\""),
        key!(
            Maybe<Time>,
            ready_timeout,
            "ready-timeout",
            "How long a new process has until it serves: it has registered and answered a probe. \
             \"none\" counts it as ready when it runs, for programs that do not connect. Default: \
             60s."
        )
        .like("\"2m\""),
        key!(
            Time,
            restart_delay,
            "restart-delay",
            "How long after an exit it is started again; twice as long after each further one, \
             and up to half of it more by chance. Default: 200ms."
        )
        .like("\"1s\""),
        key!(Time, restart_delay_max, "restart-delay-max", "The longest of these. Default: 30s.")
            .like("\"1m\""),
        key!(
            Count<u32>,
            crash_limit,
            "crash-limit",
            "So many exits within crash-window are a crash loop. Default: 5."
        )
        .like("3"),
        key!(Time, crash_window, "crash-window", "See crash-limit. Default: 60s.").like("\"10m\""),
        key!(
            Time,
            crash_rest,
            "crash-rest",
            "How long an instance in a crash loop rests before it is tried again. Default: 60s."
        )
        .like("\"5m\""),
    ],
};
