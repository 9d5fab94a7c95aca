//! A worker without a library: its region as the core sees it, and as plain bytes of a
//! file, so that it can break every rule.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use slotway_core::map::{Doorbell, Mapping};
use slotway_core::worker::{Claim, HubWake, Spin, WorkerSide};

use crate::control::{Control, hello, register};

/// A worker that speaks the protocols by hand.
#[derive(Debug)]
pub struct RawWorker {
    /// Its control connection.
    pub control: Control,
    /// Its side of the region.
    pub side: WorkerSide<Arc<Mapping>>,
    /// The region as a file of bytes.
    pub region: RawRegion,
    hub_doorbell: Doorbell,
}

/// A region as a file of bytes.
#[derive(Debug)]
pub struct RawRegion {
    file: OwnedFd,
}

/// Offsets in the region's header, as `docs/region-layout.md` has them.
mod header {
    pub(super) const HUB_BELL: u64 = 40;
    pub(super) const WORKER_BELL: u64 = 48;
    pub(super) const QUEUE_HEAD: u64 = 56;
    pub(super) const QUEUE_CELLS: u64 = 64;
    pub(super) const ATTENTION: u64 = 80;
    pub(super) const SLOT_HEADERS: u64 = 104;
    pub(super) const SLOT_HEADER_STRIDE: u64 = 112;
    pub(super) const PAYLOADS: u64 = 120;
    pub(super) const PAYLOAD_STRIDE: u64 = 128;
    pub(super) const SLOTS: u64 = 16;
    pub(super) const HEAD_BYTES: u64 = 20;
}

/// Words of a slot's header, as `docs/region-layout.md` has them.
pub mod slot {
    /// The slot word.
    pub const WORD: u64 = 0;
    /// The length of the response's head.
    pub const RESPONSE_HEAD_LENGTH: u64 = 64;
    /// The worker's position in the request's body.
    pub const REQUEST_HEAD: u64 = 68;
    /// The worker's position in the response's body.
    pub const RESPONSE_TAIL: u64 = 72;
    /// How the response's body ended.
    pub const RESPONSE_END: u64 = 76;
}

impl RawRegion {
    /// The file behind this descriptor.
    pub fn new(file: OwnedFd) -> RawRegion {
        RawRegion { file }
    }

    /// Reads a word.
    pub fn u64(&self, at: u64) -> u64 {
        let mut bytes = [0; 8];
        let count = rustix::io::pread(&self.file, &mut bytes, at).expect("a region");
        assert_eq!(count, 8, "past the region's end");
        u64::from_le_bytes(bytes)
    }

    /// Reads a word.
    pub fn u32(&self, at: u64) -> u32 {
        // A little-endian word's low half comes first.
        self.u64(at) as u32
    }

    /// Writes bytes.
    pub fn write(&self, at: u64, bytes: &[u8]) {
        let count = rustix::io::pwrite(&self.file, bytes, at).expect("a region");
        assert_eq!(count, bytes.len(), "past the region's end");
    }

    /// Takes the memory of a stretch away, as far as the seals allow it: it reads as zeros
    /// afterwards. Gives whether that was possible.
    pub fn punch(&self, at: u64, length: u64) -> bool {
        use rustix::fs::FallocateFlags;
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        rustix::fs::fallocate(&self.file, flags, at, length).is_ok()
    }

    /// How many slots it has.
    pub fn slots(&self) -> u32 {
        self.u32(header::SLOTS)
    }

    /// Where a slot's header begins.
    pub fn slot(&self, index: u32) -> u64 {
        self.u64(header::SLOT_HEADERS) + u64::from(index) * self.u64(header::SLOT_HEADER_STRIDE)
    }

    /// Where a slot's response head begins.
    pub fn response_head(&self, index: u32) -> u64 {
        let payload =
            self.u64(header::PAYLOADS) + u64::from(index) * self.u64(header::PAYLOAD_STRIDE);
        payload + u64::from(self.u32(header::HEAD_BYTES))
    }

    /// Where the hub's bell is.
    pub fn hub_bell(&self) -> u64 {
        self.u64(header::HUB_BELL)
    }

    /// Where the worker's bell is.
    pub fn worker_bell(&self) -> u64 {
        self.u64(header::WORKER_BELL)
    }

    /// Where the queue's head is.
    pub fn queue_head(&self) -> u64 {
        self.u64(header::QUEUE_HEAD)
    }

