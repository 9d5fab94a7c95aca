//! The tables of a look: workers, programs that are kept alive, task queues.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use super::model::{Care, Level, Program, Registration, Status, Supervised, TaskQueue, Worker};
use super::paint::{Paint, Piece, piece};
use super::table::{Column, Table};
use super::words;

/// What workers are sorted by; sick ones come first in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Order {
    Name,
    Rate,
    Latency,
    InFlight,
    Failures,
}

impl Order {
    /// What comes after it.
    pub(in crate::cli) fn next(self) -> Order {
        match self {
            Order::Name => Order::Rate,
            Order::Rate => Order::Latency,
            Order::Latency => Order::InFlight,
            Order::InFlight => Order::Failures,
            Order::Failures => Order::Name,
        }
    }

    /// In words.
    pub(in crate::cli) fn words(self) -> &'static str {
        match self {
            Order::Name => "name",
            Order::Rate => "requests/s",
            Order::Latency => "p99",
            Order::InFlight => "in flight",
            Order::Failures => "failures",
        }
    }
}

const fn left(title: &'static str, rank: u8) -> Column {
    Column { title, right: false, rank }
}

const fn right(title: &'static str, rank: u8) -> Column {
    Column { title, right: true, rank }
}

const WORKERS: &[Column] = &[
    left("NAME", 0),
    left("INSTANCE", 6),
    right("PID", 3),
    right("SLOTS", 2),
    right("FLIGHT", 7),
    right("REQ/S", 0),
    right("P50", 4),
    right("P99", 1),
    right("FAILED", 5),
    left("SDK", 9),
    left("QUEUES", 8),
    left("STATE", 0),
];

const PROGRAMS: &[Column] = &[
    left("PROGRAM", 2),
    left("INSTANCE", 0),
    right("PID", 3),
    right("FOR", 4),
    right("RESTARTS", 1),
    left("STATE", 0),
];

const QUEUES: &[Column] = &[
    left("QUEUE", 0),
    right("WORKERS", 4),
    right("WAITING", 0),
    right("OLDEST", 1),
    right("AT WORK", 0),
    right("DONE", 0),
    right("FAILED", 0),
    right("RETRIED", 3),
    right("REJECTED", 2),
];

/// One row of the workers.
struct Row<'s> {
    level: Level,
    name: &'s str,
    worker: &'s Worker,
    registration: Option<&'s Registration>,
}

impl Row<'_> {
    fn in_flight(&self) -> u32 {
        self.registration.map_or(0, |known| known.in_flight)
    }

    fn rps(&self) -> f64 {
        match self.registration {
            // Alone it has what its process has, of a few seconds and not of one.
            Some(known) if self.worker.registrations.len() > 1 => known.rps.unwrap_or(0.0),
            _ => self.worker.rps,
        }
    }

    fn state(&self) -> (Paint, String) {
        let say = &self.worker.say;
        match self.level {
            Level::Sick => (Paint::Bad, format!("sick: {say}")),
            Level::Warn => (Paint::Odd, format!("look: {say}")),
            Level::Leaving if say.starts_with("draining") => (Paint::Leaving, say.clone()),
            Level::Leaving => (Paint::Leaving, "draining".to_owned()),
            Level::Ok if self.registration.is_none() => {
                (Paint::Faint, "connected, serves nothing".to_owned())
            }
            Level::Ok => (Paint::Good, "live".to_owned()),
        }
    }
}

