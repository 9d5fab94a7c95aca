//! One request, from hyper and back.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::response::IntoResponse;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG};
use http::request::Parts;
use http::{Method, Response, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::time::Instant;
use tracing::warn;

use super::access::Access;
use super::admit::{Slot, is_served, refuse, slot};
use super::body::{Body, Kind};
use super::compression::Wish;
use super::connection::Peer;
use super::cors::{Grant, preflight};
use super::events;
use super::forwarded::Tells;
use super::limits::Limits;
use super::pace::{Busy, Pace, Said};
use super::queues;
use super::record::Record;
use super::request::{HEADERS_KEPT_MAX, Origin, Request};
use super::request_id::{RequestId, X_REQUEST_ID};
use super::response::{Answered, BadAnswer, respond};
use crate::delegated::Connecting;
use crate::exchange::{Answer, Exchange, Upload, Uploaded, drain};
use crate::health::Page;
use crate::instance::NoSlot;
use crate::metrics::RouteId;
use crate::problem::{self, Problem};
use crate::shared::Shared;
use crate::sse;

/// When a client has as many requests in flight as it may: the hint to it.
const RETRY_CLIENT: Duration = Duration::from_millis(250);

/// The other end of a connection, as one request sees it.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) peer: Peer,
    pub(super) pace: Arc<Pace>,
}

/// Answers one request. The connection has been busy since hyper had the request's head.
///
/// What is large is lent all the way down: an async function holds what it is given twice,
/// and every level's copy would be one of some hundred bytes for each request.
pub(super) async fn handle(
    shared: &Shared,
    client: &Client,
    busy: Busy,
    parts: &mut Parts,
    body: Incoming,
) -> Response<Body> {
    let mut record = Record::begin(busy, &parts.method);
    let version = parts.version;
    let Peer { address, via } = &client.peer;
    let (trusted, tells, grant, wish) = {
        let config = shared.config();
        let (method, headers) = (&parts.method, &parts.headers);
        let grant = config.cors.as_ref().map(|cors| Grant::of(cors, headers));
        let wish = config.compression.enabled.then(|| Wish::of(method, headers));
        (via.is_trusted(&config.forwarded), Tells::of(&config.forwarded), grant, wish)
    };
    let id = RequestId::of(&parts.headers, trusted);
    let origin = Origin { peer: *address, via, trusted, tells, id };
    let mut response = answer(shared, client, parts, body, &origin, &mut record).await;
    if let Some(wish) = wish {
        let config = shared.config();
        response = wish.grant(&config.compression, &shared.compressions, response);
    }
    if let Some(grant) = grant
        && let Some(cors) = &shared.config().cors
    {
        grant.write(cors, response.headers_mut());
    }
    if tells.request_id {
        response.headers_mut().insert(X_REQUEST_ID, origin.id.value());
    }
    client.pace.set_large_map(response.headers().len() > HEADERS_KEPT_MAX);
    record.set_status(response.status());
    let response = response.map(|kind| Body::new(kind, record));
    client.pace.say(said(version, response.body()));
    response
}

/// In what form hyper will send a response with this body.
fn said(version: Version, body: &Body) -> Said {
    let chunked =
        version == Version::HTTP_11 && !body.is_end_stream() && body.size_hint().exact().is_none();
    if chunked { Said::Chunks } else { Said::Some }
}

async fn answer(
    shared: &Shared,
    client: &Client,
    parts: &mut Parts,
    body: Incoming,
    origin: &Origin<'_>,
    record: &mut Record,
) -> Response<Kind> {
    if let Some(page) = Page::at(parts.uri.path()) {
        record.set_route(RouteId::OWN);
        let answer = page.answer(shared, &parts.method).map(Kind::Own);
        drain(body, parts.version);
        return answer;
    }
    let is_head = parts.method == Method::HEAD;
    match proxy(shared, client, parts, body, origin, record).await {
        Ok(response) => response,
        Err(problem) => {
            record.set_problem(problem.kind());
            problem.into_response().map(|body| if is_head { Kind::Empty } else { Kind::Own(body) })
        }
    }
}

