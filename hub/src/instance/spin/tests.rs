use super::*;

const CAP: Duration = Duration::from_micros(20);
const SOON: Duration = Duration::from_micros(1);
const LATE: Duration = Duration::from_micros(15);

#[test]
fn what_pays_is_done_longer_up_to_the_cap() {
    let mut spin = Spin::new(CAP);
    for _ in 0..10 {
        spin.hit(SOON);
    }
    assert_eq!(spin.budget, CAP);
}

#[test]
fn what_does_not_pay_stops_and_is_tried_again() {
    let mut spin = Spin::new(CAP);
    spin.hit(SOON);
    spin.hit(SOON);
    for _ in 0..3 {
        spin.wasted();
    }
    assert_eq!(spin.budget, Duration::ZERO);
    for _ in 0..SLEEPS_BETWEEN_TRIALS {
        assert_eq!(spin.budget, Duration::ZERO);
        spin.rest(false);
    }
    assert_eq!(spin.budget, CAP / TRIAL_PART);
}

#[test]
fn a_worker_that_is_awake_is_looked_for_sooner() {
    let mut spin = Spin::new(CAP);
    spin.wasted();
    let sleeps = (1..).find(|_| {
        spin.rest(true);
        !spin.budget.is_zero()
    });
    assert_eq!(sleeps, Some(SLEEPS_BETWEEN_TRIALS / SOONER));
}

#[test]
fn answers_that_mostly_come_late_are_slept_for() {
    let mut spin = Spin::new(CAP);
    for _ in 0..1000 {
        spin.hit(LATE);
        spin.hit(SOON);
    }
    assert_ne!(spin.budget, Duration::ZERO, "half of them do not");
    for _ in 0..DOUBT_MAX {
        assert_ne!(spin.budget, Duration::ZERO);
        spin.hit(LATE);
    }
    assert_eq!(spin.budget, Duration::ZERO);
}

#[test]
fn a_cap_of_zero_never_looks() {
    let mut spin = Spin::new(Duration::ZERO);
    for _ in 0..1000 {
        spin.hit(SOON);
        spin.rest(false);
        assert_eq!(spin.budget, Duration::ZERO);
    }
}
