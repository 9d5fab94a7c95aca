//! The wait primitive: sleep while a word holds a value, and wake who sleeps.
//!
//! Three implementations of one small trait. [`Shared`] is the futex between processes,
//! [`Private`] the one inside a process (feature `private`), and `Model` loom's.
//! All of them may return early; every caller looks again.

use core::time::Duration;

use crate::sync::AtomicU32;

/// A word that threads can sleep on.
#[derive(Debug, Default)]
#[cfg_attr(not(slotway_loom), repr(transparent))]
pub struct Futex {
    #[cfg(not(slotway_loom))]
    word: AtomicU32,
    #[cfg(slotway_loom)]
    model: ModelFutex,
}

impl Futex {
    #[inline]
    pub(crate) fn word(&self) -> &AtomicU32 {
        #[cfg(not(slotway_loom))]
        return &self.word;
        #[cfg(slotway_loom)]
        return &self.model.word;
    }
}

/// How threads sleep on a [`Futex`].
pub trait Wait {
    /// Sleeps while the word holds `expected`, `timeout` at most. May return early.
    /// Gives `false` when the time is over.
    fn wait(futex: &Futex, expected: u32, timeout: Option<Duration>) -> bool;
    /// Wakes at most `count` sleepers.
    fn wake(futex: &Futex, count: u32);
}

#[cfg(all(not(slotway_loom), feature = "private"))]
pub use real::Private;
#[cfg(not(slotway_loom))]
pub use real::Shared;

#[cfg(not(slotway_loom))]
mod real {
    use super::{Duration, Futex, Wait};
    use rustix::io::Errno;
    use rustix::thread::futex;
    use rustix::time::Timespec;

    /// Sleeps on a word that several processes have mapped.
    #[derive(Debug, Clone, Copy, Default)]
    pub struct Shared;

    impl Wait for Shared {
        #[inline]
        fn wait(futex: &Futex, expected: u32, timeout: Option<Duration>) -> bool {
            sleep(futex, futex::Flags::empty(), expected, timeout)
        }

        #[inline]
        fn wake(futex: &Futex, count: u32) {
            // Waking cannot fail on a mapped, aligned word; there is nobody to tell.
            let _ = futex::wake(&futex.word, futex::Flags::empty(), count);
        }
    }

    /// Sleeps on a word of a region whose two sides live in this process.
    #[cfg(feature = "private")]
    #[derive(Debug, Clone, Copy, Default)]
    pub struct Private;

    #[cfg(feature = "private")]
    impl Wait for Private {
        #[inline]
        fn wait(futex: &Futex, expected: u32, timeout: Option<Duration>) -> bool {
            if timeout.is_some() {
                // `atomic-wait` knows no timeout. The kernel keys both calls alike.
                return sleep(futex, futex::Flags::PRIVATE, expected, timeout);
            }
            atomic_wait::wait(&futex.word, expected);
            true
        }

        #[inline]
        fn wake(futex: &Futex, count: u32) {
            if count == 1 {
                atomic_wait::wake_one(&futex.word);
            } else {
                atomic_wait::wake_all(&futex.word);
            }
        }
    }

    fn sleep(futex: &Futex, flags: futex::Flags, expected: u32, timeout: Option<Duration>) -> bool {
        // A timeout too long for the kernel's clock is no timeout.
        let timeout = timeout.and_then(|t| Timespec::try_from(t).ok());
        futex::wait(&futex.word, flags, expected, timeout.as_ref()) != Err(Errno::TIMEDOUT)
    }
}

#[cfg(slotway_loom)]
pub use modelled::Model;
#[cfg(slotway_loom)]
use modelled::ModelFutex;

#[cfg(slotway_loom)]
mod modelled {
    use super::{AtomicU32, Duration, Futex, Wait};
    use crate::sync::Ordering;
    use loom::sync::{Condvar, Mutex};

    /// The kernel's side of a futex: a lock that makes "look, then sleep" one step.
    #[derive(Debug, Default)]
    pub(super) struct ModelFutex {
        pub(super) word: AtomicU32,
        lock: Mutex<()>,
        sleepers: Condvar,
    }

    /// Loom's model of a futex. Without a timeout a lost wake-up is a deadlock that loom
    /// reports; with one, time is over as soon as the word was looked at.
    #[derive(Debug, Clone, Copy, Default)]
    pub struct Model;

    impl Wait for Model {
        fn wait(futex: &Futex, expected: u32, timeout: Option<Duration>) -> bool {
            if timeout.is_some() {
                return futex.model.word.load(Ordering::Relaxed) != expected;
            }
            let guard = futex.model.lock.lock().expect("no model thread panicked");
            // The kernel reads the word under its own lock, with no ordering that the
            // caller may count on.
            if futex.model.word.load(Ordering::Relaxed) == expected {
                drop(futex.model.sleepers.wait(guard));
            }
            true
        }

        fn wake(futex: &Futex, count: u32) {
            let _guard = futex.model.lock.lock().expect("no model thread panicked");
            if count == 1 {
                futex.model.sleepers.notify_one();
            } else {
                futex.model.sleepers.notify_all();
            }
        }
    }
}
