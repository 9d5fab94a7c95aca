//! One request, as the hub would make it.

use std::sync::atomic::Ordering;

use slotway_core::head::{RequestLine, ResponseHead};
use slotway_core::hub::{Abandoned, NotEnded, Progress, Ticket};
use slotway_core::{End, Rung, Watch};

use super::hub::{HubSession, Shared};

/// A request to make.
#[derive(Clone)]
pub struct Ask {
    pub method: &'static str,
    pub path: String,
    pub query: Option<&'static str>,
    pub route: String,
    pub registration: u32,
    pub route_index: u32,
    pub params: Vec<(&'static str, Vec<u8>)>,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub body: Vec<u8>,
    /// Bytes pushed before the worker sees the request.
    pub before: usize,
    pub deadline_ns: u64,
    pub end: End,
}

impl Ask {
    pub fn new(method: &'static str, path: &str) -> Ask {
        Ask {
            method,
            path: path.to_owned(),
            query: None,
            route: path.to_owned(),
            registration: 0,
            route_index: 0,
            params: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            before: usize::MAX,
            deadline_ns: 0,
            end: End::Finished,
        }
    }

    pub fn body(mut self, body: Vec<u8>) -> Ask {
        self.body = body;
        self
    }

    pub fn header(mut self, name: &'static str, value: &[u8]) -> Ask {
        self.headers.push((name, value.to_vec()));
        self
    }

    pub fn param(mut self, name: &'static str, value: &[u8]) -> Ask {
        self.params.push((name, value.to_vec()));
        self
    }

    pub fn to(mut self, registration: u32, route_index: u32) -> Ask {
        (self.registration, self.route_index) = (registration, route_index);
        self
    }
}

/// What a client would see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// 0: the worker ended the exchange without a head.
    pub status: u16,
    pub headers: Vec<(String, Vec<u8>)>,
    pub content_length: Option<u64>,
    pub body: Vec<u8>,
    /// The body came to its end.
    pub complete: bool,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| &**value)
    }
}

impl HubSession {
    /// Makes a request and waits for the whole answer. `None`: the session was dropped.
    pub fn request(&self, ask: &Ask) -> Answer {
        InFlight::publish(self, ask).answer().expect("the session lives")
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request(&Ask::new("GET", path))
    }

    /// Publishes a request and leaves it to the caller.
    pub fn publish(&self, ask: &Ask) -> InFlight {
        InFlight::publish(self, ask)
    }

    pub fn free_slots(&self) -> u32 {
        self.shared.side.counts().free
    }
}

/// Status, headers, content length.
type Head = (u16, Vec<(String, Vec<u8>)>, Option<u64>);

/// A published request.
pub struct InFlight {
    shared: std::sync::Arc<Shared>,
    ticket: Option<Ticket>,
    rest: Vec<u8>,
    ended: bool,
    end: End,
    head: Option<Head>,
    pub body: Vec<u8>,
}

impl InFlight {
    fn publish(session: &HubSession, ask: &Ask) -> InFlight {
        let shared = session.shared.clone();
        let side = &shared.side;
        shared.in_flight.fetch_add(1, Ordering::SeqCst);
        let mut ticket = loop {
            let seen = shared.moved();
            if let Some(ticket) = side.acquire().expect("a correct worker") {
                break ticket;
            }
            shared.wait(seen);
        };
        let line = RequestLine {
            method: ask.method.as_bytes(),
            path: ask.path.as_bytes(),
            query: ask.query.map(str::as_bytes),
            route: ask.route.as_bytes(),
            registration: ask.registration,
            route_index: ask.route_index,
            deadline_ns: ask.deadline_ns,
            content_length: Some(ask.body.len() as u64),
            ..RequestLine::default()
        };
        side.encode_head(&ticket, &line, |encoder| {
            for (name, value) in &ask.params {
                encoder.param(name, value)?;
            }
            for (name, value) in &ask.headers {
                encoder.header(name.as_bytes(), value)?;
            }
            Ok(())
        })
        .expect("it fits");
        let before = &ask.body[..ask.body.len().min(ask.before)];
        let (count, rung) = side.write_body(&ticket, before).expect("a correct worker");
        assert!(!rung.doorbell());
        let rest = ask.body[count..].to_vec();
        let ended = rest.is_empty() && ask.before == usize::MAX;
        if ended {
            let _ = side.end_body(&ticket, ask.end);
        }
        let rung = side.publish(&mut ticket).expect("room in the queue");
        let in_flight = InFlight {
            ticket: Some(ticket),
            rest,
            ended,
            end: ask.end,
            head: None,
            body: Vec::new(),
            shared,
        };
        in_flight.ring(rung);
        in_flight
    }