/// A target without a path stands in for a request that was refused, or is that of a
/// CONNECT over HTTP/2.
fn refused(client: &Client) -> Problem {
    client.pace.refusal().unwrap_or_else(|| {
        Problem::new(problem::Kind::NotImplemented, "CONNECT makes a tunnel; this is no proxy.")
    })
}

async fn proxy(
    shared: &Shared,
    client: &Client,
    parts: &mut Parts,
    body: Incoming,
    origin: &Origin<'_>,
    record: &mut Record,
) -> Result<Response<Kind>, Problem> {
    let mut upload = Upload::new(body, parts.version);
    if let Some(token) = shared.admin_token.load().as_deref()
        && token.is_in(&parts.headers)
    {
        // Whoever sent it here meant the admin surface; no worker may learn it.
        parts.headers.remove(AUTHORIZATION);
    }
    if !upload.is_collected() {
        upload.count_in(record.body_counter());
    }
    let (mut limits, small, mut request) = {
        let config = shared.config();
        if config.log.access || shared.telemetry.get().is_some() {
            record.log(Access::of(parts, client.peer.address, &origin.id, config.log.access));
        }
        if parts.uri.path().is_empty() {
            return Err(refused(client));
        }
        let small = u64::from(config.workers.region.request_bytes);
        let limits = Limits::new(&config, &shared.metrics, record.begun());
        let mut request = Request::new(parts, !upload.is_collected(), origin, &config)?;
        if let Some(exporter) = shared.telemetry.get()
            && let Some(ids) = request.begin_span()
        {
            record.begin_span(exporter, ids);
        }
        if let Some(max) = config.limits.per_client {
            count_client(shared, &request, max, record)?;
        }
        (limits, small, request)
    };
    if let Some(reply) = preflight(shared, &request) {
        record.set_route(RouteId::OWN);
        return Ok(reply);
    }
    if let Some(asked) = shared.events.at(request.path()) {
        record.set_route(RouteId::EVENTS);
        return events::answer(shared, asked, &request).await;
    }
    if let Some(named) = queues::at(shared, request.path()) {
        record.set_route(RouteId::QUEUES);
        let judge = |uploaded| judge_upload(client, uploaded, &limits);
        return queues::answer(shared, named, &request, &mut upload, &limits, judge).await;
    }
    if !upload.is_collected() {
        // Nobody has to send a body only to learn that there is no such route, or that it
        // is too long.
        if let Some(reply) = refuse(shared, &request, &mut limits, record)? {
            return Ok(reply);
        }
        limits.check_length(request.content_length)?;
        upload.limit(limits.idle, limits.body_bytes);
        if request.content_length.is_some_and(|length| length <= small) {
            judge_upload(client, upload.collect().await, &limits)?;
            record.collected();
        } else {
            limits.streamed = true;
        }
    }

    let mut retried = false;
    loop {
        let slot = slot(shared, &request, &mut limits, record).await?;
        let (taken, idempotent) = match slot {
            Slot::Exchange { exchange, idempotent, connecting } => {
                (Taken { exchange, connecting }, idempotent && !retried)
            }
            Slot::Reply(reply) => return Ok(reply),
        };
        upload.set_repeatable(idempotent);
        let upload = &mut upload;
        match attempt(shared, client, &mut request, taken, upload, &limits, record).await? {
            Attempt::Answered(response) => return Ok(response),
            Attempt::Unseen => shared.metrics.moved.add_one(),
            Attempt::Lost if idempotent => retried = true,
            Attempt::Lost => return Err(worker_gone()),
        }
        if !upload.rewind() {
            return Err(worker_gone());
        }
    }
}

