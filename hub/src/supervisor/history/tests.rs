use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn program() -> Program {
    Program { restart_delay: SECOND, crash_limit: 4, ..Program::default() }
}

#[test]
fn the_wait_doubles_with_each_exit_and_its_cap_is_strict() {
    let program = program();
    for (exits, least) in [(1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (64, 30), (usize::MAX, 30)] {
        for chance in [0, 1, u64::MAX, 123_456_789_012_345] {
            let delay = delay(&program, exits, chance);
            assert!(delay >= least * SECOND && delay <= 30 * SECOND, "{exits}: {delay:?}");
            assert!(delay <= least * SECOND * 3 / 2 || least == 30, "{exits}: {delay:?}");
        }
    }
}

#[test]
fn so_many_exits_within_the_window_are_a_crash_loop() {
    let (program, start) = (program(), Instant::now());
    let mut history = History::default();
    for after in 0..3 {
        let rest = history.ended(&program, None, start + after * SECOND, 0);
        assert!(!rest.crash_loop, "exit {after}");
    }
    let now = start + 3 * SECOND;
    let rest = history.ended(&program, None, now, 0);
    assert_eq!(rest, Rest { since: now, until: now + program.crash_rest, crash_loop: true });
    // Each further attempt that fails is one at once, also when it had served for a while.
    let later = now + 100 * SECOND;
    assert!(history.ended(&program, Some(59 * SECOND), later, 0).crash_loop);
    // One that has lasted ends it.
    assert!(!history.ended(&program, Some(60 * SECOND), later + 60 * SECOND, 0).crash_loop);
}

#[test]
fn exits_that_lie_apart_are_no_loop() {
    let (program, start) = (program(), Instant::now());
    let mut history = History::default();
    for after in 0..100 {
        let rest = history.ended(&program, None, start + after * 20 * SECOND, 0);
        assert!(!rest.crash_loop, "exit {after}");
    }
}

#[test]
fn what_is_forgotten_counts_no_more() {
    let (program, now) = (program(), Instant::now());
    let mut history = History::default();
    for _ in 0..4 {
        history.ended(&program, None, now, 0);
    }
    history.forget();
    let rest = history.ended(&program, None, now, 0);
    assert_eq!(rest, Rest { since: now, until: now + SECOND, crash_loop: false });
}
