//! The one place that knows whether this is the real thing or loom's model of it.
//!
//! Everything else takes its atomics, its payload bytes and its orderings from here, so
//! that the models in `loom-tests` check the source that ships, not a copy of it.
//!
//! Orderings other than Relaxed are written `order!("label", Release)`. The label names
//! the pair that the ordering belongs to. In the real build the macro is the bare
//! ordering; under loom a test may weaken it, at one place or wherever the label stands,
//! and prove that a model fails without it.

#[cfg(not(slotway_loom))]
pub(crate) use core::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(slotway_loom)]
pub(crate) use loom::sync::atomic::{Ordering, fence};
#[cfg(slotway_loom)]
pub(crate) use modelled::{AtomicU32, AtomicU64};

#[cfg(not(slotway_loom))]
macro_rules! order {
    ($label:literal, $order:ident) => {
        $crate::sync::Ordering::$order
    };
}

#[cfg(slotway_loom)]
macro_rules! order {
    ($label:literal, $order:ident) => {
        $crate::sync::model::order($label, $crate::sync::Ordering::$order, file!(), line!())
    };
}

/// A sequentially consistent fence that is one side of the pair `label`.
#[cfg(not(slotway_loom))]
macro_rules! fence_seq_cst {
    ($label:literal) => {
        $crate::sync::fence($crate::sync::Ordering::SeqCst)
    };
}

#[cfg(slotway_loom)]
macro_rules! fence_seq_cst {
    ($label:literal) => {
        $crate::sync::fence($crate::sync::model::order(
            $label,
            $crate::sync::Ordering::SeqCst,
            file!(),
            line!(),
        ))
    };
}

pub(crate) use {fence_seq_cst, order};

/// Tells the processor that this is a spin loop; under loom lets another thread run.
#[inline]
pub(crate) fn spin_hint() {
    #[cfg(not(slotway_loom))]
    core::hint::spin_loop();
    #[cfg(slotway_loom)]
    loom::thread::yield_now();
}

#[cfg(slotway_loom)]
mod modelled {
    use super::Ordering;
    use loom::sync::atomic;

    macro_rules! atomic {
        ($name:ident, $value:ty) => {
            /// loom's atomic with every order of loads explored. loom takes two loads for
            /// independent, and then overlooks orders in which a thread that loads and
            /// stores comes before another's load (tokio-rs/loom#166); a store before
            /// each load, to a word that nobody reads, makes it look at them.
            #[derive(Debug, Default)]
            pub(crate) struct $name {
                value: atomic::$name,
                loads: atomic::AtomicBool,
            }

            impl $name {
                pub(crate) fn new(value: $value) -> $name {
                    $name { value: atomic::$name::new(value), loads: Default::default() }
                }

                pub(crate) fn load(&self, order: Ordering) -> $value {
                    self.loads.store(true, Ordering::Relaxed);
                    self.value.load(order)
                }
            }

            impl core::ops::Deref for $name {
                type Target = atomic::$name;

                fn deref(&self) -> &atomic::$name {
                    &self.value
                }
            }
        };
    }

    atomic!(AtomicU32, u32);
    atomic!(AtomicU64, u64);
}

/// Which ordering the running model does without.
#[cfg(slotway_loom)]
pub mod model {
    use core::cell::Cell;
    use std::thread_local;

    use super::Ordering;

    #[derive(Debug, Clone, Copy)]
    struct Weakening {
        label: &'static str,
        lost: Ordering,
        /// The end of the file's path, and the line; `None` for every place.
        place: Option<(&'static str, u32)>,
    }

    thread_local! {
        // loom runs every thread of a model on the operating system's thread that called
        // `loom::model`, so one thread-local reaches them all and no other test.
        static WEAKENING: Cell<Option<Weakening>> = const { Cell::new(None) };
    }

    /// Restores the ordering when it is dropped.
    #[must_use]
    #[derive(Debug)]
    pub struct Weakened(());

    /// Takes `lost` away wherever it carries `label`, in models that this thread runs:
    /// `Acquire` or `Release` leaves Relaxed, or of AcqRel the other half; `SeqCst`
    /// leaves AcqRel.
    pub fn weaken(label: &'static str, lost: Ordering) -> Weakened {
        WEAKENING.set(Some(Weakening { label, lost, place: None }));
        Weakened(())
    }

    /// As [`weaken`], at one place of the source only.
    pub fn weaken_at(
        label: &'static str,
        lost: Ordering,
        file_ends_with: &'static str,
        line: u32,
    ) -> Weakened {
        let place = Some((file_ends_with, line));
        WEAKENING.set(Some(Weakening { label, lost, place }));
        Weakened(())
    }

    impl Drop for Weakened {
        fn drop(&mut self) {
            WEAKENING.set(None);
        }
    }

    pub(crate) fn order(label: &str, order: Ordering, file: &str, line: u32) -> Ordering {
        let Some(weakening) = WEAKENING.get() else {
            return order;
        };
        let is_here = weakening.label == label
            && weakening.place.is_none_or(|(end, at)| at == line && file.ends_with(end));
        match (order, weakening.lost) {
            (found, lost) if is_here && found == lost => match lost {
                Ordering::SeqCst => Ordering::AcqRel,
                _ => Ordering::Relaxed,
            },
            (Ordering::AcqRel, Ordering::Acquire) if is_here => Ordering::Release,
            (Ordering::AcqRel, Ordering::Release) if is_here => Ordering::Acquire,
            _ => order,
        }
    }
}
