//! The list `[[route]]`.

use super::Table;
use super::key::key;
use crate::config::RouteRule;
use crate::config::codec::{Bytes, Count, Text, Time, Unset, YesNo};

type Subject = RouteRule;

/// What one route, or several, has of its own.
pub(crate) const ROUTE: Table<RouteRule> = Table {
    name: "route",
    words: "What one route, or several, has of its own. The first that matches counts; what it \
            leaves out is as for every route.",
    keys: &[
        key!(
            Text,
            pattern,
            "pattern",
            "The pattern, as a worker registers it, or one that ends in {*rest} for everything \
             below."
        )
        .like("\"/reports/{*rest}\""),
        key!(?Unset<Text>, method, "method", "The method; every one without.").like("\"GET\""),
        key!(?Unset<Text>, host, "host", "The host, or \"*.example\" for everything below one; the routes of every host without.").like("\"app.example\""),
        key!(?Unset<Time>, wait, "wait", "As timeouts.wait.").like("\"1s\""),
        key!(?Unset<Time>, request, "request", "As timeouts.request.").like("\"5m\""),
        key!(?Unset<Time>, idle, "idle", "As timeouts.idle.").like("\"2m\""),
        key!(?Unset<Bytes<u64>>, body_bytes, "body-bytes", "As limits.body-bytes.").like("\"1G\""),
        key!(
            ?Unset<Count<u32>>,
            concurrency,
            "concurrency",
            "Requests in flight at a time; further ones wait in line."
        )
        .like("4"),
        key!(?Unset<Count<usize>>, waiters, "waiters", "Requests that may wait for their turn where concurrency is set; as limits.waiters without.")
            .like("100"),
        key!(
            ?Unset<YesNo>,
            idempotent,
            "idempotent",
            "Whether a second attempt does no harm, whatever the worker said."
        )
        .like("false"),
    ],
};