/// The workers, one row for each registration: sick ones first, and those that wait for
/// approval before those that are well.
pub(in crate::cli) fn workers(status: &Status, order: Order) -> Table {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for worker in &status.workers {
        let waits =
            || status.waiting_for_approval.iter().flatten().any(|one| one.worker == worker.id);
        if worker.registrations.is_empty() && !waits() {
            let name = worker.names.first().map_or("-", String::as_str);
            rows.push(Row { level: worker.level, name, worker, registration: None });
        }
        for known in &worker.registrations {
            let name = if known.identity.is_empty() { &known.name } else { &known.identity };
            let leaving = known.closing && worker.level == Level::Ok;
            let level = if leaving { Level::Leaving } else { worker.level };
            rows.push(Row { level, name, worker, registration: Some(known) });
        }
    }
    let p99 = |row: &Row<'_>| row.worker.ms.p99.unwrap_or(0.0);
    rows.sort_by(|one, other| {
        let by_order = match order {
            Order::Name => std::cmp::Ordering::Equal,
            Order::Rate => other.rps().total_cmp(&one.rps()),
            Order::Latency => p99(other).total_cmp(&p99(one)),
            Order::InFlight => other.in_flight().cmp(&one.in_flight()),
            Order::Failures => other.worker.errors.cmp(&one.worker.errors),
        };
        let rest = one.name.cmp(other.name).then(one.worker.id.cmp(&other.worker.id));
        one.level.cmp(&other.level).then(by_order).then(rest)
    });
    let ill = rows.iter().take_while(|row| row.level <= Level::Warn).count();
    let mut cells: Vec<_> = rows.iter().map(worker_row).collect();
    let waiting = status.waiting_for_approval.iter().flatten().map(|waiting| {
        let mut row = vec![piece("-", Paint::Faint); WORKERS.len()];
        let ask = format!("waiting for approval: slotway approve {}", waiting.identity);
        row[0] = piece(&waiting.identity, Paint::Odd);
        row[2] = number(waiting.pid);
        row[9] = text(&waiting.sdk);
        row[11] = piece(ask, Paint::Odd);
        row
    });
    cells.splice(ill..ill, waiting);
    Table { columns: WORKERS, rows: cells }
}

fn worker_row(row: &Row<'_>) -> Vec<Piece> {
    let Row { worker, registration, .. } = row;
    let (paint, state) = row.state();
    let (flight, queues) = match registration {
        Some(known) => {
            let names: Vec<_> = known.queues.iter().map(|of| of.queue.as_str()).collect();
            (known.in_flight.to_string(), names.join(","))
        }
        None => ("-".to_owned(), String::new()),
    };
    let named = if row.level <= Level::Warn { paint } else { Paint::Plain };
    let full = worker.in_use >= worker.slots && worker.slots > 0;
    let slots = format!("{}/{}", worker.in_use, worker.slots);
    let failed = if worker.errors > 0 { Paint::Odd } else { Paint::Plain };
    vec![
        piece(row.name, named),
        text(worker.instance.as_deref().unwrap_or_default()),
        number(worker.pid),
        piece(slots, if full { Paint::Odd } else { Paint::Plain }),
        piece(flight, Paint::Plain),
        piece(words::rate(row.rps()), Paint::Plain),
        piece(words::ms(worker.ms.p50), Paint::Plain),
        piece(words::ms(worker.ms.p99), Paint::Plain),
        piece(worker.errors.to_string(), failed),
        text(&worker.sdk),
        text(&queues),
        piece(state, paint),
    ]
}

/// What the supervisor keeps alive: a row for each program, and before those that are well
/// one for each process that is not.
pub(in crate::cli) fn programs(status: &Status) -> Option<Table> {
    let programs = status.supervisor.as_ref().filter(|programs| !programs.is_empty())?;
    let ill = programs.iter().flat_map(|program| {
        let ill = program.instances.iter().filter(|one| one.care() != Care::Ready);
        ill.map(move |one| (program, one))
    });
    let mut ill: Vec<_> = ill.collect();
    ill.sort_by_key(|(program, one)| (one.care(), Reverse(one.restarts), &program.name));
    let mut rows: Vec<_> = ill.into_iter().map(|(program, one)| ill_row(program, one)).collect();
    let mut programs: Vec<_> = programs.iter().collect();
    programs.sort_by_key(|program| (program.ready() >= program.wanted as usize, &program.name));
    rows.extend(programs.into_iter().map(program_row));
    Some(Table { columns: PROGRAMS, rows })
}

