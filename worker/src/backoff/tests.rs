use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Attempts, Backoff};

const CAP: Duration = Duration::from_secs(60);

/// The cap is strict: 64 attempts with 32 draws each, and the delay without chance grows
/// until it is reached.
#[test]
fn r01_delays_grow_to_the_cap_and_never_past_it() {
    let backoff = Backoff::default();
    for attempt in 1..=64 {
        let floor = backoff.delay(attempt, Duration::ZERO);
        assert!(floor >= backoff.delay(attempt - 1, Duration::ZERO));
        for _ in 0..32 {
            let chance = backoff.chance();
            assert!(chance <= backoff.jitter);
            let delay = backoff.delay(attempt, chance);
            assert!(delay <= CAP, "attempt {attempt} waits {delay:?}");
            assert!(delay >= floor.min(CAP));
        }
    }
    assert_eq!(backoff.delay(1, Duration::ZERO), Duration::from_millis(500));
    assert_eq!(backoff.delay(2, Duration::from_millis(7)), Duration::from_millis(1007));
    assert_eq!(backoff.delay(8, Duration::ZERO), CAP);
}

proptest! {
    /// Huge attempts, chances and settings neither overflow nor pass the cap.
    #[test]
    fn r01_the_cap_holds_for_any_input(
        attempt: u32,
        base in any::<u64>(),
        chance in any::<u64>(),
        cap in any::<u64>(),
    ) {
        let backoff = Backoff {
            base: Duration::from_secs(base),
            jitter: Duration::MAX,
            cap: Duration::from_nanos(cap),
            ..Backoff::default()
        };
        prop_assert!(backoff.delay(attempt, Duration::from_secs(chance)) <= backoff.cap);
        let _ = backoff.chance();
    }
}

/// Only a success that lasted starts the count again.
#[test]
fn r01_attempts_reset_after_a_success_that_lasted() {
    let backoff = Backoff { jitter: Duration::ZERO, ..Backoff::default() };
    let mut attempts = Attempts::new(backoff);
    let start = Instant::now();
    assert_eq!(attempts.failed(start), Duration::from_millis(500));
    assert_eq!(attempts.failed(start), Duration::from_secs(1));

    attempts.live(start);
    assert_eq!(attempts.failed(start + Duration::from_secs(1)), Duration::from_secs(2));

    attempts.live(start);
    assert_eq!(attempts.failed(start + backoff.lasting), Duration::from_millis(500));
    assert_eq!(attempts.failed(start + backoff.lasting), Duration::from_secs(1));
}
