use std::ffi::CStr;

use sdk::ErrorCode;

use super::{slotway_status, slotway_status_name};

fn name(status: i32) -> &'static str {
    // SAFETY: the function gives a text with its NUL that lives for ever.
    let text: &'static CStr = unsafe { CStr::from_ptr(slotway_status_name(status)) };
    text.to_str().expect("ASCII")
}

/// Every code of the worker has one status, of the same number and name, and the other way.
#[test]
fn codes_go_there_and_back() {
    for code in ErrorCode::ALL {
        let status = slotway_status::of(code);
        assert_eq!(status as i32, code.as_i32(), "{code}");
        assert_eq!(name(status as i32), code.name());
        assert_eq!(ErrorCode::from_i32(status as i32), Some(code));
    }
    assert_eq!(slotway_status::ALL.len(), ErrorCode::ALL.len() + 1);
    for (index, status) in (0..).zip(slotway_status::ALL) {
        assert_eq!(status as i32, -index);
    }
}

#[test]
fn numbers_that_are_no_status_have_a_name_too() {
    assert_eq!(name(0), "ok");
    for number in [1, -18, i32::MIN, i32::MAX] {
        assert_eq!(name(number), "unknown");
    }
}
