use super::Ids;

#[test]
fn a_number_is_given_once_and_remembered_as_given() {
    let ids = Ids::new();
    let (one, other) = (ids.next(), ids.next());
    assert!(one < other);
    assert!(ids.was_given(one) && ids.was_given(other));
    assert!(!ids.was_given(other + 1), "nobody has it yet");
    assert!(!ids.was_given(one - 1), "another run's, or nobody's");
    assert!(other < 1 << 53, "JavaScript reads it exactly");
}
