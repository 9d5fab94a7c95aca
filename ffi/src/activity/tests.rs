use std::ffi::CStr;
use std::ptr::{null, null_mut};

use super::*;
use crate::close::slotway_worker_close;
use crate::error::slotway_last_error;
use crate::setup::{slotway_worker_connect, slotway_worker_new, slotway_worker_register};
use crate::setup::{slotway_worker_host, slotway_worker_route};
use crate::status::slotway_status::*;

fn last_error() -> String {
    // SAFETY: the library's texts end with NUL and live until this thread's next error.
    unsafe { CStr::from_ptr(slotway_last_error()) }.to_str().expect("UTF-8").to_owned()
}

fn queue(worker: *mut slotway_worker, queue: &CStr, types: &[&CStr]) -> (slotway_status, u32) {
    let types: Vec<_> = types.iter().map(|kind| kind.as_ptr()).collect();
    let mut first = 99;
    // SAFETY: texts with NUL, and a live output.
    let status = unsafe {
        slotway_worker_queue(
            worker,
            queue.as_ptr(),
            types.as_ptr(),
            types.len(),
            null(),
            &raw mut first,
        )
    };
    (status, first)
}

/// Activities are numbered behind the routes, queue by queue, and nothing comes between.
#[test]
fn numbers_count_on_behind_the_routes() {
    let mut worker = null_mut();
    // SAFETY: a live output.
    assert_eq!(unsafe { slotway_worker_new(null(), &raw mut worker) }, SLOTWAY_OK);
    assert_eq!(queue(worker, c"a/b", &[c"one"]), (SLOTWAY_E_OUT_OF_ORDER, 99));
    assert!(last_error().contains("slotway_worker_register"), "{}", last_error());
    // SAFETY: a text with NUL.
    let register = || unsafe { slotway_worker_register(worker, c"w".as_ptr(), null(), null_mut()) };
    let (get, x) = (c"GET".as_ptr(), c"/x".as_ptr());
    // SAFETY: texts with NUL.
    let route = || unsafe { slotway_worker_route(worker, get, x, 0, null_mut()) };
    assert_eq!(register(), SLOTWAY_OK);
    assert_eq!(queue(worker, c"a/b", &[c"one"]), (SLOTWAY_OK, 0));
    assert_eq!(register(), SLOTWAY_OK);
    assert_eq!(route(), SLOTWAY_OK);
    assert_eq!(queue(worker, c"a/b", &[c"one", c"two"]), (SLOTWAY_OK, 1));
    assert_eq!(queue(worker, c"a/c", &[c"one"]), (SLOTWAY_OK, 3));
    assert_eq!(route(), SLOTWAY_E_OUT_OF_ORDER);
    assert!(last_error().contains("add routes before queues"), "{}", last_error());
    // What failed has taken nothing away.
    assert_eq!(queue(worker, c"a/d", &[c"one"]), (SLOTWAY_OK, 4));
    // SAFETY: a text with NUL.
    assert_eq!(unsafe { slotway_worker_host(worker, c"a.example".as_ptr()) }, SLOTWAY_OK);
    // SAFETY: a handle.
    assert_eq!(unsafe { slotway_worker_close(worker) }, SLOTWAY_OK);
}

/// What cannot be taken is refused before there is a hub, with what is wrong with it.
#[test]
fn q01_what_cannot_be_taken_is_refused() {
    for (name, types, words) in [
        (c"images", &[c"resize"][..], "\"images\""),
        (c"a/b/c", &[c"resize"], "\"a/b/c\""),
        (c"a.b/c", &[c"resize"], "\"a.b/c\""),
        (c"a/b", &[], "no activity"),
        (c"a/b", &[c"re size"], "\"re size\""),
        (c"a/b", &[c"x", c"x"], "taken twice"),
    ] {
        let mut worker = null_mut();
        // SAFETY: a live output.
        assert_eq!(unsafe { slotway_worker_new(null(), &raw mut worker) }, SLOTWAY_OK);
        // SAFETY: a text with NUL.
        let registered =
            unsafe { slotway_worker_register(worker, c"w".as_ptr(), null(), null_mut()) };
        assert_eq!(registered, SLOTWAY_OK);
        assert_eq!(queue(worker, name, types).0, SLOTWAY_OK);
        // SAFETY: a handle.
        assert_eq!(unsafe { slotway_worker_connect(worker, 0) }, SLOTWAY_E_INVALID_ARGUMENT);
        assert!(last_error().contains(words), "{}", last_error());
        // SAFETY: a handle.
        assert_eq!(unsafe { slotway_worker_close(worker) }, SLOTWAY_OK);
    }
}

/// A type that is not there is named by its place.
#[test]
fn a_type_that_is_null_is_named() {
    let mut worker = null_mut();
    // SAFETY: a live output.
    assert_eq!(unsafe { slotway_worker_new(null(), &raw mut worker) }, SLOTWAY_OK);
    let types = [c"one".as_ptr(), null()];
    // SAFETY: texts with NUL, and what is to be refused.
    let status = unsafe {
        slotway_worker_queue(worker, c"a/b".as_ptr(), types.as_ptr(), 2, null(), null_mut())
    };
    assert_eq!(status, SLOTWAY_E_INVALID_ARGUMENT);
    assert_eq!(last_error(), "the argument activities[1] is NULL");
    // SAFETY: a handle.
    assert_eq!(unsafe { slotway_worker_close(worker) }, SLOTWAY_OK);
}
