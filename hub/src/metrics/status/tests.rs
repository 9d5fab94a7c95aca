use super::*;

fn shown(counted: &[(Method, u16)]) -> Vec<(Method, String, u64)> {
    let statuses = Statuses::default();
    for &(method, status) in counted {
        statuses.add_one(method, status);
    }
    let mut counts = StatusCounts::default();
    counts.add(&statuses);
    counts.iter().map(|(method, label, count)| (method, label.to_string(), count)).collect()
}

#[test]
fn a_known_status_is_shown_as_it_is() {
    for status in KNOWN {
        assert_eq!(shown(&[(Method::Put, status)]), [(Method::Put, status.to_string(), 1)]);
    }
}

#[test]
fn a_worker_that_makes_statuses_up_makes_no_labels() {
    let every: Vec<_> = (0..=u16::MAX).map(|status| (Method::Get, status)).collect();
    let shown = shown(&every);
    assert_eq!(shown.len(), PLACES);
    assert_eq!(shown.iter().map(|(.., count)| count).sum::<u64>(), 65_536);
}

#[test]
fn errors_are_what_has_500_and_more() {
    let statuses = Statuses::default();
    for status in [200, 404, LEFT, 500, 502, 599] {
        statuses.add_one(Method::Get, status);
    }
    let mut counts = StatusCounts::default();
    counts.add(&statuses);
    assert_eq!(counts.sums(), (6, 3));
}
