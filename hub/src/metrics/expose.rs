//! Everything that `/metrics` tells.

use std::collections::BTreeMap;

use slotway_core::hub::SlotCounts;

use super::delegated::delegated;
use super::events::events;
use super::process::Process;
use super::text::Text;
use super::{Counter, Format, Metrics};
use crate::instance::{Instance, Standing};
use crate::registry::Live;
use crate::shared::Shared;
use crate::sse::Counts;

/// Writes it down.
pub(crate) fn expose(shared: &Shared, format: Format) -> String {
    let mut text = Text::new(format);
    let metrics = &shared.metrics;
    text.gauge("slotway_build_info", "Always 1; the labels say which hub it is.")
        .sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    requests(&mut text, metrics);
    {
        let live = shared.registry.live();
        names(&mut text, &live);
        workers(&mut text, &live);
    }
    comings_and_goings(&mut text, shared);
    clients(&mut text, shared);
    events(&mut text, &shared.bus);
    delegated(&mut text, &shared.delegated);
    if let Some(exporter) = shared.telemetry.get() {
        let counts = exporter.counts();
        text.counter("slotway_spans", "Spans for the collector, by what became of them.")
            .sample(&[("result", "sent")], counts.sent.get())
            .sample(&[("result", "dropped")], counts.dropped.get())
            .sample(&[("result", "failed")], counts.failed.get());
    }
    streams(&mut text, shared);
    process(&mut text);
    text.finish()
}

fn requests(text: &mut Text, metrics: &Metrics) {
    let routes: Vec<_> = metrics
        .routes
        .all()
        .map(|route| {
            let labels = &route.labels;
            let named = match &*labels.name {
                // The hub's own have no method.
                "" => labels.pattern.to_string(),
                _ => format!("{} {}", labels.method, labels.pattern),
            };
            (&*labels.name, named, route.counts())
        })
        // A route that nobody asked for yet would only fill the page.
        .filter(|(.., counts)| counts.total.count() > 0)
        .collect();

    let mut family = text.counter(
        "slotway_requests",
        "Requests that ended, by registration, route, method and status; 499: the client left first.",
    );
    for (name, route, counts) in &routes {
        for (method, status, count) in counts.statuses.iter() {
            let status = status.to_string();
            let labels =
                [("name", *name), ("route", route), ("method", method.name()), ("status", &status)];
            family.sample(&labels, count);
        }
    }
    let mut family = text.histogram(
        "slotway_request_duration_seconds",
        "From a request's head to the end of its response.",
    );
    for (name, route, counts) in &routes {
        family.distribution(&[("name", name), ("route", route)], &counts.total);
    }
    let at_worker = || routes.iter().filter(|(.., counts)| counts.worker.count() > 0);
    let mut family = text.histogram(
        "slotway_slot_wait_seconds",
        "How long requests waited for a slot; those that never got one are left out.",
    );
    for (name, route, counts) in at_worker() {
        family.distribution(&[("name", name), ("route", route)], &counts.wait);
    }
    let mut family = text.histogram(
        "slotway_worker_duration_seconds",
        "From a request's slot to the head of the worker's answer.",
    );
    for (name, route, counts) in at_worker() {
        family.distribution(&[("name", name), ("route", route)], &counts.worker);
    }
    let mut family = text.counter("slotway_request_body_bytes", "Bytes of requests' bodies.");
    for (name, route, counts) in &routes {
        family.sample(&[("name", name), ("route", route)], counts.bytes_in);
    }
    let mut family = text.counter("slotway_response_body_bytes", "Bytes of responses' bodies.");
    for (name, route, counts) in &routes {
        family.sample(&[("name", name), ("route", route)], counts.bytes_out);
    }
    let mut family = text.counter("slotway_problems", "Answers that were problems, by their code.");
    for (code, count) in metrics.problems() {
        family.sample(&[("code", code)], count);
    }
}

#[derive(Default)]
struct Name {
    instances: u64,
    in_flight: u64,
    waiting: u64,
}

