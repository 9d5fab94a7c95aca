//! Statuses and methods as metrics tell them apart: bounded sets, whatever workers and
//! clients send.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Stands for "the client left before there was a status".
pub(crate) const LEFT: u16 = 499;

/// Statuses with a count of their own.
const KNOWN: [u16; 48] = [
    200, 201, 202, 203, 204, 205, 206, 207, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403,
    404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 425, 426, 428, 429,
    431, 451, LEFT, 500, 501, 502, 503, 504, 505, 507,
];
/// All others, by their first digit.
const OTHERS: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];
const PLACES: usize = KNOWN.len() + OTHERS.len();

/// The place of each status from 100 to 599.
const PLACE: [u8; 500] = {
    let mut places = [0; 500];
    let mut status = 0;
    while status < 500 {
        places[status] = (KNOWN.len() + status / 100) as u8;
        status += 1;
    }
    let mut at = 0;
    while at < KNOWN.len() {
        places[KNOWN[at] as usize - 100] = at as u8;
        at += 1;
    }
    places
};

/// Methods that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Patch,
    Options,
    Other,
}

impl Method {
    pub(crate) const ALL: [Method; 8] = [
        Method::Get,
        Method::Head,
        Method::Post,
        Method::Put,
        Method::Delete,
        Method::Patch,
        Method::Options,
        Method::Other,
    ];

    pub(crate) fn of(method: &http::Method) -> Method {
        match *method {
            http::Method::GET => Method::Get,
            http::Method::HEAD => Method::Head,
            http::Method::POST => Method::Post,
            http::Method::PUT => Method::Put,
            http::Method::DELETE => Method::Delete,
            http::Method::PATCH => Method::Patch,
            http::Method::OPTIONS => Method::Options,
            _ => Method::Other,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Patch => "PATCH",
            Method::Options => "OPTIONS",
            Method::Other => "other",
        }
    }
}

/// Counts by method and status. A method's are made when it is first seen.
#[derive(Debug, Default)]
pub(super) struct Statuses {
    methods: [OnceLock<Box<[AtomicU64; PLACES]>>; Method::ALL.len()],
}

impl Statuses {
    pub(super) fn add_one(&self, method: Method, status: u16) {
        let counts = self.methods[method as usize]
            .get_or_init(|| Box::new([const { AtomicU64::new(0) }; PLACES]));
        let at = usize::from(status.clamp(100, 599) - 100);
        // Relaxed: a count that orders nothing.
        counts[usize::from(PLACE[at])].fetch_add(1, Ordering::Relaxed);
    }
}

/// Counts by method and status at one moment.
#[derive(Debug, Clone)]
pub(crate) struct StatusCounts([[u64; PLACES]; Method::ALL.len()]);

impl Default for StatusCounts {
    fn default() -> StatusCounts {
        StatusCounts([[0; PLACES]; Method::ALL.len()])
    }
}

impl StatusCounts {
    pub(super) fn add(&mut self, statuses: &Statuses) {
        for (own, theirs) in self.0.iter_mut().zip(&statuses.methods) {
            let Some(theirs) = theirs.get() else { continue };
            for (own, theirs) in own.iter_mut().zip(theirs.iter()) {
                // Relaxed: see `add_one`.
                *own += theirs.load(Ordering::Relaxed);
            }
        }
    }

    /// What is not zero: method, status, count.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Method, Label, u64)> {
        Method::ALL.into_iter().zip(&self.0).flat_map(|(method, counts)| {
            let counts = counts.iter().enumerate().filter(|(_, count)| **count > 0);
            counts.map(move |(place, &count)| (method, Label(place), count))
        })
    }

    /// Requests in all, and those whose status is 500 or more.
    pub(crate) fn sums(&self) -> (u64, u64) {
        self.iter().fold((0, 0), |(all, errors), (_, label, count)| {
            (all + count, errors + if label.is_error() { count } else { 0 })
        })
    }
}

/// A status as it is shown: a number, or as in `5xx`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label(usize);

impl Label {
    fn is_error(self) -> bool {
        match KNOWN.get(self.0) {
            Some(&status) => status >= 500,
            None => OTHERS[self.0 - KNOWN.len()] == "5xx",
        }
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match KNOWN.get(self.0) {
            Some(status) => write!(f, "{status}"),
            None => f.write_str(OTHERS[self.0 - KNOWN.len()]),
        }
    }
}

#[cfg(test)]
mod tests;
