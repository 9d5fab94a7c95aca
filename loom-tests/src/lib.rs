//! Models of every protocol in `slotway-core`, checked by loom.
//!
//! loom runs a model once for every order in which its threads can interleave and for
//! every value that a load may give under the memory model. The models use the source
//! that ships: `--cfg slotway_loom` exchanges the atomics, the payload bytes and the
//! futex below it, nothing else. Without that cfg this crate is empty.
//!
//! ```text
//! RUSTFLAGS="--cfg slotway_loom" CARGO_TARGET_DIR=target/loom cargo test -p slotway-loom --release
//! ```
//!
//! A model has one property, which is its name, and says which orderings it needs. Two
//! tests keep it honest: `holds` runs it as it is, and `needs` takes each of those
//! orderings away and expects the model to fail. A third (`orderings`) reads core's
//! source and takes away every ordering in it, one place at a time: an ordering that no
//! model misses is either not needed or not tested.
//!
//! Most models run in every order. Where there are too many, the model's line in its file
//! bounds how often a thread is interrupted at a point where it would not wait by itself;
//! races rarely take more than two such interruptions. `LOOM_MAX_PREEMPTIONS=5` raises
//! every bound.
//!
//! What loom does not see, and these models therefore do not show: a load that is
//! satisfied by a store which follows it (load buffering); `SeqCst` accesses as more than
//! AcqRel, so core has none and uses fences; and, since the modelled futex is a lock and
//! a condition variable, a missing ordering on a path that goes through a sleep. That is
//! why what is waited for is published, in most models, by a store that orders nothing.

#![cfg(all(slotway_loom, test))]
// All threads of a model are one thread of the operating system.
#![allow(clippy::arc_with_non_send_sync)]

mod abandon;
mod bell;
mod dispatch;
mod doorbell;
mod events;
mod exchange;
mod free_list;
mod model;
mod orderings;
mod probe;
mod queue;
mod sides;
mod signal;
mod stream;
mod waiter;
mod word;
