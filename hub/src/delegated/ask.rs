//! An exchange of the hub's own: it tells a worker of a client that is there, or that is not
//! any more.
//!
//! It takes a slot like any request, in the same line and within the same limits, so that a
//! worker sees no more at a time than it said it can.

use std::borrow::Cow;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use http::Method;
use percent_encoding::percent_decode;
use slotway_core::head::{HeadTooLong, RequestLine, ResponseHead};
use tokio::time::{Instant, sleep, timeout_at};

use super::client::{Client, Heard, Path};
use super::head::Head;
use super::{CONNECTION, SSE, Word};
use crate::exchange::{Answer, Exchange};
use crate::front::{Chosen, choose};
use crate::registry::{Live, Place};
use crate::routing::Found;
use crate::service::Service;
use crate::shared::Shared;
use crate::wait_queue::Turn;

/// How long to stay away from a line that is as long as it may be.
const LINE_FULL: Duration = Duration::from_millis(25);
/// Bytes that the codec needs for a head besides its strings, generously.
const FIXED_BYTES: usize = 256;
const RECORD_BYTES: usize = 6;
/// The bytes of a worker's answer that are looked at: a head that is longer says nothing.
const ANSWER_BYTES_MAX: usize = 128 << 10;

/// Whom it is about.
#[derive(Debug)]
pub(super) struct Subject<'s> {
    pub(super) id: u64,
    pub(super) head: &'s Head,
    pub(super) path: &'s Path,
    /// The client, if it is there.
    pub(super) client: Option<&'s Arc<Client>>,
}

/// The values of a path's parameters, in the pattern's order.
type Values<'v> = Vec<Cow<'v, [u8]>>;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// The worker answered with this status.
    Answered(u16),
    /// No live instance has the route.
    Nowhere,
    /// None had a slot in time.
    NoSlot,
    /// The worker went and never saw it.
    Unseen,
    /// The worker went with it.
    Lost,
    /// The worker did not answer in time, or not in a way that can be read.
    Late,
}

/// One look at who could be asked.
enum Opened {
    Slot(Exchange),
    Busy(Arc<Service>, bool),
    Not(Asked),
}

/// Asks: the worker at `place`, or any that has the route by now.
pub(super) async fn ask(
    shared: &Shared,
    word: Word,
    subject: &Subject<'_>,
    place: Option<&Place>,
) -> Asked {
    let begun = Instant::now();
    let (wait, request) = {
        let times = &shared.config().times;
        (times.wait, times.request)
    };
    let far = || begun + Duration::from_secs(86_400 * 365);
    let due = begun.checked_add(request).unwrap_or_else(far);
    let wait_until = begun.checked_add(wait).unwrap_or_else(far).min(due);
    let mut turn: Option<(Turn, Arc<Service>)> = None;
    let exchange = loop {
        match open(shared, word, subject, place, due, turn.is_some()) {
            Opened::Slot(exchange) => break exchange,
            Opened::Not(asked) => return asked,
            Opened::Busy(service, pass) => {
                // A new table may have made it another line.
                turn = turn.filter(|(_, own)| Arc::ptr_eq(own, &service));
                let entered = match turn.take() {
                    Some((turn, _)) => {
                        if pass {
                            turn.pass();
                        }
                        Some(turn)
                    }
                    None => service.queue.enter().ok(),
                };
                let Some(in_line) = entered else {
                    if Instant::now() >= wait_until {
                        return Asked::NoSlot;
                    }
                    sleep(LINE_FULL).await;
                    continue;
                };
                if timeout_at(wait_until, in_line.called()).await.is_err() {
                    return Asked::NoSlot;
                }
                turn = Some((in_line, service));
            }
        }
    };
    drop(turn);
    let taken = Instant::now();
    exchange.taken_at(shared.metrics.clock_ns(taken));
    answered(shared, exchange, taken, due).await
}

