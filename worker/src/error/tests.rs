use super::ErrorCode;

/// The codes are part of the binary interface: pinned here, number and name.
#[test]
fn codes_are_stable() {
    let found: Vec<(i32, &str)> =
        ErrorCode::ALL.iter().map(|code| (code.as_i32(), code.name())).collect();
    let expected = [
        (-1, "invalid_argument"),
        (-2, "closed"),
        (-3, "timeout"),
        (-4, "again"),
        (-5, "refused"),
        (-6, "protocol"),
        (-7, "io"),
        (-8, "already_answered"),
        (-9, "out_of_order"),
        (-10, "too_large"),
        (-11, "cancelled"),
        (-12, "hub_gone"),
        (-13, "body_aborted"),
        (-14, "body_length"),
        (-15, "invalid_head"),
        (-16, "internal"),
        (-17, "call"),
    ];
    assert_eq!(found, expected);
    for (number, name) in expected {
        assert_eq!(ErrorCode::from_i32(number).map(ErrorCode::name), Some(name));
    }
    assert_eq!(ErrorCode::from_i32(0), None);
    assert_eq!(ErrorCode::from_i32(-18), None);
}