/// Counts the request against its client's limit. Whoever comes over a Unix socket has no
/// address and no limit, unless it is trusted to tell its client's.
fn count_client(
    shared: &Shared,
    request: &Request<'_>,
    max: u32,
    record: &mut Record,
) -> Result<(), Problem> {
    let Some(ip) = request.client() else { return Ok(()) };
    match shared.clients.enter(ip, max) {
        Some(pass) => record.hold(pass),
        None => {
            let detail = format!("{max} requests of {ip} are in flight, as many as may be.");
            let problem = Problem::new(problem::Kind::TooManyRequests, detail);
            return Err(problem.retry_after(RETRY_CLIENT));
        }
    }
    Ok(())
}

/// What an attempt begins with.
struct Taken {
    exchange: Exchange,
    /// The client that is to stay, if it is one.
    connecting: Option<Box<Connecting>>,
}

/// How one attempt ended.
enum Attempt {
    /// With a response.
    Answered(Response<Kind>),
    /// The worker is gone and never saw the request.
    Unseen,
    /// The worker is gone with the request in its hands.
    Lost,
}

/// What the wait for an answer ended with.
enum Waited {
    Answer(Answer),
    ClientStalled,
    TooLarge,
    ClientBroke,
    Late,
}

/// Publishes the request and sees it through to its response's head.
async fn attempt(
    shared: &Shared,
    client: &Client,
    request: &mut Request<'_>,
    taken: Taken,
    upload: &mut Upload,
    limits: &Limits,
    record: &mut Record,
) -> Result<Attempt, Problem> {
    let Taken { mut exchange, connecting } = taken;
    let unheard = |connecting: &Option<Box<Connecting>>| {
        if let Some(connecting) = connecting {
            connecting.client().unheard();
        }
    };
    upload.push(&exchange);
    if let Some(connecting) = &connecting {
        connecting.told();
    }
    if let Err(no_slot) = exchange.publish() {
        unheard(&connecting);
        return match no_slot {
            NoSlot::Gone => Ok(Attempt::Unseen),
            NoSlot::Busy | NoSlot::NoMemory => Err(queue_stuck()),
        };
    }
    let (mut stays, mut moved) = (false, false);
    loop {
        let (waited, uploading) = wait(client, &exchange, upload, limits, stays).await;
        match waited {
            Waited::Answer(Answer::Head { length, done }) => {
                record.answered(exchange.instance());
                let registration = exchange.registration().clone();
                let instance = &registration.instance;
                let upload = uploading.then_some(upload);
                let answered = Answered { exchange, upload, length, done };
                if client.pace.has_large_map() {
                    request.forget_headers();
                }
                return match respond(shared, request, limits.idle, answered) {
                    Ok(response) => {
                        if response.status().is_server_error() {
                            instance.metrics.failed();
                        }
                        Ok(Attempt::Answered(match connecting {
                            None => response,
                            Some(connecting) => stay(shared, response, *connecting, client),
                        }))
                    }
                    Err(BadAnswer::Gone) => Err(worker_gone()),
                    Err(bad) => {
                        instance.metrics.failed();
                        let (worker, pid) = instance.who.ids();
                        let (name, path) = (registration.service.name(), request.path());
                        warn!(worker, pid, name, path, reason = %bad, "a worker's answer is not valid");
                        let detail = format!("The worker's answer cannot be passed on: {bad}.");
                        Err(Problem::new(problem::Kind::BadAnswer, detail))
                    }
                };
            }
            Waited::Answer(Answer::Unseen)
                if !exchange.instance().is_dead() && !is_served(shared, request) =>
            {
                // The worker drains and nobody else has the route: it may still do it.
                stays = true;
            }
            Waited::Answer(Answer::Unseen) => match exchange.withdraw() {
                Ok(()) => {
                    unheard(&connecting);
                    return Ok(Attempt::Unseen);
                }
                // It was claimed in the last moment: look again, once. What can be taken
                // back neither then is in the hands of somebody who plays with it.
                Err(back) if !moved => {
                    exchange = back;
                    moved = true;
                }
                Err(back) => {
                    record.unanswered(back.instance());
                    return Ok(Attempt::Lost);
                }
            },
            Waited::Answer(Answer::Lost) => {
                record.unanswered(exchange.instance());
                return Ok(Attempt::Lost);
            }
            Waited::ClientStalled => return Err(body_timeout()),
            Waited::TooLarge => return Err(limits.too_large()),
            Waited::ClientBroke => return Err(client_broke(client)),
            Waited::Late => {
                record.unanswered(exchange.instance());
                return Err(deadline(limits.request));
            }
        }
    }
}

