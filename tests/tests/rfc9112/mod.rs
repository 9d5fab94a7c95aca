//! What RFC 9112 (HTTP/1.1) asks of a server, byte by byte: for each case what is sent,
//! what has to come back, whether the connection goes on, and which requests a worker got
//! to see, because a request too many is what smuggling is.
//!
//! Where the RFC leaves a choice, the case says which one was made.

mod body;
mod connection;
mod fields;
mod host;
mod pipelining;
mod request_line;
mod version;

use std::io::{Read, Write};
use std::time::Duration;

use slotway_tests::http::Connection;
use slotway_tests::{Hub, Recorder, Weight, case};

/// What comes back for one request.
#[derive(Debug, Clone, Copy)]
enum Answer {
    /// A response of a worker, with this status.
    Status(u16),
    /// The same without a body, because the request was a HEAD.
    Head(u16),
    /// A problem of the hub.
    Problem(u16, &'static str),
}

use Answer::{Head, Problem, Status};

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// One more request on it is answered, and as itself.
    Kept,
    /// The hub ends it.
    Closed,
}

use Then::{Closed, Kept};

/// One case. The rule is a paragraph of RFC 9112 unless it says otherwise.
struct Case<'a> {
    rule: &'a str,
    sent: &'a [u8],
    back: &'a [Answer],
    then: Then,
    /// `METHOD TARGET BODY` of what the worker has to see.
    seen: &'a [&'a str],
}

const BAD: &[Answer] = &[Problem(400, "bad_request")];
const BROKEN: &[Answer] = &[Problem(400, "body_broken")];
const OK: &[Answer] = &[Status(200)];

/// A request that is refused with 400, after which nothing more is read.
const fn refused<'a>(rule: &'a str, sent: &'a [u8]) -> Case<'a> {
    Case { rule, sent, back: BAD, then: Closed, seen: &[] }
}

/// A request that is served.
const fn served<'a>(rule: &'a str, sent: &'a [u8], seen: &'a [&'a str]) -> Case<'a> {
    Case { rule, sent, back: OK, then: Kept, seen }
}

/// Runs the cases one after another against one hub.
fn all(name: &str, cases: &[Case<'_>]) {
    case(name, Weight::Light, Duration::from_secs(90), || {
        let hub = Hub::start();
        let recorder = Recorder::start(&hub);
        for case in cases {
            case.run(&hub, &recorder);
        }
        hub.wait_all_free();
    });
}

impl Case<'_> {
    fn run(&self, hub: &Hub, recorder: &Recorder) {
        let what = format!("{}: {}", self.rule, shown(self.sent));
        let mut client = hub.connect();
        // The hub may close before it has read everything.
        let _ = client.wire().write_all(self.sent);
        for answer in self.back {
            answer.check(&mut client, &what);
        }
        let mut seen: Vec<String> = self.seen.iter().map(|&line| line.to_owned()).collect();
        if self.then == Kept {
            let sentinel = b"GET /sentinel HTTP/1.1\r\nhost: a\r\n\r\n";
            client.send(sentinel).unwrap_or_else(|error| panic!("{what}: not kept: {error}"));
            let response = client.read_response();
            let response = response.unwrap_or_else(|error| panic!("{what}: not kept: {error}"));
            assert_eq!(response.text(), "/sentinel", "{what}: out of step");
            seen.push("GET /sentinel".to_owned());
        } else {
            let mut rest = Vec::new();
            let end = client.read_to_end(&mut rest);
            assert!(end.is_ok() && rest.is_empty(), "{what}: {end:?}, {}", shown(&rest));
        }
        assert_eq!(recorder.lines(), seen, "{what}: what the worker saw");
    }
}

impl Answer {
    fn check(self, client: &mut Connection, what: &str) {
        let (status, code) = match self {
            Head(status) => {
                let head = client.read_head().unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!(head.status, status, "{what}: {head:?}");
                return;
            }
            Status(status) => (status, None),
            Problem(status, code) => (status, Some(code)),
        };
        let response = client.read_response().unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(response.status(), status, "{what}: {response:?}");
        if let Some(code) = code {
            assert_eq!(response.problem(), code, "{what}");
        }
    }
}

fn shown(bytes: &[u8]) -> String {
    let most = bytes.len().min(300);
    bytes[..most].escape_ascii().to_string()
}
