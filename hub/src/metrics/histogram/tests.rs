use super::*;

fn of(times_ns: &[u64]) -> Distribution {
    let histogram = Histogram::default();
    for &ns in times_ns {
        histogram.record(ns);
    }
    let mut distribution = Distribution::default();
    distribution.add(&histogram);
    distribution
}

/// The short cut finds what a look at every bound finds.
#[test]
fn every_time_falls_into_the_first_bucket_whose_bound_is_not_below_it() {
    let slow = |ns: u64| UPPER_NS.iter().position(|&bound| ns <= bound).unwrap_or(BOUNDS);
    let near = |ns: u64| [ns.saturating_sub(1), ns, ns.saturating_add(1)];
    let powers = (0..64).map(|bit| 1u64 << bit);
    let odd = (0..64).map(|bit| 0xb5ad_4ece_da1c_e2a9u64 >> bit);
    let times = UPPER_NS.into_iter().chain(powers).chain(odd).chain([0, u64::MAX]);
    for ns in times.flat_map(near) {
        assert_eq!(bucket(ns), slow(ns), "{ns}");
    }
}

#[test]
fn the_bounds_grow_from_10_microseconds_to_63_seconds() {
    assert_eq!(UPPER_NS[0], 10_000);
    assert_eq!(UPPER_NS[BOUNDS - 1], 63_000_000_000);
    assert!(UPPER_NS.is_sorted_by(|a, b| a < b));
}

#[test]
fn programs_see_1_2_5_with_everything_below_counted() {
    let shown: Vec<_> = of(&[1, 12_000, 51_000, 3_000_000_000, u64::MAX]).cumulative().collect();
    let bounds: Vec<_> = shown.iter().map(|(bound, _)| *bound).collect();
    assert_eq!(bounds[..6], [1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4]);
    assert_eq!(bounds[bounds.len() - 3..], [10.0, 20.0, 50.0]);
    assert_eq!(shown[0].1, 1);
    assert_eq!(shown[1].1, 2);
    assert_eq!(shown[2].1, 2);
    assert_eq!(shown[3].1, 3);
    assert_eq!(shown.last().unwrap().1, 4);
}

#[test]
fn a_percentile_lies_in_the_bucket_of_its_time() {
    assert_eq!(Distribution::default().quantile(0.5), None);
    let mut times: Vec<u64> = (1..=1000).map(|ms| ms * 1_000_000).collect();
    times.reverse();
    let times = of(&times);
    for (share, ms) in [(0.5, 500.0), (0.9, 900.0), (0.99, 990.0)] {
        let found = times.quantile(share).unwrap().as_secs_f64() * 1e3;
        assert!((found / ms - 1.0).abs() < 0.13, "{share}: {found} ms and not {ms}");
    }
    assert_eq!(of(&[u64::MAX]).quantile(0.5), Some(Duration::from_secs(63)));
}

#[test]
fn a_window_holds_what_came_in_it() {
    let histogram = Histogram::default();
    let look = || {
        let mut distribution = Distribution::default();
        distribution.add(&histogram);
        distribution
    };
    histogram.record(1_000_000);
    let before = look();
    histogram.record(2_000_000_000);
    let mut window = look().since(&before);
    assert_eq!((window.count(), window.sum()), (1, Duration::from_secs(2)));
    window.merge(&before);
    assert_eq!(window, look());
}