    fn ring(&self, rung: Rung) {
        if rung.doorbell() {
            self.shared.worker_bell.ring();
        }
    }

    fn ticket(&self) -> &Ticket {
        self.ticket.as_ref().expect("in flight")
    }

    /// Tells the worker that nobody waits any more, and gives the slot up.
    pub fn abandon(mut self) {
        let ticket = self.ticket.take().expect("in flight");
        let abandoned = self.shared.side.abandon(ticket).expect("a correct worker");
        if let Abandoned::Pending(rung) = abandoned {
            self.ring(rung);
        }
        self.shared.in_flight.fetch_sub(1, Ordering::SeqCst);
        self.shared.touch();
    }

    /// Tells the worker that nobody waits any more, and goes on looking.
    pub fn cancel(&self) {
        self.ring(self.shared.side.cancel(self.ticket()));
    }

    /// The answer's head is there.
    pub fn is_answered(&self) -> bool {
        self.head.is_some()
    }

    pub fn is_claimed(&self) -> bool {
        !matches!(self.progress(), Progress::Queued)
    }

    pub fn progress(&self) -> Progress {
        self.shared.side.progress(self.ticket()).expect("a correct worker")
    }

    /// Adds to the request's body.
    pub fn push(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        self.upload(false);
    }

    fn upload(&mut self, end: bool) -> bool {
        let mut moved = false;
        if !self.rest.is_empty() {
            let written = self.shared.side.write_body(self.ticket(), &self.rest);
            let (count, rung) = written.expect("a correct worker");
            self.ring(rung);
            self.rest.drain(..count);
            moved = count > 0;
        }
        if end && self.rest.is_empty() && !self.ended {
            self.ring(self.shared.side.end_body(self.ticket(), self.end));
            self.ended = true;
            moved = true;
        }
        moved
    }

    /// Reads what there is of the answer; gives whether anything moved.
    fn download(&mut self) -> bool {
        let side = &self.shared.side;
        let length = match self.progress() {
            Progress::Queued | Progress::Claimed => return false,
            Progress::Answering { head_length } | Progress::Done { head_length } => head_length,
        };
        let mut moved = false;
        if self.head.is_none() && length > 0 {
            let mut bytes = vec![0; length as usize];
            side.copy_head(self.ticket(), &mut bytes);
            let head = ResponseHead::parse(&bytes).expect("a head");
            let headers = head
                .headers()
                .map(|(name, value)| (String::from_utf8_lossy(name).into_owned(), value.to_vec()))
                .collect();
            self.head = Some((head.status(), headers, head.content_length()));
            moved = true;
        }
        let readable = side.readable(self.ticket()).expect("a correct worker");
        if readable.length > 0 {
            let mut bytes = vec![0; readable.length];
            let count = side.read_body(self.ticket(), &mut bytes).expect("a correct worker");
            self.body.extend_from_slice(&bytes[..count]);
            self.ring(side.tell_room(self.ticket()));
            moved = true;
        }
        moved
    }

    /// Waits until `enough` of the answer is there.
    pub fn wait(&mut self, mut enough: impl FnMut(&InFlight) -> bool) {
        loop {
            let seen = self.shared.moved();
            self.download();
            if enough(self) {
                return;
            }
            assert!(!matches!(self.progress(), Progress::Done { .. }), "the answer ended");
            if self.shared.side.watch_response(self.ticket()) == Watch::Armed {
                self.shared.wait(seen);
            }
        }
    }

    /// Sees the request through. `None`: the session was dropped.
    pub fn answer(mut self) -> Option<Answer> {
        loop {
            let seen = self.shared.moved();
            if self.shared.is_stopped() {
                return None;
            }
            let done = matches!(self.progress(), Progress::Done { .. });
            let moved = self.upload(true) | self.download();
            let side = &self.shared.side;
            let readable = side.readable(self.ticket()).expect("a correct worker");
            if done && readable.length == 0 {
                let ticket = self.ticket.take().expect("in flight");
                match side.release(ticket) {
                    Ok(()) => {}
                    Err(NotEnded::Busy(_)) => panic!("done and busy"),
                    Err(NotEnded::Violated(violation)) => panic!("{violation}"),
                }
                self.shared.in_flight.fetch_sub(1, Ordering::SeqCst);
                self.shared.touch();
                let (status, headers, content_length) = self.head.take().unwrap_or_default();
                return Some(Answer {
                    status,
                    headers,
                    content_length,
                    body: std::mem::take(&mut self.body),
                    complete: readable.end == End::Finished,
                });
            }
            if moved || done {
                continue;
            }
            let armed = side.watch_response(self.ticket()) == Watch::Armed
                && (self.rest.is_empty() || side.watch_request(self.ticket()) == Watch::Armed);
            if armed {
                self.shared.wait(seen);
            }
        }
    }
}
