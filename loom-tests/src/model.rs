//! What a model is, and how it is run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

use loom::sync::atomic::Ordering;
use slotway_core::model;

/// One model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model {
    /// Its property.
    pub(crate) name: &'static str,
    /// How often a thread may be interrupted where it would not wait, for models with too
    /// many orders to run them all.
    pub(crate) preemptions: Option<usize>,
    /// The labels whose orderings it fails without.
    pub(crate) needs: &'static [(&'static str, Ordering)],
    /// One run.
    pub(crate) run: fn(),
}

impl Model {
    /// Runs it in every order.
    ///
    /// # Panics
    ///
    /// When the property does not hold.
    pub(crate) fn check(&self) {
        let mut builder = loom::model::Builder::new();
        // LOOM_MAX_PREEMPTIONS looks deeper into a bounded model; an unbounded one stays so.
        let deeper = builder.preemption_bound.take();
        builder.preemption_bound = self.preemptions.map(|bound| bound.max(deeper.unwrap_or(0)));
        builder.max_branches = 10_000;
        let (run, started) = (self.run, Instant::now());
        let orders = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&orders);
        builder.check(move || {
            count.fetch_add(1, Relaxed);
            run();
        });
        println!("{}: {} orders in {:.1?}", self.name, orders.load(Relaxed), started.elapsed());
    }

    /// Runs it without an ordering that `weaken` takes away; gives how it failed.
    pub(crate) fn failure(
        &self,
        weaken: impl FnOnce() -> model::Weakened + Send,
    ) -> Option<String> {
        // A thread of its own: loom leaves a failed model's state behind in its thread.
        thread::scope(|scope| {
            let run = scope.spawn(|| {
                let _weakened = weaken();
                catch_unwind(AssertUnwindSafe(|| self.check())).err()
            });
            let panic = run.join().expect("the failure was caught")?;
            let message = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("a panic without a message");
            assert!(
                !message.contains("maximum number of branches"),
                "{} does not fail but runs for ever: {message}",
                self.name
            );
            Some(message.lines().next().unwrap_or_default().to_owned())
        })
    }

    /// Takes away each of the orderings that it needs.
    ///
    /// # Panics
    ///
    /// When it holds all the same.
    pub(crate) fn check_needs(&self) {
        for &(label, lost) in self.needs {
            let failure = self.failure(|| model::weaken(label, lost));
            let Some(failure) = failure else {
                panic!("{} holds without the {lost:?} of {label}", self.name);
            };
            println!("{} without the {lost:?} of {label}: {failure}", self.name);
        }
    }
}

/// Declares a file's models: each with its bound, if it has one, and what it needs.
macro_rules! models {
    ($($name:ident $(preemptions $bound:literal)? needs [$($label:literal $lost:ident),* $(,)?];)*) => {
        pub(crate) const MODELS: &[$crate::model::Model] = &[$($crate::model::Model {
            name: stringify!($name),
            preemptions: $crate::model::models!(@bound $($bound)?),
            needs: &[$(($label, loom::sync::atomic::Ordering::$lost)),*],
            run: $name,
        }),*];

        fn model(name: &str) -> &'static $crate::model::Model {
            MODELS.iter().find(|model| model.name == name).expect("it is declared above")
        }

        mod holds {
            $(#[test]
            fn $name() {
                super::model(stringify!($name)).check();
            })*
        }

        mod needs {
            $(#[test]
            fn $name() {
                super::model(stringify!($name)).check_needs();
            })*
        }
    };
    (@bound) => { None };
    (@bound $bound:literal) => { Some($bound) };
}

pub(crate) use models;
