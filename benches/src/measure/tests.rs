//! Goal: what the table says follows from the rounds.

use super::{Sample, Summary, median, spread};

#[test]
fn the_median_is_the_middle_and_of_two_the_upper() {
    assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
    assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 3.0);
    assert!(median(Vec::new()).is_nan());
}

#[test]
fn the_spread_is_relative_to_the_median() {
    assert_eq!(spread(&[9.0, 10.0, 12.0]), 0.3);
}

#[test]
fn rounds_without_processor_time_have_none() {
    let summary = Summary::of(&[Sample::of(1.0), Sample::of(2.0), Sample::of(3.0)]);
    assert_eq!((summary.value, summary.cpu_us, summary.rounds), (2.0, None, 3));
    let summary = Summary::of(&[Sample::new(1.0, 5.0), Sample::new(1.0, 7.0), Sample::of(1.0)]);
    assert_eq!(summary.cpu_us, Some(7.0));
}
