use std::ffi::{CStr, c_char, c_void};
use std::ptr::{from_ref, null_mut};
use std::sync::Mutex;

use super::{SLOTWAY_LOG_DEBUG, SLOTWAY_LOG_OFF, SLOTWAY_LOG_WARN, slotway_log};
use crate::status::slotway_status::*;

type Lines = Mutex<Vec<(u32, String)>>;

unsafe extern "C" fn keep(level: u32, text: *const c_char, userdata: *mut c_void) {
    // SAFETY: a text with NUL.
    let text = unsafe { CStr::from_ptr(text) }.to_str().expect("UTF-8").to_owned();
    // SAFETY: the test's lines, which outlive the callback.
    let lines = unsafe { &*userdata.cast::<Lines>().cast_const() };
    lines.lock().expect("whole").push((level, text));
}

/// The callback gets what is wanted, from the time on when it is, and no longer.
#[test]
fn lines_go_where_they_are_wanted() {
    let lines = Lines::default();
    let userdata: *mut c_void = from_ref(&lines).cast_mut().cast();
    // SAFETY: `keep` works from any thread, and the lines outlive it.
    let log = |level| unsafe { slotway_log(level, Some(keep), userdata) };
    let say = |round| {
        tracing::warn!(round, error = "no\0 way", "there is no hub");
        tracing::debug!("nothing much");
    };
    say(1);
    assert_eq!(log(SLOTWAY_LOG_WARN), SLOTWAY_OK);
    say(2);
    assert_eq!(log(SLOTWAY_LOG_OFF), SLOTWAY_OK);
    say(3);
    // SAFETY: a level that is none changes nothing.
    let status = unsafe { slotway_log(SLOTWAY_LOG_DEBUG + 1, None, null_mut()) };
    assert_eq!(status, SLOTWAY_E_INVALID_ARGUMENT);

    let mine: Vec<_> = std::mem::take(&mut *lines.lock().expect("whole"));
    let text = "there is no hub (round: 2, error: \"no\\0 way\")".to_owned();
    assert!(mine.contains(&(SLOTWAY_LOG_WARN, text)), "{mine:?}");
    assert!(mine.iter().all(|(level, text)| *level <= 2
        && !text.contains("round: 1")
        && !text.contains("round: 3")));
}
