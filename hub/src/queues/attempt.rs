//! One attempt: an exchange from its head to its answer's last byte.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;
use slotway_core::head::{RequestLine, ResponseHead};
use slotway_core::record::CALL_BYTES_MAX;
use slotway_core::{End, Watch};
use tokio::time::{Instant, timeout_at};

use super::activity::Held;
use super::{Seat, Wanted};
use crate::exchange::{Answer, Exchange, Gone, LOOKS_MAX, Upload};
use crate::instance::NoSlot;
use crate::shared::Shared;

/// Bytes that the codec needs for a head besides its strings, generously.
const FIXED_BYTES: usize = 512;
/// The bytes of a worker's answer that are looked at: a head that is longer is none.
const HEAD_BYTES_MAX: usize = 128 << 10;
/// As heads say it.
const HTTP_1_1: u8 = 11;

/// How one attempt ended.
#[derive(Debug)]
pub(super) enum Attempt {
    /// The worker has answered.
    Answered { status: u16, content_type: Box<str>, body: Bytes, held: Held },
    /// The worker says that it cannot take it now.
    Busy,
    /// The worker went and never saw it.
    Unseen,
    /// The worker went with it.
    Lost,
    /// The worker did not answer in time.
    Late,
    /// The worker's answer is none.
    Bad(String),
    /// There is no room for the request or its answer.
    NoMemory(String),
}

/// What an attempt is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'s> {
    pub(super) wanted: &'s Wanted,
    /// The hub's number for the activity.
    pub(super) id: u64,
    /// 1 for the first.
    pub(super) number: u16,
    pub(super) due: Instant,
}

/// Makes an attempt with a slot that was taken for it.
pub(super) async fn attempt(
    shared: &Shared,
    subject: Subject<'_>,
    mut exchange: Exchange,
    seat: &Seat,
    upload: &mut Upload,
) -> Attempt {
    let taken = Instant::now();
    exchange.taken_at(shared.metrics.clock_ns(taken));
    if let Err(no_memory) = encode(shared, subject, &exchange, seat) {
        return no_memory;
    }
    upload.rewind();
    upload.push(&exchange);
    match exchange.publish() {
        Ok(()) => {}
        Err(NoSlot::Gone) => return Attempt::Unseen,
        Err(NoSlot::Busy | NoSlot::NoMemory) => return Attempt::Busy,
    }
    let (mut uploading, mut stays, mut again) = (true, false, false);
    loop {
        let answer = poll_fn(|cx| {
            uploading = uploading && upload.poll(cx, &exchange).is_pending();
            exchange.poll_answer(cx, stays)
        });
        match timeout_at(subject.due, answer).await {
            Ok(Answer::Head { length, .. }) => {
                let now = Instant::now();
                let worker_ns = u64::try_from((now - taken).as_nanos()).unwrap_or(u64::MAX);
                let clock_ns = shared.metrics.clock_ns(now);
                exchange.instance().metrics.answered(worker_ns, clock_ns);
                let upload = uploading.then_some(upload);
                let read = read(shared, &exchange, length as usize, upload);
                let read = timeout_at(subject.due, read).await.unwrap_or(Attempt::Late);
                if !matches!(read, Attempt::Answered { status: ..500, .. } | Attempt::Busy) {
                    exchange.instance().metrics.failed();
                }
                return read;
            }
            // The worker drains and nobody else takes it: it may still do it.
            Ok(Answer::Unseen) if !exchange.instance().is_dead() && !is_taken(shared, subject) => {
                stays = true;
            }
            Ok(Answer::Unseen) => match exchange.withdraw() {
                Ok(()) => return Attempt::Unseen,
                // It was claimed in the last moment: look again, once.
                Err(back) if !again => (exchange, again) = (back, true),
                Err(_) => return Attempt::Lost,
            },
            Ok(Answer::Lost) => return Attempt::Lost,
            Err(_) => {
                exchange.instance().metrics.failed();
                return Attempt::Late;
            }
        }
    }
}

/// Whether a live worker takes it.
fn is_taken(shared: &Shared, subject: Subject<'_>) -> bool {
    let live = shared.registry.live();
    let Wanted { queue, kind, .. } = subject.wanted;
    let kind = live.queues.get(queue).and_then(|served| served.kind(kind));
    kind.is_some_and(|kind| kind.seats.iter().any(|seat| seat.registration.instance.is_live()))
}

fn encode(
    shared: &Shared,
    subject: Subject<'_>,
    exchange: &Exchange,
    seat: &Seat,
) -> Result<(), Attempt> {
    let Subject { wanted, id, number, due } = subject;
    let path = format!("/queues/{}/{}", wanted.queue, wanted.kind);
    let key = wanted.key.as_deref().unwrap_or_default();
    let bytes = FIXED_BYTES + 2 * path.len() + wanted.content_type.len() + key.len();
    let no_memory = |what: &str| Attempt::NoMemory(what.to_owned());
    exchange
        .reserve_head(bytes)
        .map_err(|_| no_memory("there is no memory for the activity's head on this machine now"))?;
    let line = RequestLine {
        method: b"POST",
        path: path.as_bytes(),
        query: None,
        route: path.as_bytes(),
        registration: seat.registration.id,
        route_index: seat.route,
        deadline_ns: shared.metrics.monotonic_ns(due),
        content_length: Some(wanted.payload.len() as u64),
        http_version: HTTP_1_1,
        peer: None,
        trace: None,
    };
    let encoded = exchange.encode_head(&line, |encoder| {
        encoder.header(b"slotway-activity", id.to_string().as_bytes())?;
        encoder.header(b"slotway-attempt", number.to_string().as_bytes())?;
        if !wanted.content_type.is_empty() {
            encoder.header(b"content-type", wanted.content_type.as_bytes())?;
        }
        if let Some(key) = &wanted.key {
            encoder.header(b"idempotency-key", key.as_bytes())?;
        }
        Ok(())
    });
    encoded.map_err(|_| no_memory("the activity's head does not fit the worker's slots"))
}

