//! Before an exchange: find the route, take a slot, stand in line if there is none.

use std::sync::Arc;
use std::time::Duration;

use http::header::ALLOW;
use http::{HeaderValue, Method, Response, StatusCode};
use tokio::time::timeout_at;

use super::body::Kind;
use super::choose::{Chosen, choose};
use super::limits::Limits;
use super::record::Record;
use super::request::{NotEncoded, Request};
use crate::delegated::{Connecting, HeadTooLong, TooMany};
use crate::exchange::Exchange;
use crate::gate::{Gate, Refused};
use crate::problem::{self, Problem};
use crate::registry::Place;
use crate::routing::{Found, Params};
use crate::service::Service;
use crate::shared::Shared;
use crate::wait_queue::Turn;

/// When no worker is there: the hint to the client. A restart takes about that long.
const RETRY_NO_WORKER: Duration = Duration::from_millis(250);

/// When as many clients stay as may: they leave by the minute, not by the millisecond.
const RETRY_TOO_MANY: Duration = Duration::from_secs(5);

/// Where a request goes.
pub(super) enum Slot {
    /// To a worker: the slot holds its head.
    Exchange {
        /// The slot.
        exchange: Exchange,
        /// Whether the route says that a second attempt does no harm.
        idempotent: bool,
        /// The client that is to stay, if it is one.
        connecting: Option<Box<Connecting>>,
    },
    /// Back, at once.
    Reply(Response<Kind>),
}

/// What one look at the routing table came to.
enum Opened {
    Slot(Slot),
    Busy {
        service: Arc<Service>,
        /// Not every instance of the service has this route: others may be luckier.
        pass: bool,
    },
    /// As many are in flight as the route's rule allows.
    Gated(Arc<Gate>),
}

/// Answers at once what no worker has to see.
pub(super) fn refuse(
    shared: &Shared,
    request: &Request<'_>,
    limits: &mut Limits,
    record: &mut Record,
) -> Result<Option<Response<Kind>>, Problem> {
    let table = shared.registry.live();
    match table.find(request.host(), request.method(), request.path()) {
        Found::Route { target, .. } => {
            record.set_route(target.counted);
            limits.follow(target.rule.as_ref());
            Ok(None)
        }
        other => no_route(request, &other).map(Some),
    }
}

/// Whether a live instance has the route.
pub(super) fn is_served(shared: &Shared, request: &Request) -> bool {
    match shared.registry.live().find(request.host(), request.method(), request.path()) {
        Found::Route { target, .. } => {
            target.places.iter().any(|place| place.registration.instance.is_live())
        }
        _ => false,
    }
}

fn no_route<P>(request: &Request<'_>, found: &Found<'_, '_, P>) -> Result<Response<Kind>, Problem> {
    let (method, path) = (request.method(), request.path());
    match found {
        Found::Options(allow) => Ok(options((*allow).clone())),
        // OPTIONS * asks about the server as a whole (RFC 9110, section 9.3.7).
        _ if path == "*" && *method == Method::OPTIONS => {
            Ok(options(HeaderValue::from_static("OPTIONS")))
        }
        Found::NotAllowed(allow) => {
            let detail = format!("{path} does not have the method {method}.");
            Err(Problem::new(problem::Kind::MethodNotAllowed, detail).allow((*allow).clone()))
        }
        _ => Err(Problem::new(problem::Kind::NoRoute, format!("No worker has registered {path}."))),
    }
}

