use std::ffi::CStr;

use sdk::{CallEnd, Error, RefusalCode};

use super::{
    Fault, Outcome, settle, slotway_last_call_end, slotway_last_error, slotway_last_refusal,
    slotway_last_retry_after_ms, slotway_last_status,
};
use crate::call_end::slotway_call_end::*;
use crate::status::slotway_status::{self, *};

fn text(pointer: *const std::ffi::c_char) -> String {
    // SAFETY: the library's texts end with NUL and live until this thread's next error.
    unsafe { CStr::from_ptr(pointer) }.to_str().expect("UTF-8").to_owned()
}

fn fail(fault: Fault) -> slotway_status {
    settle(Ok(Err(fault)))
}

/// A thread remembers what failed last, through calls that succeed.
#[test]
fn the_last_error_stays() {
    assert_eq!(slotway_last_status(), SLOTWAY_OK);
    assert_eq!(text(slotway_last_error()), "");

    assert_eq!(fail(Fault::Null("worker")), SLOTWAY_E_INVALID_ARGUMENT);
    assert_eq!(settle(Ok(Ok(()))), SLOTWAY_OK);
    assert_eq!(slotway_last_status(), SLOTWAY_E_INVALID_ARGUMENT);
    assert_eq!(text(slotway_last_error()), "the argument worker is NULL");

    let other = std::thread::spawn(|| (slotway_last_status(), text(slotway_last_error())));
    assert_eq!(other.join().expect("no panic"), (SLOTWAY_OK, String::new()));
}

/// A refusal carries the hub's code; the next error forgets it.
#[test]
fn refusals_have_a_code_of_the_hub() {
    let refused = Error::Refused {
        registration: Some("a".to_owned()),
        code: RefusalCode::RouteConflict,
        reason: "served\0already".to_owned(),
    };
    assert_eq!(fail(refused.into()), SLOTWAY_E_REFUSED);
    assert_eq!(text(slotway_last_refusal()), "route_conflict");
    assert!(text(slotway_last_error()).ends_with("served?already"));
    assert_eq!(fail(Fault::Again), SLOTWAY_E_AGAIN);
    assert_eq!(text(slotway_last_refusal()), "");
}

/// A call that was not done says how it ended; the next error forgets it.
#[test]
fn calls_have_an_end() {
    let full = |end, retry_after| {
        let reason = "it is full".to_owned();
        fail(Error::Call { end, reason, retry_after }.into())
    };
    let after = std::time::Duration::from_millis(120);
    assert_eq!(full(CallEnd::QueueFull, Some(after)), SLOTWAY_E_CALL);
    assert_eq!(slotway_last_call_end(), SLOTWAY_END_QUEUE_FULL);
    assert_eq!(slotway_last_retry_after_ms(), 120);
    assert!(text(slotway_last_error()).contains("queue_full"), "{}", text(slotway_last_error()));
    assert_eq!(full(CallEnd::WorkerGone, None), SLOTWAY_E_CALL);
    assert_eq!(slotway_last_call_end(), SLOTWAY_END_WORKER_GONE);
    assert_eq!(slotway_last_retry_after_ms(), 0);
    assert_eq!(fail(Fault::Again), SLOTWAY_E_AGAIN);
    assert_eq!(slotway_last_call_end(), SLOTWAY_END_ANSWERED);
}

/// A panic ends at the boundary.
#[test]
fn a_panic_is_a_status() {
    let of = |body: fn() -> Outcome| export!([] => { body() });
    let said = |number: u32| -> Outcome { panic!("number {number}") };
    for (body, words) in [
        ((|| panic!("plain words")) as fn() -> Outcome, "plain words"),
        ((|| std::panic::panic_any(7)) as fn() -> Outcome, "no words"),
    ] {
        assert_eq!(of(body), SLOTWAY_E_INTERNAL);
        assert!(text(slotway_last_error()).ends_with(words));
    }
    assert_eq!(export!([] => { said(3) }), SLOTWAY_E_INTERNAL);
    assert!(text(slotway_last_error()).ends_with("number 3"));
    assert_eq!(export!(or 5 => { if true { panic!("in vain") } else { 6 } }), 5);
}
