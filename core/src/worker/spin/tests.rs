//! Goal: spinning that pays is kept, spinning that does not costs next to nothing, and a
//! side that has given spinning up finds out when it would pay.

use super::{DOUBT_MAX, LEAST, PAUSE_MAX, Spin};

const CAP: u32 = 1024;

/// One wait for something that comes after so many looks; gives how many looks it took and
/// whether it came.
fn wait(spin: &mut Spin, comes_after: u32) -> (u32, bool) {
    let mut looks = 0;
    let came = spin.until(|| {
        looks += 1;
        looks > comes_after
    });
    (looks, came)
}

#[test]
fn what_is_there_costs_one_look() {
    assert_eq!(wait(&mut Spin::new(CAP), 0), (1, true));
    assert_eq!(wait(&mut Spin::new(0), 0), (1, true));
}

#[test]
fn a_cap_of_nothing_never_spins() {
    let mut spin = Spin::new(0);
    for _ in 0..5000 {
        assert_eq!(wait(&mut spin, 1), (1, false));
    }
}

#[test]
fn spinning_that_pays_goes_on() {
    let mut spin = Spin::new(CAP);
    for _ in 0..100 {
        assert_eq!(wait(&mut spin, 50), (51, true));
    }
}

#[test]
fn spinning_that_costs_more_than_a_wake_up_ends() {
    let mut spin = Spin::new(CAP);
    let looks: u32 = (0..20_000).map(|_| wait(&mut spin, 700).0).sum();
    // One look a wait; and for a start, some early trials, then one in a thousand waits, as
    // many dear hits as there may be in a row.
    let (waits, trials) = (20_000, 1 + 8 + 20_000 / PAUSE_MAX);
    assert!(looks < waits + 701 * DOUBT_MAX * trials, "{looks} looks for {waits} waits");
}

#[test]
fn work_that_mostly_comes_late_is_slept_for() {
    let mut spin = Spin::new(CAP);
    // One of three comes soon.
    let comes_after = |number: u32| if number.is_multiple_of(3) { 200 } else { 700 };
    let waits = 100_000;
    let looks: u32 = (0..waits).map(|number| wait(&mut spin, comes_after(number)).0).sum();
    assert!(looks < waits * 20, "{looks} looks for {waits} waits");
}

#[test]
fn spinning_that_does_not_pay_ends() {
    let mut spin = Spin::new(CAP);
    let looks: u32 = (0..20_000).map(|_| wait(&mut spin, u32::MAX).0).sum();
    // One look a wait, what it gives up, some early trials and then one in a thousand.
    let (waits, late) = (20_000, 20_000 / PAUSE_MAX);
    assert!(looks < waits + CAP * (2 + 8 + late), "{looks} looks for {waits} waits");
}

#[test]
fn a_side_that_has_given_up_comes_back() {
    let mut spin = Spin::new(CAP);
    for _ in 0..10_000 {
        wait(&mut spin, u32::MAX);
    }
    // What comes within the cap and not within a few looks: the other side has to wake up
    // first, as long as this one sleeps.
    let comes_after = CAP - LEAST;
    let failed = (0..=2 * PAUSE_MAX).take_while(|_| !wait(&mut spin, comes_after).1).count();
    assert!(failed <= PAUSE_MAX as usize, "{failed} sleeps before a trial");
    assert!(wait(&mut spin, comes_after).1, "it stays awake for a while");
    // Which the other side, now that it is looked for, has noticed.
    for _ in 0..1000 {
        assert!(wait(&mut spin, 10).1, "and from there on spinning pays");
    }
}