fn options(allow: HeaderValue) -> Response<Kind> {
    let mut response = Response::new(Kind::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().insert(ALLOW, allow);
    response
}

/// Finds the route and takes a slot, in line if it has to be.
pub(super) async fn slot(
    shared: &Shared,
    request: &Request<'_>,
    limits: &mut Limits,
    record: &mut Record,
) -> Result<Slot, Problem> {
    let mut turn: Option<(Turn, Arc<Service>)> = None;
    loop {
        match open(shared, request, limits, record, turn.is_some())? {
            Opened::Busy { service, pass } => {
                // A new table may have made it another line.
                turn = turn.filter(|(_, own)| Arc::ptr_eq(own, &service));
                let in_line = match turn.take() {
                    Some((turn, _)) => {
                        if pass {
                            turn.pass();
                        }
                        turn
                    }
                    None => service.queue.enter().map_err(|_| queue_full(&service))?,
                };
                if timeout_at(limits.wait_until(), in_line.called()).await.is_err() {
                    return Err(wait_timeout(&service));
                }
                turn = Some((in_line, service));
            }
            Opened::Gated(gate) => match gate.enter(limits.wait_until()).await {
                Ok(pass) => limits.pass(pass),
                Err(refused) => return Err(not_let_in(request, &gate, refused)),
            },
            Opened::Slot(slot) => return Ok(slot),
        }
    }
}

/// One look at the table, without waiting.
fn open(
    shared: &Shared,
    request: &Request<'_>,
    limits: &mut Limits,
    record: &mut Record,
    in_line: bool,
) -> Result<Opened, Problem> {
    let table = shared.registry.live();
    let found = table.find(request.host(), request.method(), request.path());
    let (target, params) = match found {
        Found::Route { target, params } => (target, params),
        other => return no_route(request, &other).map(Slot::Reply).map(Opened::Slot),
    };
    record.set_route(target.counted);
    limits.follow(target.rule.as_ref());
    if let Some(gate) = limits.gated() {
        match gate.try_enter() {
            Some(pass) => limits.pass(pass),
            None => return Ok(Opened::Gated(gate)),
        }
    }
    // Whoever comes later must not overtake whoever waits.
    if !in_line
        && let Some(place) = target.places.first()
        && !place.registration.service.queue.is_empty()
    {
        let service = place.registration.service.clone();
        return Ok(Opened::Busy { service, pass: false });
    }
    let (mut exchange, place) = match choose(&target.places, in_line) {
        Chosen::Slot(exchange, place) => (exchange, place),
        Chosen::Busy { service, pass } => {
            return Ok(Opened::Busy { service: service.clone(), pass });
        }
        Chosen::NoMemory => return Err(no_memory()),
        Chosen::NoneLive => return Err(no_worker(request)),
    };
    let connecting = match place.route().sse && *request.method() == Method::GET {
        true => Some(connect(shared, request, place, &params)?),
        false => None,
    };
    let connection = connecting.as_ref().map(|connecting| connecting.client().id());
    match request.encode(&exchange, place, &params, limits.due_ns(), connection) {
        Ok(()) => {
            record.took(&exchange, in_line);
            exchange.hold(limits.held());
            if let Some(connecting) = &connecting {
                exchange.hold_client(connecting.client().clone());
            }
            let idempotent = limits.is_idempotent(place.route().idempotent);
            Ok(Opened::Slot(Slot::Exchange { exchange, idempotent, connecting }))
        }
        Err(NotEncoded::NoMemory) => Err(no_memory()),
        Err(NotEncoded::TooLong) => Err(Problem::new(
            problem::Kind::HeadTooLarge,
            "The request's head does not fit into the slots of the worker; send fewer or \
             shorter headers.",
        )),
    }
}

/// The client is to stay: it is there before its worker hears of it.
fn connect(
    shared: &Shared,
    request: &Request<'_>,
    place: &Place,
    params: &Params<'_, '_>,
) -> Result<Box<Connecting>, Problem> {
    let head = request.keep().map_err(|HeadTooLong| {
        Problem::new(
            problem::Kind::HeadTooLarge,
            "The request's headers are more than the hub keeps for a client that stays; send \
             fewer or shorter ones.",
        )
    })?;
    let values = params.iter().map(|(_, value)| Request::decoded(value).into());
    let (values, config) = (values.collect(), shared.config());
    let (book, streams) = (&shared.delegated, &shared.streams);
    match book.connect(place, values, head, &config, streams) {
        Ok(connecting) => Ok(Box::new(connecting)),
        Err(TooMany(most)) => {
            let detail = format!("{most} clients stay for what workers push, as many as may.");
            let problem = Problem::new(problem::Kind::TooManyStreams, detail);
            Err(problem.retry_after(RETRY_TOO_MANY))
        }
    }
}

fn not_let_in(request: &Request<'_>, gate: &Gate, refused: Refused) -> Problem {
    let (path, limit) = (request.path(), gate.limit());
    let problem = match refused {
        Refused::Full => {
            let waiting = gate.queue.len();
            let detail = format!(
                "{limit} requests like {path} are in flight, as many as may, and {waiting} wait."
            );
            Problem::new(problem::Kind::QueueFull, detail)
        }
        Refused::Late => {
            let detail = format!("{limit} requests like {path} were in flight all the time.");
            Problem::new(problem::Kind::WaitTimeout, detail)
        }
    };
    problem.retry_after(gate.queue.retry_after())
}

fn queue_full(service: &Service) -> Problem {
    let waiting = service.queue.len();
    let detail = format!("{waiting} requests already wait for {}.", service.name());
    Problem::new(problem::Kind::QueueFull, detail).retry_after(service.queue.retry_after())
}

fn wait_timeout(service: &Service) -> Problem {
    let detail = format!("No instance of {} was free in time.", service.name());
    Problem::new(problem::Kind::WaitTimeout, detail).retry_after(service.queue.retry_after())
}

fn no_worker(request: &Request) -> Problem {
    let detail = format!("No live worker serves {} now.", request.path());
    Problem::new(problem::Kind::NoWorker, detail).retry_after(RETRY_NO_WORKER)
}

fn no_memory() -> Problem {
    Problem::new(problem::Kind::NoMemory, "There is no memory for a slot on this machine now.")
        .retry_after(RETRY_NO_WORKER)
}
