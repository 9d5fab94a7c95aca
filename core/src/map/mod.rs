//! Regions as the operating system knows them: a sealed memfd, mapped, and the
//! descriptors that travel with it.

mod doorbell;
mod fd;
mod mapping;
#[cfg(test)]
mod tests;

pub use doorbell::{Doorbell, Ringer};
pub use fd::{receive, send};
pub use mapping::{HEAD_BYTES_RESERVED, MapError, Mapping};

/// The clock of deadlines: nanoseconds of CLOCK_MONOTONIC, the same in every process.
pub fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    // The clock starts at boot and never goes back, so neither part is negative.
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