fn names(text: &mut Text, live: &Live) {
    let mut names: BTreeMap<&str, Name> = BTreeMap::new();
    for (instance, registrations) in &live.workers {
        for registration in registrations {
            let name = names.entry(registration.service.name()).or_default();
            name.instances += u64::from(instance.is_live() && !registration.is_closing());
            name.in_flight += u64::from(registration.in_flight());
            // One line for all instances.
            name.waiting = registration.service.queue.len() as u64;
        }
    }
    let mut gauge = |name: &str, help: &str, value: fn(&Name) -> u64| {
        let mut family = text.gauge(name, help);
        for (label, of) in &names {
            family.sample(&[("name", label)], value(of));
        }
    };
    gauge("slotway_instances", "Live instances.", |name| name.instances);
    gauge("slotway_requests_in_flight", "Requests that hold a slot.", |name| name.in_flight);
    gauge("slotway_queue_length", "Requests that wait for a slot.", |name| name.waiting);
}

fn workers(text: &mut Text, live: &Live) {
    let workers: Vec<_> = live
        .workers
        .iter()
        .map(|(instance, registrations)| {
            let names: Vec<_> = registrations.iter().map(|own| own.service.name()).collect();
            (instance.who.id.to_string(), &**instance, names.join(","))
        })
        .collect();

    let mut family = text.gauge("slotway_workers", "Connected workers, by standing.");
    for (standing, label) in
        [(Standing::Live, "live"), (Standing::Draining, "draining"), (Standing::Dead, "dead")]
    {
        let count = workers.iter().filter(|(_, worker, _)| worker.standing() == standing).count();
        family.sample(&[("standing", label)], count);
    }
    let mut family =
        text.gauge("slotway_worker_info", "Always 1; the labels say who the worker is.");
    for (id, worker, names) in &workers {
        let pid = worker.who.pid.map_or_else(String::new, |pid| pid.to_string());
        let labels = [("worker", id), ("pid", &pid), ("sdk", &worker.who.sdk), ("names", names)];
        family.sample(&labels.map(|(name, value)| (name, value.as_str())), 1);
    }
    let mut family = text.gauge("slotway_slots", "Slots of each worker, by state.");
    for (id, worker, _) in &workers {
        let SlotCounts { free, writing, ready, claimed, done, abandoned } = worker.counts();
        for (state, count) in [
            ("free", free),
            ("writing", writing),
            ("ready", ready),
            ("claimed", claimed),
            ("done", done),
            ("abandoned", abandoned),
        ] {
            family.sample(&[("worker", id), ("state", state)], count);
        }
    }
    let counts: Vec<_> =
        workers.iter().map(|(id, worker, _)| (id.as_str(), worker.metrics.counts())).collect();
    let mut family = text.counter("slotway_worker_answers", "Answers of each worker.");
    for (id, counts) in &counts {
        family.sample(&[("worker", id)], counts.worker.count());
    }
    let mut family = text.counter(
        "slotway_worker_errors",
        "Answers of each worker that were not valid or had a status of 500 or more.",
    );
    for (id, counts) in &counts {
        family.sample(&[("worker", id)], counts.errors);
    }
    let mut family = text.counter(
        "slotway_worker_seconds",
        "Time from slot to answer, all requests of a worker together.",
    );
    for (id, counts) in &counts {
        family.sample(&[("worker", id)], counts.worker.sum().as_secs_f64());
    }
    wakes(text, workers.iter().map(|(id, worker, _)| (id.as_str(), *worker)));
}

fn wakes<'w>(text: &mut Text, workers: impl Iterator<Item = (&'w str, &'w Instance)> + Clone) {
    let mut family = text.counter(
        "slotway_worker_wakes",
        "Times that the hub woke a worker: a thread (futex) or its event loop (doorbell).",
    );
    for (id, worker) in workers.clone() {
        let metrics = &worker.metrics;
        family.sample(&[("worker", id), ("by", "futex")], metrics.futex_wakes.get());
        family.sample(&[("worker", id), ("by", "doorbell")], metrics.doorbells.get());
    }
    let mut each = |name: &str, help: &str, of: fn(&Instance) -> &Counter| {
        let mut family = text.counter(name, help);
        for (id, worker) in workers.clone() {
            family.sample(&[("worker", id)], of(worker).get());
        }
    };
    each("slotway_hub_wakes", "Times that a worker woke the hub.", |w| &w.metrics.hub_wakes);
    each(
        "slotway_hub_spins",
        "Times that the hub looked for answers once more instead of sleeping.",
        |w| &w.metrics.hub_spins,
    );
}

