//! What every case has in common.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use crate::{Watchdog, artifacts};

/// The language of a worker. A case about what a client sees runs once for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flavor {
    /// `src/bin/rust-worker.rs`, on the Rust SDK.
    Rust,
    /// `c/worker.c`, on the C ABI.
    C,
    /// `c/event-worker.c`: one thread, an event loop. It has some of the routes only.
    EventLoop,
}

/// How much of the machine a case needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It may run beside others.
    Light,
    /// It measures, or fills every core: alone.
    Heavy,
}

static MACHINE: RwLock<()> = RwLock::new(());

/// Runs one case: after the others if it is heavy, and under a watchdog.
pub fn case(name: &str, weight: Weight, limit: Duration, body: impl FnOnce()) {
    // A case that failed leaves nothing that another could stumble over.
    let (_shared, _alone) = match weight {
        Weight::Light => (Some(MACHINE.read().unwrap_or_else(PoisonError::into_inner)), None),
        Weight::Heavy => (None, Some(MACHINE.write().unwrap_or_else(PoisonError::into_inner))),
    };
    // What has to be built first takes as long as it takes.
    artifacts::build();
    let _watchdog = Watchdog::new(name, limit);
    body();
}

/// Declares cases that run against a worker of each language:
/// `flavors! { Light, 20, fn h01_name(flavor) { … } }` with the watchdog's limit in
/// seconds. The name becomes a module with a test for each language.
#[macro_export]
macro_rules! flavors {
    ($($(#[$meta:meta])* $weight:ident, $seconds:literal, fn $name:ident($flavor:ident) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            fn run($flavor: $crate::Flavor) {
                let name = format!("{} ({:?})", stringify!($name), $flavor);
                let limit = std::time::Duration::from_secs($seconds);
                $crate::case(&name, $crate::Weight::$weight, limit, || $body);
            }

            #[test]
            fn rust() {
                run($crate::Flavor::Rust);
            }

            #[test]
            fn c() {
                run($crate::Flavor::C);
            }
        }
    )*};
}
