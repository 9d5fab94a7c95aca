//! The harness of the black-box tests: it starts hubs and workers as processes of their
//! own, speaks HTTP and the control protocol to them byte by byte, hurts them, and looks
//! at them from outside through `/proc`.
//!
//! The cases are in `tests/`, one file a topic. A case that has a number in its name
//! (`h01_…`) is the line of that number in the list of behaviours.
//!
//! Nothing here waits by sleeping a fixed time: every wait is for a condition, with a
//! deadline, and every case runs under a [`Watchdog`] that shows what all its processes
//! said before it gives up.
//!
//! `SLOTWAY_TEST_LONG=1` gives the long forms (1 GiB bodies, 10 s of idling), and
//! `SLOTWAY_TEST_HUB` names another program than the `slotway` that cargo builds. Cases
//! that need strace, valgrind, setpriv or a mount namespace say so and pass where there is
//! none.

mod admin;
pub mod artifacts;
mod bytes;
pub mod campaign;
mod case;
pub mod control;
mod dir;
pub mod h2;
mod hub;
pub mod listener;
mod litter;
pub mod proc;
mod process;
mod pty;
pub mod raw;
mod recorder;
mod rng;
mod strace;
mod watchdog;
mod wire;
mod worker;

pub mod http;

pub use admin::{SlotCounts, WorkerInfo};
pub use bytes::{Pattern, pattern};
pub use case::{Flavor, Weight, case};
pub use dir::PrivateDir;
pub use hub::{Hub, HubBuilder};
pub use litter::Litter;
pub use process::Process;
pub use pty::Pty;
pub use recorder::{Recorder, Seen};
pub use rng::Rng;
pub use strace::Trace;
pub use watchdog::{Watchdog, eventually};
pub use wire::Wire;
pub use worker::{Worker, WorkerBuilder};