/// What a worker says of a client that wants to stay: with a status of 2xx it does, and gets
/// the answer's headers.
fn stay(
    shared: &Shared,
    response: Response<Kind>,
    connecting: Connecting,
    client: &Client,
) -> Response<Kind> {
    if !response.status().is_success() {
        connecting.refuse();
        return response;
    }
    let (parts, _) = response.into_parts();
    let retry = shared.config().events.retry;
    let stream = connecting.accept(retry, client.peer.address);
    let mut response = sse::head(Kind::Events(Box::new(stream)));
    let mut headers = parts.headers;
    // They are of a body that is not sent.
    for name in [CONTENT_LENGTH, CONTENT_ENCODING, CONTENT_RANGE, ETAG] {
        headers.remove(name);
    }
    for (name, value) in response.headers() {
        headers.insert(name, value.clone());
    }
    *response.headers_mut() = headers;
    response
}

/// Pushes the body and waits for the answer's head, whichever takes longer. Gives whether
/// there is still something to push.
async fn wait(
    client: &Client,
    exchange: &Exchange,
    upload: &mut Upload,
    limits: &Limits,
    stays: bool,
) -> (Waited, bool) {
    let mut due = limits.due();
    let mut uploading = true;
    let mut pushed = upload.pushed();
    let waited = poll_fn(|cx| {
        if uploading {
            match upload.poll(cx, exchange) {
                Poll::Ready(Uploaded::ClientStalled) => return Poll::Ready(Waited::ClientStalled),
                Poll::Ready(Uploaded::TooLarge) => return Poll::Ready(Waited::TooLarge),
                // Whatever the worker makes of half a request: it was none.
                Poll::Ready(Uploaded::ClientBroke) => return Poll::Ready(Waited::ClientBroke),
                Poll::Ready(_) => uploading = false,
                Poll::Pending => {}
            }
            if limits.streamed && upload.pushed() != pushed {
                pushed = upload.pushed();
                due = Instant::now() + limits.request;
            }
        }
        if let Poll::Ready(answer) = exchange.poll_answer(cx, stays) {
            return Poll::Ready(Waited::Answer(answer));
        }
        client.pace.poll_late(cx, due).map(|()| Waited::Late)
    })
    .await;
    (waited, uploading)
}

fn judge_upload(client: &Client, uploaded: Uploaded, limits: &Limits) -> Result<(), Problem> {
    match uploaded {
        Uploaded::Sent | Uploaded::Unwanted => Ok(()),
        Uploaded::ClientBroke => Err(client_broke(client)),
        Uploaded::ClientStalled => Err(body_timeout()),
        Uploaded::TooLarge => Err(limits.too_large()),
    }
}

/// The body ended where it may not, or goes on as none may.
fn client_broke(client: &Client) -> Problem {
    let refusal = client.pace.refusal();
    refusal
        .unwrap_or_else(|| Problem::new(problem::Kind::BodyBroken, "The request's body broke off."))
}

fn body_timeout() -> Problem {
    Problem::new(
        problem::Kind::BodyTimeout,
        "Nothing more of the request's body came for too long.",
    )
}

fn worker_gone() -> Problem {
    Problem::new(problem::Kind::WorkerGone, "The worker ended while it had the request.")
}

fn queue_stuck() -> Problem {
    Problem::new(problem::Kind::QueueFull, "The worker takes no requests.")
        .retry_after(Duration::from_millis(250))
}

fn deadline(limit: Duration) -> Problem {
    Problem::new(problem::Kind::Deadline, format!("The worker did not answer within {limit:?}."))
}
