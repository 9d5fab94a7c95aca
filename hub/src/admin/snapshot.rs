//! Everything that the dashboard shows, once a second while somebody watches.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use tokio::time::Instant;

use super::cells::Cells;
use super::percentiles::Percentiles;
use super::verdict::{Level, Look, judge, judge_departure};
use crate::departures::Departure;
use crate::health::Page;
use crate::instance::{Instance, Registration};
use crate::metrics::{Distribution, Process, RouteMetrics};
use crate::shared::Shared;

/// Percentiles are those of the last so many seconds.
const WINDOW: usize = 10;
/// Rates are those of the last so many.
const RATE: usize = 3;

/// Remembers what was counted a moment ago.
#[derive(Debug, Default)]
pub(super) struct Sampler {
    /// Oldest first.
    samples: VecDeque<Sample>,
}

/// What was counted at one moment.
#[derive(Debug)]
struct Sample {
    at: Instant,
    workers: HashMap<u64, Counts>,
    routes: Vec<Counts>,
    cpu_seconds: f64,
}

#[derive(Debug, Clone, Default)]
struct Counts {
    times: Distribution,
    count: u64,
    errors: u64,
}

#[derive(Serialize)]
struct Snapshot<'s> {
    at_ms: u64,
    /// The time that rates are of; 0 in the first look, which has none.
    rates_ms: u64,
    hub: HubInfo,
    workers: Vec<WorkerInfo<'s>>,
    /// The last ones that left, newest first.
    departed: Vec<DepartureInfo>,
    names: Vec<NameInfo<'s>>,
    routes: Vec<RouteInfo<'s>>,
}

#[derive(Serialize)]
struct HubInfo {
    version: &'static str,
    pid: u32,
    uptime_s: u64,
    /// As `/health` says.
    health: &'static str,
    /// Required names that nobody serves.
    missing: Vec<String>,
    connections: u64,
    in_flight: u64,
    waiting: usize,
    /// Share of one core, in percent.
    cpu: f64,
    rss: u64,
    #[serde(flatten)]
    rates: Rates,
}

/// A second's worth, and milliseconds.
#[derive(Serialize)]
struct Rates {
    rps: f64,
    eps: f64,
    ms: Percentiles,
}

#[derive(Serialize)]
struct WorkerInfo<'s> {
    id: u64,
    pid: Option<u32>,
    sdk: &'s str,
    names: Vec<&'s str>,
    level: Level,
    say: String,
    slots: u32,
    in_use: u32,
    cells: String,
    waiting: usize,
    answers: u64,
    errors: u64,
    #[serde(flatten)]
    rates: Rates,
}

#[derive(Serialize)]
struct DepartureInfo {
    id: u64,
    pid: Option<u32>,
    names: Vec<String>,
    /// Milliseconds since 1970.
    at_ms: u64,
    level: Level,
    reason: &'static str,
    /// Whether the hub ended it for what it did or failed to do.
    evicted: bool,
    detail: String,
}

#[derive(Serialize)]
struct NameInfo<'s> {
    name: &'s str,
    instances: u32,
    in_flight: u32,
    waiting: usize,
}

#[derive(Serialize)]
struct RouteInfo<'s> {
    name: &'s str,
    method: &'s str,
    pattern: &'s str,
    requests: u64,
    errors: u64,
    #[serde(flatten)]
    rates: Rates,
}

