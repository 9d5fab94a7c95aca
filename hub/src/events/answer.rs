//! One request for events, up to its stream.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::ALLOW;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use tokio::time::Instant;

use super::Events;
use super::doors::{Door, Doors, Place};
use super::feeds::{Form, Key, Shared};
use super::live::Open;
use super::query::Query;
use super::resume::{Before, From};
use super::rights::{Denied, Rights};
use crate::bus::{Pattern, Refusal, Scope};
use crate::chance::chance;
use crate::config::{self, EventsScope};
use crate::problem::{Kind, Problem};
use crate::sse::{Farewell, Opening, Reason, Seat, Settings, Stream, Streams, head};

/// What the paths of events take.
pub(crate) const METHODS: &str = "GET, HEAD, OPTIONS";

/// When there are as many streams as may be: the hint to a client.
const RETRY_FULL: Duration = Duration::from_secs(1);
/// What is further away than this needs no timer.
const FAR: Duration = Duration::from_secs(86_400 * 365);

/// A request whose path is one of events.
#[derive(Debug)]
pub(crate) struct Asked<'r> {
    doors: Arc<Doors>,
    place: Place<'r>,
}

/// A request as it is judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'r> {
    pub(crate) parts: &'r Parts,
    /// The client's address, as far as it is known.
    pub(crate) client: Option<IpAddr>,
    /// The other end of the connection.
    pub(crate) peer: Option<SocketAddr>,
}

impl Events {
    /// What is asked for at a path, if it is one of events.
    pub(crate) fn at<'r>(&self, path: &'r str) -> Option<Asked<'r>> {
        let doors = self.doors.load();
        let place = doors.at(path)?;
        Some(Asked { doors: Arc::clone(&doors), place })
    }

    /// Answers it: with a stream, or with a head alone.
    pub(crate) async fn answer(
        &self,
        asked: Asked<'_>,
        request: Request<'_>,
        streams: &Streams,
        config: &config::Events,
    ) -> Result<Response<Option<Box<Stream>>>, Problem> {
        let method = &request.parts.method;
        if *method == Method::OPTIONS {
            let mut response = Response::new(None);
            *response.status_mut() = StatusCode::NO_CONTENT;
            response.headers_mut().insert(ALLOW, HeaderValue::from_static(METHODS));
            return Ok(response);
        }
        if *method != Method::GET && *method != Method::HEAD {
            let path = request.parts.uri.path();
            let detail = format!("{path} does not have the method {method}.");
            let problem = Problem::new(Kind::MethodNotAllowed, detail);
            return Err(problem.allow(HeaderValue::from_static(METHODS)));
        }
        let Asked { doors, place } = asked;
        let Some(door) = doors.door(place) else {
            let path = request.parts.uri.path();
            return Err(Problem::new(Kind::NoRoute, format!("There is no channel at {path}.")));
        };
        let (headers, query) = (&request.parts.headers, request.parts.uri.query());
        let query = Query::read(query.unwrap_or_default(), headers, config.patterns)
            .map_err(|words| Problem::new(Kind::BadRequest, words))?;
        let token = query.token.as_deref().filter(|_| config.query_token);
        let rights = door.auth.judge(headers, token).map_err(denied)?;
        let patterns = wanted(door, &query)?;
        if let Some(pattern) = rights.forbidden(door, &patterns) {
            return Err(forbidden(pattern, &rights));
        }
        if *method == Method::HEAD {
            return Ok(head(None));
        }
        let stream = self.open(door, rights, patterns, &query, request, streams, config).await?;
        // Somebody may have narrowed what is open meanwhile.
        if !Arc::ptr_eq(&doors, &self.doors.load()) {
            self.live.judge(&self.doors.load());
        }
        Ok(head(Some(Box::new(stream))))
    }

    #[expect(clippy::too_many_arguments, reason = "the end of one path, cut in two")]
    async fn open(
        &self,
        door: &Arc<Door>,
        rights: Rights,
        patterns: Arc<[Pattern]>,
        query: &Query,
        request: Request<'_>,
        streams: &Streams,
        config: &config::Events,
    ) -> Result<Stream, Problem> {
        let pass = match (config.per_client, request.client) {
            (Some(max), Some(ip)) => Some(self.clients.enter(ip, max).ok_or_else(|| {
                let detail = format!("{max} streams of {ip} are open, as many as may be.");
                Problem::new(Kind::TooManyRequests, detail).retry_after(RETRY_FULL)
            })?),
            _ => None,
        };
        let scope = match (door.scope, &rights.principal) {
            (EventsScope::All, _) => Scope::All,
            (EventsScope::Own, Some(own)) => Scope::Principal(own.clone()),
            // It speaks for nobody.
            (EventsScope::Own, None) => Scope::System,
        };
        let envelope = query.envelope.unwrap_or(door.envelope);
        let key = Key { patterns, form: Form { scope, envelope } };
        let settings = || Settings {
            bytes: config.feed_bytes,
            keep_alive: config.keep_alive,
            counts: streams.counts.events.clone(),
        };
        let shared = self.feeds.get(&key, &self.bus, streams, settings).map_err(refused)?;
        let seat = join(&shared, query.from).await;
        let (client, end) = (seat.ticket(), end(rights.until, config.lifetime));
        let opened = self.live.enter(config.clients, || Open {
            feed: Arc::downgrade(&shared),
            client,
            door: door.clone(),
            rights,
            patterns: key.patterns.clone(),
        });
        let Some(opened) = opened else {
            let detail = format!("{} streams are open, as many as may be.", config.clients);
            return Err(Problem::new(Kind::TooManyStreams, detail).retry_after(RETRY_FULL));
        };

        let upto = seat.mark();
        let before = Before::look(&self.bus, &key.patterns, &key.form, query.from, upto);
        // Who has an id that counts keeps it until there is a later one.
        let keeps = before.as_ref().map_or(query.from != From::Now, Before::has_events);
        let opening = Opening {
            id: (!keeps).then(|| upto.to_string()),
            retry: config.retry,
            ready: shared.ready.clone(),
            lag: door.lag,
            client: request.peer,
            what: shared.what.clone(),
        };
        let mut stream = Stream::new(seat, opening);
        if let Some(before) = before {
            stream = stream.replay(Box::new(before));
        }
        if let Some((at, reason)) = end {
            stream = stream.until(at, Farewell::new(reason));
        }
        Ok(stream.on_end(move |_| drop((opened, shared, pass))))
    }
}