fn comings_and_goings(text: &mut Text, shared: &Shared) {
    let metrics = &shared.metrics;
    text.counter("slotway_workers_connected", "Workers that were given a region.")
        .sample(&[], metrics.workers_connected.get());
    let mut family = text.counter(
        "slotway_worker_departures",
        "Workers that went away, by reason; evicted: for what they did or failed to do.",
    );
    for (reason, count) in shared.departures.counts() {
        let evicted = if reason.is_eviction() { "yes" } else { "no" };
        family.sample(&[("reason", reason.name()), ("evicted", evicted)], count);
    }
    text.counter(
        "slotway_requests_moved",
        "Requests that went to another instance because theirs left without seeing them.",
    )
    .sample(&[], metrics.moved.get());
    text.counter("slotway_registrations", "Registrations that workers asked for.")
        .sample(&[("result", "taken")], metrics.registered.get())
        .sample(&[("result", "refused")], metrics.registrations_refused.get());
}

fn clients(text: &mut Text, shared: &Shared) {
    let listeners = shared.metrics.connections.all();
    let mut family = text.gauge("slotway_connections_open", "Open connections of clients.");
    for listener in &listeners {
        family.sample(&[("listener", &listener.name)], listener.open());
    }
    let mut family = text.counter("slotway_connections_accepted", "Connections of clients.");
    for listener in &listeners {
        family.sample(&[("listener", &listener.name)], listener.accepted.get());
    }
    let mut family = text
        .counter("slotway_tls_handshakes_failed", "Connections that ended before TLS was spoken.");
    for listener in &listeners {
        family.sample(&[("listener", &listener.name)], listener.handshakes_failed.get());
    }
    text.gauge("slotway_spool_bytes", "Bytes of responses that are read ahead of their clients.")
        .sample(&[], shared.spool_budget.used());
    text.gauge("slotway_spool_bytes_max", "As many as there may be.")
        .sample(&[], shared.spool_budget.total());
}

fn streams(text: &mut Text, shared: &Shared) {
    let all = shared.streams.counts.all();
    let mut family = text.gauge("slotway_streams_open", "Open streams of events to clients.");
    for (origin, counts) in &all {
        family.sample(&[("origin", origin)], counts.open());
    }
    let mut family = text.counter(
        "slotway_streams_ended",
        "Streams of events that ended, by reason; left: the client did.",
    );
    for (origin, counts) in &all {
        for (reason, count) in counts.ended() {
            family.sample(&[("origin", origin), ("reason", reason.name())], count);
        }
    }
    let mut each = |name: &str, help: &str, of: fn(&Counts) -> u64| {
        let mut family = text.counter(name, help);
        for (origin, counts) in &all {
            family.sample(&[("origin", origin)], of(counts));
        }
    };
    each("slotway_stream_events", "Events that went to clients, once for each.", Counts::events);
    each("slotway_stream_bytes", "Bytes that went to clients on streams.", Counts::bytes);
    each(
        "slotway_stream_events_missed",
        "Events that clients did not get because they were behind.",
        Counts::missed_events,
    );
    text.gauge("slotway_stream_feed_bytes", "Bytes that are held for clients that are behind.")
        .sample(&[], shared.streams.total.used());
}

fn process(text: &mut Text) {
    let process = Process::read();
    if let Some(seconds) = process.cpu_seconds {
        text.counter("process_cpu_seconds", "Processor time, user and system.")
            .sample(&[], seconds);
    }
    if let Some(seconds) = process.start_seconds {
        text.gauge("process_start_time_seconds", "When the process started, since 1970.")
            .sample(&[], seconds);
    }
    for (name, help, value) in [
        ("process_resident_memory_bytes", "Memory in use.", process.resident_bytes),
        ("process_virtual_memory_bytes", "Address space in use.", process.virtual_bytes),
        ("process_open_fds", "Open descriptors.", process.open_fds),
        ("process_max_fds", "As many as there may be.", process.max_fds),
        ("process_threads", "Threads.", process.threads),
    ] {
        if let Some(value) = value {
            text.gauge(name, help).sample(&[], value);
        }
    }
}
