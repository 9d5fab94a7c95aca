//! Clients that check every byte they are owed.

use std::io::{self, Read};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::Tally;
use crate::http::{Connection, Head, Request};
use crate::{Pattern, Rng, eventually};

/// What a hub may answer instead of a worker, while workers die.
const PROBLEMS: [(u16, &str); 6] = [
    (404, "no_route"),
    (502, "worker_gone"),
    (503, "no_worker"),
    (503, "queue_full"),
    (503, "wait_timeout"),
    (504, "deadline"),
];

/// What clients share.
pub(super) struct Load<'t> {
    address: SocketAddr,
    tally: &'t Tally,
    pattern: Pattern,
    stop: AtomicBool,
    /// Grows when a hub is about to be killed, and again when the next one serves: odd in
    /// between.
    hubs: AtomicU64,
    /// Nobody dies: every request is owed a 200.
    strict: bool,
}

/// A request, and what it is owed.
struct Ask {
    request: Request,
    owed: Vec<u8>,
}

/// What came of a request.
enum Came {
    Whole(Head, Vec<u8>),
    /// A head, and less of a body than there should be.
    Broken(Head, Vec<u8>),
    Nothing(io::Error),
}

impl<'t> Load<'t> {
    pub(super) fn new(address: SocketAddr, strict: bool, tally: &'t Tally) -> Load<'t> {
        Load {
            address,
            tally,
            pattern: Pattern::new(0),
            stop: AtomicBool::new(false),
            hubs: AtomicU64::new(0),
            strict,
        }
    }

    /// Asks and asks until it is told to stop.
    pub(super) fn client(&self, mut rng: Rng) {
        let mut kept: Option<Connection> = None;
        while !self.stop.load(Ordering::Relaxed) {
            let hub = self.hubs.load(Ordering::Acquire);
            let Some(mut client) = kept.take().or_else(|| self.connect(hub)) else { continue };
            if !self.strict && rng.below(8) == 0 {
                self.leave(client, &mut rng);
                continue;
            }
            let ask = self.choose(&mut rng);
            // Who is answered early may not be read to the end.
            let _ = client.send(&ask.request.bytes());
            let came = receive(&mut client);
            if self.judge(&ask, came, hub) && is_quiet(&mut client) {
                kept = Some(client);
            }
        }
    }

    /// No more requests.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// The hub is about to be killed, or the next one serves.
    pub(super) fn another_hub(&self) {
        self.hubs.fetch_add(1, Ordering::AcqRel);
    }

    fn hub_died_since(&self, hub: u64) -> bool {
        self.hubs.load(Ordering::Acquire) != hub || !hub.is_multiple_of(2)
    }

    fn connect(&self, hub: u64) -> Option<Connection> {
        match Connection::open(self.address) {
            Ok(client) => Some(client),
            Err(error) => {
                assert!(self.hub_died_since(hub), "the hub lives: {error}");
                thread::sleep(Duration::from_millis(1));
                None
            }
        }
    }

    fn choose(&self, rng: &mut Rng) -> Ask {
        let ask = |request, owed| Ask { request, owed };
        let bytes = rng.below(300_000);
        match rng.below(if self.strict { 5 } else { 6 }) {
            0 | 1 => {
                let number = rng.next_u64();
                let owed = format!("hello, {number}").into_bytes();
                ask(Request::get(&format!("/hello/{number}")), owed)
            }
            2 => {
                let mut body = rng.next_u64().to_le_bytes().to_vec();
                body.extend(self.pattern.take(bytes));
                ask(Request::post("/echo", body.clone()), body)
            }
            3 => ask(Request::get(&format!("/download/{bytes}")), self.pattern.take(bytes)),
            4 => {
                let request = Request::post("/slow-read/0", self.pattern.take(bytes));
                ask(request, bytes.to_string().into_bytes())
            }
            _ => {
                let request = Request::get(&format!("/sleep/{}", rng.below(30)));
                ask(request, b"slept".to_vec())
            }
        }
    }

    /// Sends some of a request, perhaps reads some of an answer, and is gone.
    fn leave(&self, mut client: Connection, rng: &mut Rng) {
        let ask = self.choose(rng);
        let bytes = ask.request.bytes();
        let _ = client.send(&bytes[..rng.below(bytes.len() as u64 + 1) as usize]);
        if rng.below(2) == 0 {
            let limit = Duration::from_millis(1 + rng.below(5));
            client.wire().set_read_timeout(limit).expect("a socket");
            let _ = client.read(&mut [0; 10_000]);
        }
        if rng.below(2) == 0 {
            client.wire().reset_on_close().expect("a socket");
        }
        self.tally.add("clients that left", 1);
    }

    /// Whether the connection can go on.
    #[track_caller]
    fn judge(&self, ask: &Ask, came: Came, hub: u64) -> bool {
        match came {
            Came::Whole(head, body) if head.status == 200 => {
                assert!(body == ask.owed, "{} bytes of {}", body.len(), ask.owed.len());
                self.tally.add("answered 200", 1);
                head.one("connection") != Some("close")
            }
            Came::Whole(head, body) => {
                let response = crate::http::Response { head, body };
                let (status, code) = (response.status(), response.problem());
                let known = PROBLEMS.contains(&(status, code.as_str()));
                // A hub that has just begun knows no route.
                let known = known && (status != 404 || hub > 0);
                assert!(known && !self.strict, "{response:?}");
                self.tally.add(&format!("answered {status} {code}"), 1);
                false
            }
            Came::Broken(head, body) => {
                // Its worker died after the head was out: also a short answer has that moment.
                assert!(!self.strict, "{} bytes broke off: {head:?}", ask.owed.len());
                assert!(head.status != 200 || ask.owed.starts_with(&body), "wrong bytes");
                self.tally.add("broken off after the head", 1);
                false
            }
            Came::Nothing(error) => {
                let died = self.hub_died_since(hub);
                assert!(died, "not answered: {error}");
                self.tally.add("connections that went with their hub", 1);
                false
            }
        }
    }

    /// Waits until so many more requests were answered with 200.
    pub(super) fn wait_answers(&self, more: u64) {
        let before = self.tally.get("answered 200");
        eventually("requests to be answered", Duration::from_secs(60), || {
            (self.tally.get("answered 200") >= before + more).then_some(())
        });
    }
}

/// Whether the connection goes on. One answer is all there is.
fn is_quiet(client: &mut Connection) -> bool {
    if client.is_silent().unwrap_or(false) {
        return true;
    }
    let mut more = [0; 64];
    let count = client.read(&mut more).unwrap_or(0);
    assert!(count == 0, "a second answer: {}", more[..count].escape_ascii());
    false
}

fn receive(client: &mut Connection) -> Came {
    let head = match client.read_head() {
        Ok(head) => head,
        Err(error) => return Came::Nothing(error),
    };
    let mut body = Vec::new();
    match client.body(&head).read_to_end(&mut body) {
        Ok(_) => Came::Whole(head, body),
        Err(_) => Came::Broken(head, body),
    }
}

/// Ends the load when the one who directs it panics, so that the panic is seen.
pub(super) struct StopOnDrop<'l, 't>(pub(super) &'l Load<'t>);

impl Drop for StopOnDrop<'_, '_> {
    fn drop(&mut self) {
        self.0.stop();
    }
}
