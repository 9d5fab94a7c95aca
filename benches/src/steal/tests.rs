use super::*;

#[test]
fn what_was_stolen_is_a_part_of_all() {
    let before = Ticks::parse("cpu  10 0 10 70 0 0 0 10 5 5\ncpu0 1 2\n").expect("ticks");
    let after = Ticks::parse("cpu  60 0 10 90 0 0 0 40 50 5\n").expect("ticks");
    assert_eq!((before.stolen, before.all), (10, 100));
    assert!((after.stolen_since(before) - 0.3).abs() < 1e-9);
    assert!(Ticks::parse("cpu  1 2 3\n").is_none());
    assert!(Ticks::parse("").is_none());
}

/// Goal: an error is not tried again, and what is measured undisturbed is measured once.
#[test]
fn an_error_ends_it() {
    let mut tries = 0;
    let failed = undisturbed(|| {
        tries += 1;
        Err::<(), _>(io::Error::other("no"))
    });
    assert!(failed.is_err());
    assert_eq!(tries, 1);
}