fn open(
    shared: &Shared,
    word: Word,
    subject: &Subject<'_>,
    place: Option<&Place>,
    due: Instant,
    in_line: bool,
) -> Opened {
    let table = shared.registry.live();
    let found;
    let (places, values) = match place {
        Some(place) => {
            let values = subject.path.values.iter().map(|value| Cow::Borrowed(&**value));
            (std::slice::from_ref(place), values.collect::<Values<'_>>())
        }
        None => {
            let Some((places, values)) = find(&table, subject) else {
                return Opened::Not(Asked::Nowhere);
            };
            found = places;
            (&found[..], values)
        }
    };
    if !in_line
        && let Some(place) = places.first()
        && !place.registration.service.queue.is_empty()
    {
        return Opened::Busy(place.registration.service.clone(), false);
    }
    let (mut exchange, place) = match choose(places, in_line) {
        Chosen::Slot(exchange, place) => (exchange, place),
        Chosen::Busy { service, pass } => return Opened::Busy(service.clone(), pass),
        Chosen::NoMemory => return Opened::Not(Asked::NoSlot),
        Chosen::NoneLive => return Opened::Not(Asked::Nowhere),
    };
    let due_ns = shared.metrics.monotonic_ns(due);
    if let Err(asked) = encode(&exchange, word, subject, place, &values, due_ns) {
        return Opened::Not(asked);
    }
    if let Some(client) = subject.client {
        // Before it can hear of it.
        let owner = shared.delegated.owner(&client.path.name, &place.registration);
        client.set_heard(Some(Heard { owner, route: place.route }));
        exchange.hold_client(client.clone());
    }
    match exchange.publish() {
        Ok(()) => Opened::Slot(exchange),
        Err(_) => {
            if let Some(client) = subject.client {
                client.unheard();
            }
            Opened::Not(Asked::Unseen)
        }
    }
}

/// The places of the name that have the route now, and the values of its parameters.
fn find<'t>(table: &'t Live, subject: &'t Subject<'_>) -> Option<(Vec<Place>, Values<'t>)> {
    let found = table.find(subject.head.host(), &Method::GET, &subject.head.path);
    let Found::Route { target, params } = found else { return None };
    let ours = |place: &&Place| {
        place.registration.service.name() == &*subject.path.name && place.route().sse
    };
    let places: Vec<_> = target.places.iter().filter(ours).cloned().collect();
    let values = params.iter().map(|(_, value)| percent_decode(value.as_bytes()).into());
    let values = values.collect();
    (!places.is_empty()).then_some((places, values))
}

fn encode(
    exchange: &Exchange,
    word: Word,
    subject: &Subject<'_>,
    place: &Place,
    values: &[Cow<'_, [u8]>],
    due_ns: u64,
) -> Result<(), Asked> {
    let Subject { id, head, path, client } = *subject;
    let pattern = match &place.route().pattern {
        // The values of a client that is gone were found with its path's.
        current if client.is_none() && current.shape() != path.pattern.shape() => &path.pattern,
        current => current,
    };
    let last = client.and_then(|client| client.last_event_id());
    let strings = head.bytes() + last.as_ref().map_or(0, |last| last.len());
    let names = pattern.text().len() * 2 + head.path.len();
    let records = head.headers().count() + values.len() + 4;
    let bytes = FIXED_BYTES + strings + names + records * RECORD_BYTES;
    exchange.reserve_head(bytes).map_err(|_| Asked::NoSlot)?;
    let line = RequestLine {
        method: b"GET",
        path: head.path.as_bytes(),
        query: head.query.as_deref().map(str::as_bytes),
        route: pattern.text().as_bytes(),
        registration: place.registration.id,
        route_index: place.route,
        deadline_ns: due_ns,
        content_length: Some(0),
        http_version: head.http_version,
        peer: head.peer,
        trace: head.trace,
    };
    let encoded = exchange.encode_head(&line, |encoder| {
        for (name, value) in pattern.names().iter().zip(values) {
            encoder.param(name, value)?;
        }
        encoder.header(SSE.as_bytes(), word.text().as_bytes())?;
        encoder.header(CONNECTION.as_bytes(), id.to_string().as_bytes())?;
        if word == Word::Disconnect {
            return Ok(());
        }
        // What it had when it came is old by now.
        if let Some(last) = &last {
            encoder.header(b"last-event-id", last.as_bytes())?;
        }
        for (name, value) in head.headers() {
            if last.is_none() || name != b"last-event-id" {
                encoder.header(name, value)?;
            }
        }
        Ok(())
    });
    // Another instance's slots may have room for it.
    encoded.map_err(|HeadTooLong { .. }| Asked::Nowhere)?;
    exchange.end_request();
    Ok(())
}

async fn answered(shared: &Shared, mut exchange: Exchange, taken: Instant, due: Instant) -> Asked {
    let mut again = false;
    loop {
        let answer = timeout_at(due, poll_fn(|cx| exchange.poll_answer(cx, false))).await;
        match answer {
            Ok(Answer::Head { length, .. }) => {
                let now = Instant::now();
                let worker_ns = u64::try_from((now - taken).as_nanos()).unwrap_or(u64::MAX);
                let clock_ns = shared.metrics.clock_ns(now);
                exchange.instance().metrics.answered(worker_ns, clock_ns);
                return status(&exchange, length as usize).map_or(Asked::Late, Asked::Answered);
            }
            Ok(Answer::Unseen) => match exchange.withdraw() {
                Ok(()) => return Asked::Unseen,
                // It was claimed in the last moment: look again, once.
                Err(back) if !again => (exchange, again) = (back, true),
                Err(_) => return Asked::Lost,
            },
            Ok(Answer::Lost) => return Asked::Lost,
            Err(_) => {
                exchange.instance().metrics.failed();
                return Asked::Late;
            }
        }
    }
}

fn status(exchange: &Exchange, length: usize) -> Option<u16> {
    if !(1..=ANSWER_BYTES_MAX).contains(&length) {
        return None;
    }
    exchange.reserve_head(length).ok()?;
    let bytes = exchange.copy_answer(length, 0).ok()?;
    Some(ResponseHead::parse(&bytes).ok()?.status())
}