    /// Where the queue's cells begin.
    pub fn queue_cells(&self) -> u64 {
        self.u64(header::QUEUE_CELLS)
    }

    /// Where the attention map begins.
    pub fn attention(&self) -> u64 {
        self.u64(header::ATTENTION)
    }

    /// Length of the region.
    pub fn length(&self) -> u64 {
        self.u64(32)
    }
}

impl RawWorker {
    /// Connects and says hello.
    #[track_caller]
    pub fn connect(path: &Path) -> RawWorker {
        let (control, _) = Control::greeted(path);
        RawWorker::with(control)
    }

    /// Connects as one of a generation, and gives the slot that is for its probes.
    #[track_caller]
    pub fn of_generation(path: &Path, generation: u64) -> (RawWorker, u32) {
        let mut control = Control::open(path);
        let mut hello = hello();
        hello["features"] = json!(["probe"]);
        hello["generation"] = generation.into();
        let welcome = control.ask(&hello);
        let probe_slot = welcome["region"]["probe_slot"].as_u64().expect("a slot for probes");
        (RawWorker::with(control), u32::try_from(probe_slot).expect("an index"))
    }

    /// Waits for a probe and answers it.
    #[track_caller]
    pub fn answer_probe(&self, slot: u32) {
        crate::eventually("a probe", Duration::from_secs(20), || {
            let mut asked = false;
            self.side.take_notices(|noticed| asked |= noticed == slot);
            asked.then_some(())
        });
        self.wake(self.side.answer_probe(slot));
    }

    /// Connects and registers GET routes under a name.
    #[track_caller]
    pub fn registered(path: &Path, name: &str, patterns: &[&str]) -> RawWorker {
        let mut worker = RawWorker::connect(path);
        worker.register(1, name, patterns);
        worker
    }

    /// Takes over a connection that was welcomed.
    #[track_caller]
    pub fn with(mut control: Control) -> RawWorker {
        let [region, hub_doorbell, _worker_doorbell] =
            <[OwnedFd; 3]>::try_from(std::mem::take(&mut control.fds)).expect("three descriptors");
        let file = region.as_fd().try_clone_to_owned().expect("a descriptor");
        let mapping = Mapping::open(region).expect("a region of the hub's");
        RawWorker {
            control,
            side: WorkerSide::new(Arc::new(mapping)),
            region: RawRegion::new(file),
            hub_doorbell: Doorbell::from(hub_doorbell),
        }
    }

    /// Registers GET routes; gives the hub's answer, which is a confirmation.
    #[track_caller]
    pub fn register(&mut self, id: u32, name: &str, patterns: &[&str]) -> Value {
        let answer = self.control.ask(&register(id, name, patterns));
        assert_eq!(answer["kind"], "registered", "{answer}");
        answer
    }

    /// Waits for an exchange and claims it.
    #[track_caller]
    pub fn claim(&self) -> Claim {
        self.claim_within(Duration::from_secs(20)).expect("an exchange")
    }

    /// Waits for an exchange and claims it, unless none comes in time.
    pub fn claim_within(&self, limit: Duration) -> Option<Claim> {
        let end = std::time::Instant::now() + limit;
        let mut spin = Spin::new(0);
        loop {
            if let Some(claim) = self.side.claim() {
                return Some(claim);
            }
            let left = end.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                return None;
            }
            let _ = self.side.wait(&mut spin, Some(left), || false);
        }
    }

    /// Answers an exchange with a status and a short body.
    pub fn answer(&self, claim: Claim, status: u16, body: &[u8]) {
        let length = Some(body.len() as u64);
        self.side.encode_head(&claim, status, length, |_| Ok(())).expect("a short head");
        assert_eq!(self.side.write_response(&claim, body), body.len(), "a short body");
        self.wake(self.side.finish(claim));
    }

    /// Does what the core asks for after an operation.
    pub fn wake(&self, wake: HubWake) {
        if wake.needed() {
            self.ring_hub();
        }
    }

    /// Rings the hub's doorbell.
    pub fn ring_hub(&self) {
        self.hub_doorbell.ring();
    }

    /// Raises every bit of the attention map's first words and rings: the hub shall look
    /// at whatever lies in the region now.
    pub fn shout(&self) {
        let summary = self.region.attention();
        self.region.write(summary + 128, &u64::MAX.to_le_bytes());
        self.region.write(summary, &u64::MAX.to_le_bytes());
        self.ring_hub();
    }
}
