//! Exchanges in one thread: first the hub's side, then the worker's, then the hub's again.
//! Nobody sleeps, so nothing depends on time.

use std::hint::black_box;

use slotway_core::head::RequestLine;
use slotway_core::hub::{HubSide, Lease, Progress, Ticket};
use slotway_core::map::Mapping;
use slotway_core::worker::WorkerSide;
use slotway_core::{End, RegionSpec};

/// Who counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Hub,
    Worker,
}

/// What is counted: a name, a side, the bytes of both bodies.
pub(crate) const CASES: &[(&str, Side, usize)] = &[
    ("hub.64B", Side::Hub, 64),
    ("worker.64B", Side::Worker, 64),
    ("hub.4KiB", Side::Hub, 4 << 10),
    ("worker.4KiB", Side::Worker, 4 << 10),
];

impl Side {
    /// The functions that are this side's, by their names in the program.
    pub(crate) fn functions(self) -> &'static [&'static str] {
        match self {
            Side::Hub => &["hub_asks", "hub_takes"],
            Side::Worker => &["worker_answers"],
        }
    }
}

type Hub = HubSide<Mapping, Box<[Lease]>>;
type Worker = WorkerSide<Mapping>;
type Done<T> = Result<T, String>;

fn told(error: impl std::fmt::Debug) -> String {
    format!("an exchange failed: {error:?}")
}

/// Acquires a slot, writes head and body, publishes.
#[inline(never)]
fn hub_asks(hub: &Hub, body: &[u8]) -> Done<Ticket> {
    let mut ticket = hub.acquire().map_err(told)?.ok_or("no slot is free")?;
    let line = RequestLine {
        path: b"/hello/world",
        route: b"/hello/{name}",
        content_length: Some(body.len() as u64),
        ..RequestLine::default()
    };
    let encoded = hub.encode_head(&ticket, &line, |head| {
        head.param("name", b"world")?;
        head.header(b"host", b"localhost:8080")?;
        head.header(b"accept", b"*/*")
    });
    encoded.map_err(told)?;
    let (count, _) = hub.write_body(&ticket, body).map_err(told)?;
    if count < body.len() {
        return Err("the body does not fit".to_owned());
    }
    let _ = hub.end_body(&ticket, End::Finished);
    let _ = hub.publish(&mut ticket).map_err(told)?;
    Ok(ticket)
}

/// Claims, reads, writes the answer, finishes.
#[inline(never)]
fn worker_answers(worker: &Worker) -> Done<()> {
    let claim = worker.claim().ok_or("nothing to claim")?;
    black_box(worker.request_head(&claim));
    // SAFETY: nothing is consumed before the claim is finished.
    let (body, _) = unsafe { worker.request_body(&claim) };
    worker.write_response(&claim, body);
    let length = Some(body.len() as u64);
    let encoded =
        worker.encode_head(&claim, 200, length, |head| head.header(b"content-type", b"text/plain"));
    encoded.map_err(told)?;
    let _ = worker.finish(claim);
    Ok(())
}

/// Notices the answer, copies head and body out, frees the slot.
#[inline(never)]
fn hub_takes(hub: &Hub, ticket: Ticket, head: &mut [u8], body: &mut [u8]) -> Done<usize> {
    hub.drain_attention(|slot| {
        black_box(slot);
    });
    let Progress::Done { head_length } = hub.progress(&ticket).map_err(told)? else {
        return Err("the answer is not complete".to_owned());
    };
    let head = head.get_mut(..head_length as usize).ok_or("the answer's head is too long")?;
    hub.copy_head(&ticket, head);
    let count = hub.read_body(&ticket, body).map_err(told)?;
    hub.release(ticket).map_err(told)?;
    Ok(count)
}

/// So many exchanges with bodies of so many bytes.
pub(crate) fn work(count: u32, bytes: usize) -> Done<()> {
    let spec = RegionSpec { slots: 64, ..RegionSpec::default() };
    let mapping = Mapping::create(spec).map_err(told)?;
    let memory = mapping.fd().try_clone_to_owned().map_err(told)?;
    let hub = Hub::new(mapping, (0..spec.slots).map(|_| Lease::default()).collect());
    let worker = Worker::new(Mapping::open(memory).map_err(told)?);
    let (asked, mut answered, mut head) = (vec![7; bytes], vec![0; bytes], [0; 256]);
    for _ in 0..count {
        let ticket = hub_asks(&hub, &asked)?;
        worker_answers(&worker)?;
        if hub_takes(&hub, ticket, &mut head, &mut answered)? != bytes || asked != answered {
            return Err("the answer is another".to_owned());
        }
    }
    Ok(())
}
