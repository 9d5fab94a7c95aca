use std::ffi::CStr;

use sdk::CallEnd;

use super::{slotway_call_end, slotway_call_end_name};

fn name(end: i32) -> &'static str {
    // SAFETY: the function gives a text with its NUL that lives for ever.
    let text: &'static CStr = unsafe { CStr::from_ptr(slotway_call_end_name(end)) };
    text.to_str().expect("ASCII")
}

/// Every end of the worker has one here, of the same number and name.
#[test]
fn ends_are_the_workers() {
    for end in CallEnd::ALL {
        let here = slotway_call_end::of(end);
        assert_eq!(here as i32, i32::from(end.number()), "{end}");
        assert_eq!(name(here as i32), end.as_str());
    }
    assert_eq!(slotway_call_end::ALL.len(), CallEnd::ALL.len() + 1);
    let newer = slotway_call_end::of(CallEnd::Other(77));
    assert_eq!((newer as i32, name(newer as i32)), (255, "other"));
}

#[test]
fn numbers_that_are_no_end_have_a_name_too() {
    for number in [-1, 12, 254, 256, i32::MIN, i32::MAX] {
        assert_eq!(name(number), "unknown");
    }
}