/// An answer's head, as far as it matters here.
struct Head {
    status: u16,
    content_type: Box<str>,
    busy: bool,
}

/// Reads the answer.
async fn read(
    shared: &Shared,
    exchange: &Exchange,
    head: usize,
    mut upload: Option<&mut Upload>,
) -> Attempt {
    let head = match read_head(exchange, head) {
        Ok(Head { busy: true, .. }) => return Attempt::Busy,
        Ok(head) => head,
        Err(bad) => return bad,
    };
    let Some(held) = Held::take(&shared.activities, 0) else {
        return no_room();
    };
    let mut body = Body { exchange, bytes: Vec::new(), held };
    let end = poll_fn(|cx| {
        if let Some(pushing) = &mut upload
            && pushing.poll(cx, exchange).is_ready()
        {
            upload = None;
        }
        body.poll(cx)
    });
    match end.await {
        Ok(()) => {
            let Body { bytes, held, .. } = body;
            let Head { status, content_type, .. } = head;
            Attempt::Answered { status, content_type, body: bytes.into(), held }
        }
        Err(broken) => broken,
    }
}

fn read_head(exchange: &Exchange, length: usize) -> Result<Head, Attempt> {
    let bad = |what: String| Attempt::Bad(what);
    if !(1..=HEAD_BYTES_MAX).contains(&length) {
        return Err(bad(format!("the worker's answer has a head of {length} bytes")));
    }
    exchange.reserve_head(length).map_err(|_| no_room())?;
    let bytes = exchange.copy_answer(length, 0).map_err(|Gone| Attempt::Lost)?;
    let head = ResponseHead::parse(&bytes)
        .map_err(|error| bad(format!("the worker's answer cannot be read: {error}")))?;
    let status = head.status();
    if !(200..=599).contains(&status) {
        return Err(bad(format!("the worker's answer has the status {status}")));
    }
    if let Some(length) = head.content_length().filter(|&length| length > CALL_BYTES_MAX as u64) {
        return Err(too_long(length));
    }
    let mut found = Head { status, content_type: "".into(), busy: false };
    for (name, value) in head.headers() {
        if name.eq_ignore_ascii_case(b"slotway-busy") {
            found.busy = status == 503;
        } else if name.eq_ignore_ascii_case(b"content-type") {
            let text = std::str::from_utf8(value).ok().filter(|text| text.len() <= 255);
            found.content_type = text.unwrap_or_default().into();
        }
    }
    Ok(found)
}

fn too_long(length: u64) -> Attempt {
    Attempt::Bad(format!("the worker's answer has {length} bytes; it may have {CALL_BYTES_MAX}"))
}

fn no_room() -> Attempt {
    Attempt::NoMemory("the hub has no room for the activity's answer now".to_owned())
}

/// An answer's body, as it comes.
struct Body<'e> {
    exchange: &'e Exchange,
    bytes: Vec<u8>,
    held: Held,
}

impl Body<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Attempt>> {
        // Before the looks, so that nothing that comes after them goes unnoticed.
        self.exchange.wait_answer(cx);
        for _ in 0..LOOKS_MAX {
            // Before the look: what a worker did before it died counts.
            let dead = self.exchange.instance().is_dead();
            let Ok(readable) = self.exchange.readable() else {
                return Poll::Ready(Err(Attempt::Lost));
            };
            if readable.length > 0 {
                self.take(readable.length, readable.end)?;
                continue;
            }
            match readable.end {
                End::Finished => return Poll::Ready(Ok(())),
                End::Aborted => {
                    let what = "the worker broke its answer off".to_owned();
                    return Poll::Ready(Err(Attempt::Bad(what)));
                }
                End::Open if dead => return Poll::Ready(Err(Attempt::Lost)),
                End::Open if self.exchange.watch_answer() == Watch::Armed => return Poll::Pending,
                // A hostile worker can make this look again for ever.
                End::Open => {}
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn take(&mut self, length: usize, end: End) -> Result<(), Attempt> {
        let total = self.bytes.len() + length;
        if total > CALL_BYTES_MAX {
            return Err(too_long(total as u64));
        }
        if !self.held.more(length) {
            return Err(no_room());
        }
        let bytes = self.exchange.read_body(length).map_err(|Gone| Attempt::Lost)?;
        if end == End::Open {
            self.exchange.tell_room();
        }
        if self.bytes.is_empty() {
            self.bytes = bytes;
        } else {
            self.bytes.extend_from_slice(&bytes);
        }
        Ok(())
    }
}
