//! The one place that knows whether this is the real thing or loom's model of it.
//!
//! Everything else takes its atomics, its payload bytes and its orderings from here, so
//! that the models in `loom-tests` check the source that ships, not a copy of it.
//!
//! Orderings other than Relaxed are written `order!("label", Release)`. The label names
//! the pair that the ordering belongs to. In the real build the macro is the bare
//! ordering; under loom a test may weaken one side of one label to Relaxed and prove
//! that a model fails without it.

#[cfg(not(slotway_loom))]
pub(crate) use core::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(slotway_loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

#[cfg(not(slotway_loom))]
macro_rules! order {
    ($label:literal, $order:ident) => {
        $crate::sync::Ordering::$order
    };
}

#[cfg(slotway_loom)]
macro_rules! order {
    ($label:literal, $order:ident) => {
        $crate::sync::model::order($label, $crate::sync::Ordering::$order)
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
        if !$crate::sync::model::is_weakened($label, $crate::sync::Ordering::SeqCst) {
            $crate::sync::fence($crate::sync::Ordering::SeqCst)
        }
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

/// Which ordering the running model does without.
#[cfg(slotway_loom)]
pub mod model {
    use std::cell::Cell;
    use std::thread_local;

    use super::Ordering;

    thread_local! {
        // loom runs every thread of a model on the operating system's thread that called
        // `loom::model`, so one thread-local reaches them all and no other test.
        static WEAKENED: Cell<Option<(&'static str, Ordering)>> = const { Cell::new(None) };
    }

    /// Restores the ordering when it is dropped.
    #[must_use]
    #[derive(Debug)]
    pub struct Weakened(());

    /// Replaces `order` by Relaxed wherever it carries `label`, in models that this
    /// thread runs. `SeqCst` removes the fences of that label.
    pub fn weaken(label: &'static str, order: Ordering) -> Weakened {
        WEAKENED.set(Some((label, order)));
        Weakened(())
    }

    impl Drop for Weakened {
        fn drop(&mut self) {
            WEAKENED.set(None);
        }
    }

    pub(crate) fn is_weakened(label: &'static str, order: Ordering) -> bool {
        WEAKENED.get() == Some((label, order))
    }

    pub(crate) fn order(label: &'static str, order: Ordering) -> Ordering {
        if is_weakened(label, order) { Ordering::Relaxed } else { order }
    }
}
