//! The table `[queues]`.

use super::Table;
use super::key::key;
use crate::config::Config;
use crate::config::codec::{Bytes, Count, List, Text, Time};

/// Activities that anybody calls and workers do.
pub(super) const QUEUES: Table<Config> = {
    type Subject = Config;
    Table {
        name: "queues",
        words: "Task queues: activities that anybody calls and workers do.",
        keys: &[
            key!(
                List<Text>,
                queues.open,
                "open",
                "Queues that clients of the public listeners may call by POST \
                 /queues/NAMESPACE/QUEUE/ACTIVITY: \"namespace/queue\", \"namespace/*\" or \"*\". \
                 Workers and the admin surface may call any."
            )
            .like("[\"media/*\"]"),
            key!(
                Count<usize>,
                queues.waiting,
                "waiting",
                "Activities that may wait for a worker, for each queue; further ones are rejected."
            ),
            key!(
                Time,
                queues.timeout,
                "timeout",
                "How long an activity may take in all, for callers that do not say."
            ),
            key!(
                Time,
                queues.timeout_max,
                "timeout-max",
                "How long an activity may take, whatever its caller says."
            ),
            key!(Count<usize>, queues.calls, "calls", "Calls that one worker may have under way."),
            key!(
                Bytes<usize>,
                queues.bytes_total,
                "bytes-total",
                "Bytes of payloads and answers that all activities together may hold."
            ),
            key!(
                Time,
                queues.keys_time,
                "keys-time",
                "How long outcomes are kept for callers' idempotency keys."
            ),
            key!(
                Count<usize>,
                queues.keys_count,
                "keys-count",
                "How many outcomes are kept for keys, of all queues."
            ),
            key!(
                Bytes<usize>,
                queues.keys_bytes,
                "keys-bytes",
                "Bytes of outcomes that are kept for keys, of all queues."
            ),
        ],
    }
};
