//! Registrations that come and go, where no hub is: what the hub says of them is tested in C.

use std::ffi::CStr;
use std::ptr::{null, null_mut};

use super::*;
use crate::close::slotway_worker_close;
use crate::error::slotway_last_error;
use crate::metrics::*;
use crate::options::*;
use crate::setup::*;
use crate::status::slotway_status::*;

fn last_error() -> String {
    // SAFETY: the library's texts end with NUL and live until this thread's next error.
    unsafe { CStr::from_ptr(slotway_last_error()) }.to_str().expect("UTF-8").to_owned()
}

fn worker(flags: u32) -> *mut slotway_worker {
    let mut worker = null_mut();
    let options = slotway_worker_options {
        size: size_of::<slotway_worker_options>() as u32,
        hub: c"/nonexistent/hub.sock".as_ptr(),
        flags,
        slots: 0,
        head_bytes: 0,
        request_bytes: 0,
        response_bytes: 0,
        drain_timeout_ms: 0,
        backoff_ms: 0,
        backoff_max_ms: 0,
        heartbeat_interval_ms: 0,
        heartbeat_timeout_ms: 0,
        spin: 0,
        generation: 0,
        reserved: 0,
    };
    // SAFETY: a live struct that says its size, and a live output.
    assert_eq!(unsafe { slotway_worker_new(&raw const options, &raw mut worker) }, SLOTWAY_OK);
    worker
}

/// Sets a registration of one route up; its index, or why not.
fn register(worker: *mut slotway_worker, instance: &CStr) -> Result<u32, slotway_status> {
    let options = slotway_registration_options {
        size: size_of::<slotway_registration_options>() as u32,
        max_concurrent: 0,
        instance: instance.as_ptr(),
    };
    let mut index = u32::MAX;
    // SAFETY: a text with NUL, a live struct that says its size, and a live output.
    let status = unsafe {
        slotway_worker_register(worker, c"w".as_ptr(), &raw const options, &raw mut index)
    };
    if status != SLOTWAY_OK {
        return Err(status);
    }
    let (get, pattern) = (c"GET".as_ptr(), c"/x".as_ptr());
    // SAFETY: texts with NUL.
    assert_eq!(unsafe { slotway_worker_route(worker, get, pattern, 0, null_mut()) }, SLOTWAY_OK);
    Ok(index)
}

fn add(worker: *mut slotway_worker) -> slotway_status {
    // SAFETY: a handle.
    unsafe { slotway_worker_add(worker, 0) }
}

fn connect(worker: *mut slotway_worker) -> slotway_status {
    // SAFETY: a handle.
    unsafe { slotway_worker_connect(worker, 0) }
}

fn close(worker: *mut slotway_worker) {
    // SAFETY: a handle.
    assert_eq!(unsafe { slotway_worker_close(worker) }, SLOTWAY_OK);
}

fn registered(worker: *mut slotway_worker, index: u32) -> slotway_status {
    // SAFETY: a handle.
    unsafe { slotway_worker_registered(worker, index) }
}

fn metrics(worker: *mut slotway_worker, index: u32) -> Result<slotway_metrics, slotway_status> {
    let mut metrics = std::mem::MaybeUninit::<slotway_metrics>::zeroed();
    // SAFETY: all zeros are such a struct.
    unsafe { metrics.assume_init_mut() }.size = size_of::<slotway_metrics>() as u32;
    // SAFETY: a live output that says its size.
    let status = unsafe { slotway_worker_metrics(worker, index, metrics.as_mut_ptr()) };
    // SAFETY: as above.
    if status == SLOTWAY_OK { Ok(unsafe { metrics.assume_init() }) } else { Err(status) }
}

/// While it is connected none is added, unless that was asked for.
#[test]
fn r03_adding_to_a_worker_that_runs_is_an_error_unless_asked_for() {
    let worker = worker(0);
    assert_eq!(register(worker, c"a"), Ok(0));
    assert_eq!(add(worker), SLOTWAY_E_OUT_OF_ORDER);
    assert!(last_error().contains("slotway_worker_connect"), "{}", last_error());
    assert_eq!(connect(worker), SLOTWAY_OK);
    assert_eq!(register(worker, c"b"), Err(SLOTWAY_E_OUT_OF_ORDER));
    assert!(last_error().contains("SLOTWAY_WORKER_HOT_ADD"), "{}", last_error());
    assert_eq!(add(worker), SLOTWAY_E_OUT_OF_ORDER);
    assert_eq!(connect(worker), SLOTWAY_E_OUT_OF_ORDER);
    assert_eq!(last_error(), "the worker is connected already");
    close(worker);
}

