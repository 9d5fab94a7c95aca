//! Goal: an exchange that has become more expensive is noticed, and nothing else is.

use super::{Baseline, Verdict};

fn with(rustc: &str, counts: &[(&str, f64)]) -> Baseline {
    let mut baseline = Baseline::new(rustc);
    baseline.counts.extend(counts.iter().map(|&(name, count)| (name.to_owned(), count)));
    baseline
}

#[test]
fn more_than_the_tolerance_is_grown_or_shrunk() {
    let before = with("rustc 1", &[("a", 1000.0), ("b", 1000.0), ("c", 1000.0), ("d", 1.0)]);
    let now = with("rustc 1", &[("a", 1031.0), ("b", 1029.0), ("c", 969.0), ("e", 5.0)]);
    let verdicts: Vec<_> = before.judge(&now).into_iter().map(|(_, verdict)| verdict).collect();
    assert_eq!(
        verdicts,
        [
            Verdict::Grown { before: 1000.0, now: 1031.0 },
            Verdict::Same { before: 1000.0, now: 1029.0 },
            Verdict::Shrunk { before: 1000.0, now: 969.0 },
            Verdict::New { now: 5.0 },
            Verdict::Missing { before: 1.0 },
        ]
    );
}

#[test]
fn another_compilers_counts_are_not_compared() {
    let before = with("rustc 1", &[("a", 1.0)]);
    assert!(before.is_comparable(&with("rustc 1", &[])));
    assert!(!before.is_comparable(&with("rustc 2", &[])));
}

#[test]
fn the_stored_baseline_reads() {
    let stored = Baseline::read().expect("it is checked in");
    assert!(stored.counts.values().all(|&count| count > 0.0));
    let names: Vec<_> = stored.counts.keys().map(String::as_str).collect();
    let mut cases: Vec<_> = crate::exchange::CASES.iter().map(|(name, ..)| *name).collect();
    cases.sort_unstable();
    assert_eq!(names, cases, "the baseline has every case and no other");
}
