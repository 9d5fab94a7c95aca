use sdk::RefusalCode;

use super::*;

fn name(ending: i32) -> &'static str {
    // SAFETY: the function gives a text with its NUL that lives for ever.
    let text: &'static CStr = unsafe { CStr::from_ptr(slotway_ending_name(ending)) };
    text.to_str().expect("ASCII")
}

/// Every ending of the worker has one here, by the same name.
#[test]
fn endings_are_the_workers() {
    let refused = Ending::Refused { code: RefusalCode::RouteConflict, reason: String::new() };
    let all = [
        Ending::Shutdown,
        Ending::Withdrawn,
        refused,
        Ending::Replaced,
        Ending::HubClosed,
        Ending::Protocol(String::new()),
        Ending::HeartbeatTimeout,
        Ending::Failed(String::new()),
    ];
    for (number, ending) in (1..).zip(&all) {
        let here = slotway_ending::of(Some(ending)) as i32;
        assert_eq!((here, name(here)), (number, ending.name()));
    }
    assert_eq!(slotway_ending::ALL.len(), all.len() + 1);
    assert_eq!((slotway_ending::of(None) as i32, name(0)), (0, "none"));
    for number in [-1, 9, i32::MIN, i32::MAX] {
        assert_eq!(name(number), "unknown");
    }
}

/// Every state of the worker has a number of its own.
#[test]
fn states_are_the_workers() {
    let reason = String::new();
    let code = RefusalCode::RouteConflict;
    let all = [
        RegistrationState::Pending,
        RegistrationState::Waiting { reason: reason.clone() },
        RegistrationState::Live,
        RegistrationState::Withdrawing,
        RegistrationState::Refused { code, reason },
    ];
    for (number, state) in (0..).zip(&all) {
        assert_eq!(slotway_registration_state::of(state) as i32, number, "{state:?}");
    }
}

#[test]
fn a_short_wait_is_not_none() {
    assert_eq!(milliseconds(None), 0);
    assert_eq!(milliseconds(Some(Duration::from_micros(3))), 1);
    assert_eq!(milliseconds(Some(Duration::MAX)), u32::MAX);
}
