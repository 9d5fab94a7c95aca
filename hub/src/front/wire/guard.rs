//! Stands before hyper and lets whole, sound heads through.
//!
//! It knows where each request begins and ends, which hyper tells nobody: that is what
//! finds a `content-length` beside a `transfer-encoding`, of which hyper drops one without
//! a word, and what tells a client that has said everything from one that broke off. A
//! head that is refused never reaches hyper; in its place goes a request that the handler
//! answers with the problem, so that answers keep their order and hyper closes the
//! connection as after any other last answer.

use tokio::io::ReadBuf;

use super::chunks::Chunks;
use super::framing::Framing;
use super::head::{Head, Scanned};
use crate::problem::{Kind, Problem};

/// In place of a head that is refused. No client can send it: a target that is neither a
/// path nor a URL is refused.
const STAND_IN: [&[u8]; 2] = [
    b"GET refused:0 HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n",
    b"HEAD refused:0 HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n",
];

/// One connection's.
#[derive(Debug)]
pub(super) struct Guard {
    state: State,
    head_bytes_max: usize,
    /// Bytes that hyper has not got: first those that it may have, then the beginning of a
    /// head.
    held: Vec<u8>,
    /// How many of `held` hyper may have, and how many of those it has.
    good: usize,
    given: usize,
    /// The last request was HTTP/1.0.
    http10: bool,
}

#[derive(Debug)]
enum State {
    Head(Head),
    Body(u64),
    Chunks(Chunks),
    /// Nothing more is listened to.
    Refused,
    /// Something else than HTTP/1 is spoken.
    Foreign,
}

/// What is wrong, and where.
#[derive(Debug)]
pub(super) enum Refusal {
    /// A head; the guard has put something in its place.
    Head(Problem),
    /// A body.
    Body(Problem),
}

impl Guard {
    pub(super) fn new(head_bytes_max: usize) -> Guard {
        Guard {
            state: State::Head(Head::default()),
            head_bytes_max,
            held: Vec::new(),
            good: 0,
            given: 0,
            http10: false,
        }
    }

    /// A guard that lets everything through.
    pub(super) fn off() -> Guard {
        Guard { state: State::Foreign, ..Guard::new(0) }
    }

    /// Hands over what hyper may have. `false`: there is nothing.
    pub(super) fn give(&mut self, into: &mut ReadBuf<'_>) -> bool {
        let count = (self.good - self.given).min(into.remaining());
        if count == 0 {
            return false;
        }
        into.put_slice(&self.held[self.given..self.given + count]);
        self.given += count;
        if self.given == self.good {
            self.held.drain(..self.good);
            (self.good, self.given) = (0, 0);
            if self.held.is_empty() {
                // A connection that rests holds no memory.
                self.held = Vec::new();
            }
        }
        true
    }

    /// Whether what comes has to wait here, because a head is not whole.
    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    /// Judges bytes that follow a head's beginning.
    pub(super) fn add(&mut self, bytes: &[u8]) -> Option<Refusal> {
        debug_assert_eq!(self.good, 0, "what may go goes first");
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(bytes);
        let (good, refusal) = self.look(&held);
        if refusal.is_some() {
            held.truncate(good);
        }
        self.held = held;
        self.good = good;
        self.stand_in(refusal)
    }

    /// Judges bytes that came while nothing was held. Gives how many hyper may have; the
    /// others are held.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> (usize, Option<Refusal>) {
        let (good, refusal) = self.look(bytes);
        if refusal.is_none() && good < bytes.len() {
            self.held.extend_from_slice(&bytes[good..]);
        }
        (good, self.stand_in(refusal))
    }

    /// The client will send nothing more. `Some`: it broke off in a head.
    pub(super) fn end(&mut self) -> Option<Refusal> {
        match &self.state {
            State::Head(head) if !head.is_blank(&self.held[self.good..]) => {
                self.held.truncate(self.good);
                let problem = Problem::new(
                    Kind::BadRequest,
                    "The request broke off before the end of its head.",
                );
                self.stand_in(Some(Refusal::Head(problem)))
            }
            _ => None,
        }
    }

    /// Whether the client is between two requests.
    pub(super) fn is_between(&self) -> bool {
        matches!(&self.state, State::Head(head) if head.is_blank(&self.held[self.good..]))
    }

    /// Whether the client may well be sending what nobody wants.
    pub(super) fn is_unread(&self) -> bool {
        matches!(self.state, State::Body(_) | State::Chunks(_) | State::Refused)
    }

    /// Whether nothing more is listened to.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.state, State::Refused)
    }

    /// Whether the last request was HTTP/1.0.
    pub(super) fn is_http10(&self) -> bool {
        self.http10
    }

    fn look(&mut self, bytes: &[u8]) -> (usize, Option<Refusal>) {
        let mut at = 0;
        while at < bytes.len() {
            match &mut self.state {
                State::Head(head) => match head.scan(&bytes[at..], self.head_bytes_max) {
                    Ok(Scanned::Part) => return (at, None),
                    Ok(Scanned::Whole(length, framing)) => {
                        at += length;
                        self.http10 = head.is_http10();
                        self.state = match framing {
                            Framing::Length(0) => State::Head(Head::default()),
                            Framing::Length(length) => State::Body(length),
                            Framing::Chunked => State::Chunks(Chunks::new()),
                        };
                    }
                    Err(problem) => return (at, Some(Refusal::Head(problem))),
                },
                State::Body(left) => {
                    let taken = (*left).min((bytes.len() - at) as u64);
                    at += taken as usize;
                    *left -= taken;
                    if *left == 0 {
                        self.state = State::Head(Head::default());
                    }
                }
                State::Chunks(chunks) => match chunks.advance(&bytes[at..]) {
                    Ok(taken) => {
                        at += taken;
                        if chunks.is_ended() {
                            self.state = State::Head(Head::default());
                        }
                    }
                    Err((good, what)) => {
                        let problem = Problem::new(Kind::BodyBroken, what);
                        return (at + good, Some(Refusal::Body(problem)));
                    }
                },
                State::Refused => return (at, None),
                State::Foreign => return (bytes.len(), None),
            }
        }
        (at, None)
    }

    /// From a refusal on nothing more is listened to.
    fn stand_in(&mut self, refusal: Option<Refusal>) -> Option<Refusal> {
        let refusal = refusal?;
        let state = std::mem::replace(&mut self.state, State::Refused);
        if let (Refusal::Head(_), State::Head(head)) = (&refusal, state) {
            self.held.extend_from_slice(STAND_IN[usize::from(head.is_head())]);
            self.good = self.held.len();
        }
        Some(refusal)
    }
}

#[cfg(test)]
mod tests;
#[cfg(any(test, feature = "fuzzing"))]
mod through;

#[cfg(feature = "fuzzing")]
pub(crate) use through::fuzz;