/// Each has an index of its own, in the order in which they come, and one that cannot be has
/// none.
#[test]
fn r03_a_duplicate_is_named_and_the_order_is_kept() {
    let worker = worker(SLOTWAY_WORKER_HOT_ADD);
    assert_eq!(register(worker, c"a"), Ok(0));
    assert_eq!(register(worker, c"b"), Ok(1));
    assert_eq!(connect(worker), SLOTWAY_OK);
    assert_eq!(add(worker), SLOTWAY_E_OUT_OF_ORDER);
    assert!(last_error().contains("slotway_worker_register"), "{}", last_error());
    assert_eq!(register(worker, c"b"), Ok(2));
    assert_eq!(register(worker, c"c"), Err(SLOTWAY_E_OUT_OF_ORDER));
    assert!(last_error().contains("slotway_worker_add"), "{}", last_error());
    assert_eq!(add(worker), SLOTWAY_E_INVALID_ARGUMENT);
    assert!(last_error().contains("\"w.b\""), "{}", last_error());
    assert_eq!(register(worker, c"c"), Ok(2), "what could not be added is forgotten");
    assert_eq!(add(worker), SLOTWAY_OK);
    assert_eq!(register(worker, c"not one"), Ok(3));
    assert_eq!(add(worker), SLOTWAY_E_INVALID_ARGUMENT);
    assert!(last_error().contains("not one"), "{}", last_error());
    for index in 0..3 {
        assert_eq!(registered(worker, index), SLOTWAY_E_AGAIN);
        let metrics = metrics(worker, index).expect("it is there");
        assert_eq!((metrics.state, metrics.received, metrics.ending), (0, 0, 0));
    }
    assert_eq!(metrics(worker, 3).err(), Some(SLOTWAY_E_INVALID_ARGUMENT));
    close(worker);
}

/// One that is withdrawn is gone, alone, and still tells what it has done.
#[test]
fn one_is_withdrawn_alone() {
    let worker = worker(SLOTWAY_WORKER_HOT_ADD);
    // SAFETY: a handle.
    let withdraw = |index| unsafe { slotway_worker_withdraw(worker, index, 1000) };
    assert_eq!(withdraw(0), SLOTWAY_E_OUT_OF_ORDER);
    assert_eq!((register(worker, c"a"), register(worker, c"b")), (Ok(0), Ok(1)));
    assert_eq!(connect(worker), SLOTWAY_OK);
    assert_eq!(withdraw(0), SLOTWAY_OK);
    assert_eq!(withdraw(0), SLOTWAY_E_INVALID_ARGUMENT);
    assert!(last_error().contains("number 0"), "{}", last_error());
    assert_eq!(registered(worker, 0), SLOTWAY_E_INVALID_ARGUMENT);
    assert_eq!(registered(worker, 1), SLOTWAY_E_AGAIN);
    let gone = metrics(worker, 0).expect("it is remembered");
    let withdrawn = slotway_registration_state::SLOTWAY_REGISTRATION_WITHDRAWN as i32;
    let ending = slotway_ending::SLOTWAY_ENDING_WITHDRAWN as i32;
    assert_eq!((gone.state, gone.ending), (withdrawn, ending));
    assert_eq!(register(worker, c"a"), Ok(2), "an index is never used again");
    assert_eq!(add(worker), SLOTWAY_OK);
    close(worker);
}

/// What is added has the same order and checks as what is there from the start.
#[test]
fn nothing_is_added_before_connecting() {
    let worker = worker(SLOTWAY_WORKER_HOT_ADD);
    // SAFETY: NULL is fine; a text with NUL.
    let bare = || unsafe { slotway_worker_register(worker, c"bare".as_ptr(), null(), null_mut()) };
    assert_eq!(bare(), SLOTWAY_OK);
    assert_eq!(connect(worker), SLOTWAY_E_INVALID_ARGUMENT, "it has no route");
    close(worker);
}
