//! The exchange of requests and responses between one hub process and one worker process
//! through shared memory: a lock-free slot state machine on futexes.
//!
//! The core knows nothing of HTTP beyond a method, a target, a status and headers as
//! bytes. It has no policy, allocates nothing and, but for the feature `map`, needs no
//! standard library.
//!
//! A [`Region`] is memory that both sides see. [`hub::HubSide`] is what the hub does with
//! it and [`worker::WorkerSide`] what a worker does; [`head`] is what they say. The parts
//! are one concept a module, each with its table of states and its invariants at the top:
//! the slot word (`word`), the submission queue (`queue`), the signal maps (`signal`), the
//! streams (`stream`), the bell (`bell`), the waiter (`waiter`), the lanes for events (`lane`) and the hub's record of
//! what is whose (`hub::lease`).
//!
//! # Trust
//!
//! A worker trusts the hub. The hub trusts no byte of a region: it keeps what it must
//! know in private memory, reads each value once, judges it and copies before it looks.
//!
//! # Features
//!
//! - `map` (default, needs std): memfd, seals, mmap, eventfd, passing descriptors.
//! - `control` (needs std): the messages of the control socket.
//! - `private`: the wait primitive for a region inside one process.

#![no_std]

#[cfg(any(feature = "map", slotway_loom, test))]
extern crate std;

mod area;
mod bell;
#[cfg(all(feature = "control", not(slotway_loom)))]
pub mod control;
pub mod head;
pub mod hub;
mod lane;
mod layout;
#[cfg(all(feature = "map", not(slotway_loom)))]
pub mod map;
#[cfg(not(slotway_loom))]
mod prefetch;
mod queue;
pub mod record;
mod region;
mod signal;
mod slot;
mod spec;
mod stream;
mod sync;
#[cfg(slotway_loom)]
pub mod testing;
mod violation;
mod wait;
mod waiter;
mod word;
pub mod worker;

pub use area::Area;
pub use bell::{Rung, Waited};
pub use lane::Space;
pub use layout::{
    LAYOUT_EVENTS, LAYOUT_MAJOR, LAYOUT_MINOR, Layout, LayoutError, MAGIC, RegionHeader,
};
pub use region::{Region, RegionRef};
pub use spec::{
    EventRings, HEAD_BYTES_MAX, HEAD_BYTES_MIN, REGION_BYTES_MAX, RING_BYTES_MAX, RING_BYTES_MIN,
    RegionSpec, SLOTS_MAX, SpecError,
};
pub use stream::End;
#[cfg(slotway_loom)]
pub use sync::model;
pub use violation::Violation;
#[cfg(slotway_loom)]
pub use wait::Model;
#[cfg(all(not(slotway_loom), feature = "private"))]
pub use wait::Private;
#[cfg(not(slotway_loom))]
pub use wait::Shared;
pub use wait::{Futex, Wait};
pub use waiter::Watch;
pub use word::{State, Word};

/// How threads sleep unless a side says otherwise: the futex between processes.
#[cfg(not(slotway_loom))]
pub type DefaultWait = Shared;
/// How threads sleep in a model.
#[cfg(slotway_loom)]
pub type DefaultWait = Model;
