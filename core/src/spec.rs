//! The sizes of a region.

use core::fmt;

/// Slots of a region at most. A queue cell holds a slot's index in 16 bits.
pub const SLOTS_MAX: u32 = 16_384;
/// Bytes of one head area at least: one page.
pub const HEAD_BYTES_MIN: u32 = 4096;
/// Bytes of one head area at most.
pub const HEAD_BYTES_MAX: u32 = 1 << 20;
/// Bytes of one body ring at least: one page.
pub const RING_BYTES_MIN: u32 = 4096;
/// Bytes of one body ring at most.
pub const RING_BYTES_MAX: u32 = 16 << 20;
/// Bytes of a whole region at most: what one connection may reserve of the address space.
pub const REGION_BYTES_MAX: u64 = 64 << 30;

/// The sizes of a region, chosen by the hub when it creates it and fixed from then on.
///
/// Memory is paid for when it is first used, so generous sizes cost address space only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RegionSpec {
    /// Exchanges in flight at most: 1 to 16,384. Default 256.
    pub slots: u32,
    /// Bytes for one encoded head, in each direction: a multiple of 4096 from 4 KiB to
    /// 1 MiB. Default 128 KiB, which holds any head of 64 KiB on the wire.
    pub head_bytes: u32,
    /// Bytes of the ring for a request's body: a power of two from 4 KiB to 16 MiB.
    /// Default 64 KiB. Larger bodies flow through it.
    pub request_bytes: u32,
    /// Bytes of the ring for a response's body: as above.
    pub response_bytes: u32,
}

impl Default for RegionSpec {
    fn default() -> RegionSpec {
        RegionSpec {
            slots: 256,
            head_bytes: 128 << 10,
            request_bytes: 64 << 10,
            response_bytes: 64 << 10,
        }
    }
}

/// The sizes of the two rings for events, if a region has them.
///
/// They cost address space until a worker publishes or subscribes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventRings {
    /// Bytes of the outbox, worker to hub: a power of two from 4 KiB to 16 MiB. Default
    /// 256 KiB. Events larger than it flow through it.
    pub outbox_bytes: u32,
    /// Bytes of the inbox, hub to worker: as above.
    pub inbox_bytes: u32,
}

impl Default for EventRings {
    fn default() -> EventRings {
        EventRings { outbox_bytes: 256 << 10, inbox_bytes: 256 << 10 }
    }
}

impl EventRings {
    /// Checks both sizes.
    ///
    /// # Errors
    ///
    /// One is out of range or no power of two.
    pub fn validate(&self) -> Result<(), SpecError> {
        check_rings([("outbox_bytes", self.outbox_bytes), ("inbox_bytes", self.inbox_bytes)])
    }
}

fn check_rings(rings: [(&'static str, u32); 2]) -> Result<(), SpecError> {
    for (name, bytes) in rings {
        if !(RING_BYTES_MIN..=RING_BYTES_MAX).contains(&bytes) || !bytes.is_power_of_two() {
            return Err(SpecError::RingBytes(name, bytes));
        }
    }
    Ok(())
}

/// Sizes that cannot make a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpecError {
    /// The number of slots is out of range; holds it.
    Slots(u32),
    /// The size of the head areas is out of range or no multiple of 4096; holds it.
    HeadBytes(u32),
    /// The size of a ring is out of range or no power of two; holds its name and size.
    RingBytes(&'static str, u32),
    /// Everything together is too large; holds the sum in bytes.
    Total(u64),
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            SpecError::Slots(slots) => {
                write!(f, "slots is {slots}; choose 1 to {SLOTS_MAX}")
            }
            SpecError::HeadBytes(bytes) => write!(
                f,
                "head_bytes is {bytes}; choose a multiple of 4096 from {HEAD_BYTES_MIN} to {HEAD_BYTES_MAX}"
            ),
            SpecError::RingBytes(name, bytes) => write!(
                f,
                "{name} is {bytes}; choose a power of two from {RING_BYTES_MIN} to {RING_BYTES_MAX}"
            ),
            SpecError::Total(bytes) => write!(
                f,
                "the region would have {bytes} bytes; choose fewer slots or smaller sizes, {REGION_BYTES_MAX} at most"
            ),
        }
    }
}

impl core::error::Error for SpecError {}

impl RegionSpec {
    /// Checks every size by itself; [`Layout::new`](crate::Layout::new) checks the sum.
    pub fn validate(&self) -> Result<(), SpecError> {
        if self.slots == 0 || self.slots > SLOTS_MAX {
            return Err(SpecError::Slots(self.slots));
        }
        if !(HEAD_BYTES_MIN..=HEAD_BYTES_MAX).contains(&self.head_bytes)
            || !self.head_bytes.is_multiple_of(4096)
        {
            return Err(SpecError::HeadBytes(self.head_bytes));
        }
        check_rings([
            ("request_bytes", self.request_bytes),
            ("response_bytes", self.response_bytes),
        ])
    }
}
