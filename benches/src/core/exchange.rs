//! One exchange through `core` between two processes.

use std::os::fd::OwnedFd;
use std::time::Duration;

use slotway_core::head::RequestLine;
use slotway_core::hub::{HubSide, Lease, Progress};
use slotway_core::map::Mapping;
use slotway_core::worker::{Spin, WorkerSide};
use slotway_core::{End, RegionSpec};

use super::floor::Words;
use crate::cpu::CpuClocks;
use crate::machine::{Placement, pinned};
use crate::measure::{Effort, Sample, p50};
use crate::pair::{Peer, Role};
use crate::progress::Progress as Bar;
use crate::report::Report;

const BODY: [u8; 64] = [7; 64];
const EFFORT: Effort = Effort { warm_up: 2_000, count: 20_000, limit: Duration::from_millis(500) };

type Hub = HubSide<Mapping, Box<[Lease]>>;

fn new_hub() -> std::io::Result<Hub> {
    let spec = RegionSpec { slots: 64, ..RegionSpec::default() };
    let mapping = Mapping::create(spec).map_err(std::io::Error::other)?;
    let leases = (0..spec.slots).map(|_| Lease::default()).collect();
    Ok(HubSide::new(mapping, leases))
}

/// One exchange: head and body there, head and body back. `sleep`: wait on the futex.
fn exchange(hub: &Hub, sleep: bool) {
    let mut ticket = hub.acquire().expect("an honest worker").expect("a free slot");
    let line = RequestLine { path: b"/hello/world", ..RequestLine::default() };
    hub.encode_head(&ticket, &line, |head| head.header(b"accept", b"*/*")).expect("it fits");
    let _ = hub.write_body(&ticket, &BODY).expect("an honest worker");
    let _ = hub.end_body(&ticket, End::Finished);
    let _ = hub.publish(&mut ticket).expect("room in the queue");
    let head_length = loop {
        if let Progress::Done { head_length } = hub.progress(&ticket).expect("an honest worker") {
            break head_length;
        }
        if sleep {
            hub.sleep(None);
            hub.drain_attention(|_| ());
        } else {
            std::hint::spin_loop();
        }
    };
    let mut head = [0; 256];
    hub.copy_head(&ticket, &mut head[..head_length as usize]);
    let mut body = [0; 256];
    let count = hub.read_body(&ticket, &mut body).expect("an honest worker");
    assert_eq!(&body[..count], &BODY);
    hub.drain_attention(|_| ());
    hub.release(ticket).expect("it is done");
}

/// The peer: echoes every body.
pub(crate) fn worker(memory: OwnedFd, spin: u32) -> std::io::Result<()> {
    let mapping = Mapping::open(memory).map_err(std::io::Error::other)?;
    let worker: WorkerSide<_> = WorkerSide::new(mapping);
    let mut awake = Spin::new(spin);
    loop {
        let Some(claim) = worker.claim() else {
            if spin == 0 {
                worker.wait(&mut awake, None, || false);
            } else {
                std::hint::spin_loop();
            }
            continue;
        };
        // SAFETY: nothing is consumed before the claim is finished.
        let (body, _) = unsafe { worker.request_body(&claim) };
        worker.write_response(&claim, body);
        worker
            .encode_head(&claim, 200, Some(body.len() as u64), |head| {
                head.header(b"content-type", b"text/plain")
            })
            .expect("it fits");
        let _ = worker.finish(claim);
    }
}

/// The figures of one placement.
pub(crate) fn run(report: &mut Report, placement: Placement) -> std::io::Result<()> {
    let cpu = placement.theirs();
    let two_cores = matches!(placement, Placement::TwoCores(..));
    let (mut line, mut futex) = (Vec::new(), Vec::new());
    let (mut awake, mut asleep) = (Vec::new(), Vec::new());
    let bar = Bar::new(&format!("core, {}", placement.name()), report.rounds());
    for round in 0..report.rounds() {
        bar.show(round);
        if two_cores {
            line.push(floor(placement, Role::Line, cpu, Words::line_round)?);
            awake.push(ours(placement, Role::WorkerAwake, cpu, false)?);
        }
        futex.push(floor(placement, Role::Futex, cpu, Words::futex_round)?);
        asleep.push(ours(placement, Role::WorkerAsleep, cpu, true)?);
    }
    bar.done();
    let what = |state: &str| format!("exchange 64 B, {state}, {}", placement.name());
    if two_cores {
        report.add(
            "core.awake.64B.vs_cacheline",
            &what("awake"),
            "us",
            &awake,
            "cache line",
            &line,
        );
        report.add("core.asleep.64B.vs_futex", &what("asleep"), "us", &asleep, "futex", &futex);
    } else {
        report.add("core.onecpu.64B.vs_futex", &what("asleep"), "us", &asleep, "futex", &futex);
    }
    Ok(())
}

fn floor(
    placement: Placement,
    role: Role,
    cpu: usize,
    round: impl Fn(&Words, u32),
) -> std::io::Result<Sample> {
    let words = Words::new()?;
    let peer = Peer::start(role, &words, cpu)?;
    let clocks = CpuClocks::own()?.and(peer.pid())?;
    let mut turn = 0_u32;
    pinned(placement.ours(), || {
        p50(EFFORT, &clocks, || {
            turn = turn.wrapping_add(1);
            round(&words, turn);
        })
    })
}

fn ours(placement: Placement, role: Role, cpu: usize, sleep: bool) -> std::io::Result<Sample> {
    let hub = new_hub()?;
    let peer = Peer::start(role, hub.get_ref().fd(), cpu)?;
    let clocks = CpuClocks::own()?.and(peer.pid())?;
    pinned(placement.ours(), || p50(EFFORT, &clocks, || exchange(&hub, sleep)))
}
