use super::Notices;

/// Each handle comes once for any number of notices, in the order of the first.
#[test]
fn notices_come_once_and_in_order() {
    let mut notices = Notices::default();
    for token in 1..=3 {
        notices.watch(token, 10 + token as usize);
    }
    for token in [2, 3, 2, 1, 3] {
        assert!(notices.push(token));
    }
    assert!(!notices.push(4), "nobody waits with it");
    assert_eq!([notices.pop(), notices.pop(), notices.pop()], [Some(12), Some(13), Some(11)]);
    assert_eq!(notices.pop(), None);
    assert!(notices.push(2), "and comes again");
    notices.watch(2, 12);
    assert_eq!(notices.pop(), Some(12), "watching it again has forgotten nothing");
}

/// What was closed is passed over, and a token that means another handle by now is that one's.
#[test]
fn closed_handles_are_passed_over() {
    let mut notices = Notices::default();
    notices.watch(1, 11);
    assert!(notices.push(1));
    notices.watch(1, 21);
    notices.unwatch(1, 11);
    assert_eq!(notices.pop(), None, "the notice was the older one's");
    assert!(notices.push(1));
    assert_eq!(notices.pop(), Some(21));
    notices.unwatch(1, 21);
    assert!(!notices.push(1));
}

/// Notices that nobody takes do not grow with those that come.
#[test]
fn memory_is_bounded_by_what_is_watched() {
    let mut notices = Notices::default();
    for handle in 0..10_000 {
        notices.watch(1, handle);
        assert!(notices.push(1));
        notices.unwatch(1, handle);
    }
    assert!(notices.order.len() < 100, "{}", notices.order.len());
}
