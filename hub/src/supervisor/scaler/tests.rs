use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn program() -> Program {
    let scale_down_after = 10 * SECOND;
    Program { instances: 2, min: Some(1), max: Some(3), scale_down_after, ..Program::default() }
}

fn waits(milliseconds: u64) -> Load {
    let wait = Some(Duration::from_millis(milliseconds));
    Load { wait, in_flight: 8, capacity: 8 }
}

#[test]
fn a_wait_that_is_too_long_calls_for_one_more_until_there_are_as_many_as_may_be() {
    let (program, now) = (program(), Instant::now());
    let mut scaler = Scaler::default();
    assert_eq!(scaler.look(&program, 2, true, waits(99), now), None);
    assert_eq!(scaler.look(&program, 2, true, waits(100), now), Some(3));
    assert_eq!(scaler.look(&program, 2, false, waits(900), now), None, "one is on its way");
    assert_eq!(scaler.look(&program, 3, true, waits(900), now), None, "as many as may be");
}

#[test]
fn a_calm_while_with_room_to_spare_lets_one_go() {
    let (program, start) = (program(), Instant::now());
    let calm = Load { wait: None, in_flight: 1, capacity: 8 };
    let mut scaler = Scaler::default();
    for after in 0..10 {
        assert_eq!(scaler.look(&program, 3, true, calm, start + after * SECOND), None);
    }
    assert_eq!(scaler.look(&program, 3, true, calm, start + 10 * SECOND), Some(2));
    // The next step has to wait as long.
    assert_eq!(scaler.look(&program, 2, true, calm, start + 11 * SECOND), None);
    assert_eq!(scaler.look(&program, 2, true, calm, start + 21 * SECOND), Some(1));
    assert_eq!(scaler.look(&program, 1, true, calm, start + 22 * SECOND), None);
    assert_eq!(scaler.look(&program, 1, true, calm, start + 32 * SECOND), None, "as few as may be");
}

#[test]
fn a_wait_or_a_peak_in_between_keeps_them() {
    let (program, start) = (program(), Instant::now());
    let calm = Load { wait: None, in_flight: 1, capacity: 12 };
    let mut scaler = Scaler::default();
    scaler.look(&program, 3, true, calm, start);
    assert_eq!(scaler.look(&program, 3, true, waits(200), start + 9 * SECOND), None);
    assert_eq!(scaler.look(&program, 3, true, calm, start + 10 * SECOND), None);
    // Two of the three would have been full to more than three quarters.
    let busy = Load { in_flight: 7, ..calm };
    scaler.look(&program, 3, true, busy, start + 15 * SECOND);
    assert_eq!(scaler.look(&program, 3, true, calm, start + 20 * SECOND), None);
    let light = Load { in_flight: 6, ..calm };
    scaler.look(&program, 3, true, light, start + 21 * SECOND);
    assert_eq!(scaler.look(&program, 3, true, calm, start + 31 * SECOND), Some(2));
}

#[test]
fn nothing_is_taken_away_while_one_is_on_its_way() {
    let (program, start) = (program(), Instant::now());
    let calm = Load::default();
    let mut scaler = Scaler::default();
    scaler.look(&program, 3, true, calm, start);
    assert_eq!(scaler.look(&program, 3, false, calm, start + 10 * SECOND), None);
}