fn ill_row(program: &Program, one: &Supervised) -> Vec<Piece> {
    let last = one.last_exit.as_deref();
    let (paint, words) = match (one.care(), last) {
        (Care::CrashLoop, Some(last)) => (Paint::Bad, format!("crash loop: {last}")),
        (Care::Backoff, Some(last)) => (Paint::Bad, format!("backoff: {last}")),
        (Care::CrashLoop | Care::Backoff, None) => (Paint::Bad, one.state.clone()),
        (Care::Starting, Some(last)) => (Paint::Odd, format!("starting; before, {last}")),
        (Care::Starting, None) => (Paint::Odd, one.state.clone()),
        (Care::Stopping | Care::Ready, _) => (Paint::Leaving, one.state.clone()),
    };
    vec![
        piece(&program.name, paint),
        piece(&one.instance, paint),
        number(one.pid),
        piece(words::span(Duration::from_millis(one.since_ms)), Paint::Plain),
        piece(one.restarts.to_string(), Paint::Plain),
        piece(words, paint),
    ]
}

fn program_row(program: &Program) -> Vec<Piece> {
    let ready = program.ready();
    let restarts: BTreeMap<_, _> =
        program.instances.iter().map(|one| (&one.instance, one.restarts)).collect();
    let (paint, word) = match (ready, program.wanted as usize) {
        (0, 0) => (Paint::Faint, "none wanted"),
        (0, _) => (Paint::Bad, "none is ready"),
        (ready, wanted) if ready < wanted => (Paint::Odd, "some are ready"),
        _ => (Paint::Good, "ready"),
    };
    vec![
        piece(&program.name, Paint::Plain),
        piece(format!("{ready} of {}", program.wanted), Paint::Plain),
        piece("-", Paint::Faint),
        piece("-", Paint::Faint),
        piece(restarts.values().sum::<u64>().to_string(), Paint::Plain),
        piece(word, paint),
    ]
}

/// The task queues: those in which something waits first.
pub(in crate::cli) fn queues(status: &Status) -> Option<Table> {
    let mut queues: Vec<_> =
        status.queues.as_ref().filter(|queues| !queues.is_empty())?.iter().collect();
    queues.sort_by_key(|queue| (queue.workers > 0, Reverse(queue.waiting), &queue.queue));
    Some(Table { columns: QUEUES, rows: queues.into_iter().map(queue_row).collect() })
}

fn queue_row(queue: &TaskQueue) -> Vec<Piece> {
    let waits = match queue.waiting {
        0 => Paint::Plain,
        waiting if waiting >= queue.waiting_max => Paint::Bad,
        _ => Paint::Odd,
    };
    let odd = |count: u64| if count > 0 { Paint::Odd } else { Paint::Plain };
    // The hub counts those that wait, too.
    let at_work = queue.in_flight.saturating_sub(queue.waiting);
    let none = if queue.workers == 0 { Paint::Bad } else { Paint::Plain };
    vec![
        piece(&queue.queue, none),
        piece(queue.workers.to_string(), none),
        piece(format!("{}/{}", queue.waiting, queue.waiting_max), waits),
        piece(words::ms(queue.oldest_wait_ms.filter(|_| queue.waiting > 0)), waits),
        piece(format!("{at_work}/{}", queue.capacity), Paint::Plain),
        piece(queue.completed.to_string(), Paint::Plain),
        piece(queue.failed.to_string(), odd(queue.failed)),
        piece(queue.retried.to_string(), odd(queue.retried)),
        piece(queue.rejected.to_string(), odd(queue.rejected)),
    ]
}

/// A text; a column in which nothing stands would shift those after it.
fn text(text: &str) -> Piece {
    if text.is_empty() { piece("-", Paint::Faint) } else { piece(text, Paint::Plain) }
}

fn number(number: Option<u32>) -> Piece {
    number.map_or_else(|| text(""), |number| piece(number.to_string(), Paint::Plain))
}