/// Takes a seat in a feed, for a client that has everything up to a number: the feed gives
/// nothing up to there, although it may be behind the bus.
async fn join(shared: &Shared, from: From) -> Seat {
    let feed = &shared.feed.feed;
    loop {
        // In this order: what is encoded after it was asked comes to the seat, and was
        // published after the client had its number.
        let settled = feed.is_settled();
        let seat = feed.join();
        match from {
            From::After(last) if last > seat.mark() && !settled => drop(seat),
            _ => return seat,
        }
        tokio::task::yield_now().await;
    }
}

/// What a client wants at a door.
fn wanted(door: &Door, query: &Query) -> Result<Arc<[Pattern]>, Problem> {
    match (&door.channel, query.patterns.is_empty()) {
        (Some(_), true) => Ok(door.topics.as_slice().into()),
        (Some(name), false) => {
            let detail = format!("The channel {name} has its own topics; ask for none.");
            Err(Problem::new(Kind::BadRequest, detail))
        }
        (None, false) => Ok(query.patterns.iter().cloned().collect()),
        (None, true) => Err(Problem::new(
            Kind::BadRequest,
            "The request names no topic; ask for one or more, as in ?topic=news.*.",
        )),
    }
}

/// When a stream ends by the clock, and why: whichever is first.
fn end(rights: Option<SystemTime>, lifetime: Option<Duration>) -> Option<(Instant, Reason)> {
    let expired = rights.and_then(instant).map(|at| (at, Reason::Expired));
    let old = lifetime.filter(|lifetime| *lifetime < FAR).map(|lifetime| {
        // Thousands that came at once are not to go at once.
        let tenths = 0.9 + 0.2 * (chance() % 1024) as f64 / 1024.0;
        (Instant::now() + lifetime.mul_f64(tenths), Reason::Lifetime)
    });
    expired.into_iter().chain(old).min_by_key(|(at, _)| *at)
}

/// A time of the calendar as one of the clock that timers go by.
fn instant(until: SystemTime) -> Option<Instant> {
    let left = until.duration_since(SystemTime::now()).unwrap_or_default();
    (left < FAR).then(|| Instant::now() + left)
}

/// RFC 6750, section 3.
fn denied(denied: Denied) -> Problem {
    match denied {
        Denied::NoToken => Problem::new(Kind::Unauthorized, "The request carries no bearer token.")
            .authenticate("Bearer"),
        Denied::TwoTokens => {
            Problem::new(Kind::BadRequest, "The request carries more than one token; send one.")
        }
        Denied::Invalid(why) => {
            Problem::new(Kind::Unauthorized, format!("The token does not count: {why}."))
                .authenticate("Bearer error=\"invalid_token\"")
        }
    }
}

fn forbidden(pattern: &Pattern, rights: &Rights) -> Problem {
    let (who, error) = match rights.topics {
        Some(_) => ("The token does not let its bearer", true),
        None => ("Nobody may", false),
    };
    let problem = Problem::new(Kind::TopicForbidden, format!("{who} listen to {pattern}."));
    match error {
        true => problem.authenticate("Bearer error=\"insufficient_scope\""),
        false => problem,
    }
}

fn refused(refusal: Refusal) -> Problem {
    let is_full = matches!(refusal, Refusal::TooManySubscriptions { .. });
    let problem = Problem::from(refusal);
    if is_full { problem.retry_after(RETRY_FULL) } else { problem }
}