impl Sampler {
    /// Looks, and tells in JSON.
    pub(super) fn look(&mut self, shared: &Shared) -> String {
        let now = Instant::now();
        let live = shared.registry.live_now();
        let process = Process::read();
        let sample = Sample {
            at: now,
            workers: live
                .workers
                .iter()
                .map(|(own, _)| (own.who.id, Counts::of_worker(own)))
                .collect(),
            routes: shared.metrics.routes.all().map(Counts::of_route).collect(),
            cpu_seconds: process.cpu_seconds.unwrap_or(0.0),
        };
        let clock_ns = shared.metrics.clock_ns(now);

        let mut workers: Vec<_> = live
            .workers
            .iter()
            .map(|(instance, own)| self.worker(instance, own, &sample, clock_ns))
            .collect();
        workers.sort_by_key(|worker| (worker.level, worker.id));
        let mut names: BTreeMap<&str, NameInfo<'_>> = BTreeMap::new();
        for (instance, own) in &live.workers {
            for known in own {
                let (name, waiting) = (known.service.name(), known.service.queue.len());
                let new = NameInfo { name, instances: 0, in_flight: 0, waiting };
                let info = names.entry(name).or_insert(new);
                info.instances += u32::from(instance.is_live() && !known.is_closing());
                info.in_flight += known.in_flight();
            }
        }
        let mut routes: Vec<_> = shared
            .metrics
            .routes
            .all()
            .zip(&sample.routes)
            .enumerate()
            .filter(|(_, (route, counts))| counts.count > 0 || !route.labels.name.is_empty())
            .map(|(index, (route, counts))| RouteInfo {
                name: &route.labels.name,
                method: &route.labels.method,
                pattern: &route.labels.pattern,
                requests: counts.count,
                errors: counts.errors,
                rates: self.rates(&sample, |sample| sample.routes.get(index)),
            })
            .collect();
        routes.sort_by(|a, b| (a.name, a.pattern, a.method).cmp(&(b.name, b.pattern, b.method)));

        let (health, missing) = Page::health_now(shared);
        let snapshot = Snapshot {
            at_ms: since_1970(SystemTime::now()),
            rates_ms: self.rated(now).map_or(0, |time| time.as_millis().max(1) as u64),
            hub: HubInfo {
                version: env!("CARGO_PKG_VERSION"),
                pid: std::process::id(),
                uptime_s: clock_ns / 1_000_000_000,
                health,
                missing,
                connections: shared.metrics.connections.all().iter().map(|l| l.open()).sum(),
                in_flight: names.values().map(|name| u64::from(name.in_flight)).sum(),
                waiting: names.values().map(|name| name.waiting).sum(),
                cpu: self.cpu(&sample),
                rss: process.resident_bytes.unwrap_or(0),
                rates: self.rates_of_all(&sample),
            },
            workers,
            departed: shared.departures.last().into_iter().map(DepartureInfo::from).collect(),
            names: names.into_values().collect(),
            routes,
        };
        // Structs of strings and numbers always serialise.
        let text = serde_json::to_string(&snapshot).unwrap_or_default();
        if self.samples.len() == WINDOW {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
        text
    }

    fn worker<'s>(
        &self,
        instance: &'s Instance,
        registrations: &'s [Arc<Registration>],
        sample: &Sample,
        clock_ns: u64,
    ) -> WorkerInfo<'s> {
        let id = instance.who.id;
        let cells = Cells::of(instance, clock_ns);
        let counts = instance.metrics.counts();
        // Several of one name share its line.
        let lines: HashMap<_, _> =
            registrations.iter().map(|own| (own.service.name(), own.service.queue.len())).collect();
        let waiting = lines.values().sum();
        let rates = self.rates(sample, |sample| sample.workers.get(&id));
        let since = |at_ns: u64| Duration::from_nanos(clock_ns.saturating_sub(at_ns));
        let (level, say) = judge(&Look {
            standing: instance.standing(),
            slots: cells.slots,
            in_use: cells.in_use,
            owed: cells.owed,
            stuck: cells.stuck,
            owed_for: cells.owed_for,
            answered: (counts.answered_ns > 0).then(|| since(counts.answered_ns)),
            p99: counts.worker.quantile(0.99),
            answers: rates.rps,
            errors: rates.eps,
            waiting,
            misses: instance.misses(),
        });
        WorkerInfo {
            id,
            pid: instance.who.pid,
            sdk: &instance.who.sdk,
            names: registrations.iter().map(|own| own.service.name()).collect(),
            level,
            say,
            slots: cells.slots,
            in_use: cells.in_use,
            cells: cells.text,
            waiting,
            answers: counts.worker.count(),
            errors: counts.errors,
            rates,
        }
    }

    /// What came in the last seconds of something that is counted.
    fn rates<'a>(
        &'a self,
        now: &'a Sample,
        of: impl Fn(&'a Sample) -> Option<&'a Counts>,
    ) -> Rates {
        let none = Counts::default();
        let count = of(now).unwrap_or(&none);
        // Whoever was not there yet had counted nothing.
        let before = |samples: usize| {
            let back = self.samples.len().checked_sub(samples.min(self.samples.len()));
            self.samples.get(back.unwrap_or(0))
        };
        let rate = |field: fn(&Counts) -> u64| match before(RATE) {
            Some(sample) => {
                let seconds = (now.at - sample.at).as_secs_f64().max(1e-3);
                let then = of(sample).map_or(0, field);
                round(field(count).saturating_sub(then) as f64 / seconds)
            }
            None => 0.0,
        };
        let window = match before(WINDOW) {
            Some(sample) => count.times.since(of(sample).map_or(&none.times, |then| &then.times)),
            None => Distribution::default(),
        };
        Rates {
            rps: rate(|counts| counts.count),
            eps: rate(|counts| counts.errors),
            ms: Percentiles::of(&window),
        }
    }

    fn rates_of_all(&self, now: &Sample) -> Rates {
        let sums: Vec<Counts> = self.samples.iter().chain([now]).map(Sample::all_routes).collect();
        let Some((last, before)) = sums.split_last() else {
            return Rates { rps: 0.0, eps: 0.0, ms: Percentiles::of(&Distribution::default()) };
        };
        let samples = before.len();
        let then = before.get(samples.saturating_sub(RATE));
        let seconds = self.samples.get(samples.saturating_sub(RATE)).map(|s| now.at - s.at);
        let rate = |field: fn(&Counts) -> u64| match (then, seconds) {
            (Some(then), Some(time)) => {
                round(field(last).saturating_sub(field(then)) as f64 / time.as_secs_f64().max(1e-3))
            }
            _ => 0.0,
        };
        let window = before.first().map(|first| last.times.since(&first.times));
        Rates {
            rps: rate(|counts| counts.count),
            eps: rate(|counts| counts.errors),
            ms: Percentiles::of(&window.unwrap_or_default()),
        }
    }

    /// The time that rates are of.
    fn rated(&self, now: Instant) -> Option<Duration> {
        let back = self.samples.len().saturating_sub(RATE);
        self.samples.get(back).map(|sample| now - sample.at)
    }

    fn cpu(&self, now: &Sample) -> f64 {
        let back = self.samples.len().saturating_sub(RATE);
        let Some(then) = self.samples.get(back) else { return 0.0 };
        let seconds = (now.at - then.at).as_secs_f64().max(1e-3);
        round(100.0 * (now.cpu_seconds - then.cpu_seconds) / seconds)
    }
}

impl Sample {
    /// The sum over all routes.
    fn all_routes(&self) -> Counts {
        self.routes.iter().fold(Counts::default(), |mut sum, route| {
            sum.times.merge(&route.times);
            sum.count += route.count;
            sum.errors += route.errors;
            sum
        })
    }
}

impl Counts {
    fn of_worker(instance: &Arc<Instance>) -> Counts {
        let counts = instance.metrics.counts();
        Counts { count: counts.worker.count(), errors: counts.errors, times: counts.worker }
    }

    fn of_route(route: &RouteMetrics) -> Counts {
        let counts = route.counts();
        let (count, errors) = counts.statuses.sums();
        Counts { times: counts.total, count, errors }
    }
}

impl From<Departure> for DepartureInfo {
    fn from(departure: Departure) -> DepartureInfo {
        let Departure { at, worker, pid, names, reason, detail } = departure;
        DepartureInfo {
            id: worker,
            pid,
            names,
            at_ms: since_1970(at),
            level: judge_departure(reason),
            reason: reason.name(),
            evicted: reason.is_eviction(),
            detail,
        }
    }
}

fn since_1970(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}

/// One digit is enough.
fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
