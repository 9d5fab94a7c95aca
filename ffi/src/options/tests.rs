use std::ptr::{from_ref, null};

use super::{
    SLOTWAY_WORKER_HOT_ADD, Sized32, WORKER_OPTIONS_FIRST, sized,
    slotway_worker_options as WorkerOptions, worker_options,
};

const INIT: WorkerOptions = WorkerOptions {
    size: size_of::<WorkerOptions>() as u32,
    slots: 0,
    hub: null(),
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
    flags: 0,
    reserved: 0,
};

fn built(options: &WorkerOptions) -> Result<String, String> {
    // SAFETY: a live struct that says its size.
    let built = unsafe { worker_options(from_ref(options)) };
    built
        .map(|(options, hot_add)| format!("{options:?} {hot_add}"))
        .map_err(|fault| fault.to_string())
}

/// Zero is the default, whatever the default is.
#[test]
fn zeros_are_the_defaults() {
    // SAFETY: NULL is fine.
    let (defaults, hot_add) = unsafe { worker_options(null()) }.expect("good");
    assert!(!hot_add);
    assert_eq!(built(&INIT).expect("good"), format!("{defaults:?} false"));
}

#[test]
fn every_field_arrives() {
    let options = WorkerOptions {
        slots: 7,
        hub: c"/run/\xffhub".as_ptr(),
        head_bytes: 4096,
        request_bytes: 8192,
        response_bytes: 16384,
        drain_timeout_ms: 11,
        backoff_ms: 22,
        backoff_max_ms: 33,
        heartbeat_interval_ms: 44,
        heartbeat_timeout_ms: 55,
        spin: 66,
        generation: 77,
        flags: SLOTWAY_WORKER_HOT_ADD,
        ..INIT
    };
    let built = built(&options).expect("good");
    let parts = [
        "slots: Some(7)",
        "/run/\\xFFhub",
        "head_bytes: Some(4096)",
        "request_bytes: Some(8192)",
        "response_bytes: Some(16384)",
        "drain_deadline: 11ms",
        "base: 22ms",
        "jitter: 22ms",
        "cap: 33ms",
        "interval: 44ms",
        "timeout: 55ms",
        "spin_cap: 66",
        "generation: Some(77)",
        "keep_open: true",
        " true",
        "sdk: \"c/",
    ];
    for part in parts {
        assert!(built.contains(part), "{part} is not in {built}");
    }
    let never = self::built(&WorkerOptions { spin: -1, ..INIT }).expect("good");
    assert!(never.contains("spin_cap: 0"), "{never}");
}

#[test]
fn what_cannot_be_says_why() {
    for size in [0, 4, WORKER_OPTIONS_FIRST as u32 - 1, 5000, u32::MAX] {
        let error = built(&WorkerOptions { size, ..INIT }).expect_err("no such size");
        assert!(error.contains(&format!("options.size is {size}")), "{error}");
    }
    let error = built(&WorkerOptions { flags: 2, ..INIT }).expect_err("no such flag");
    assert!(error.contains("options.flags is 0x2"), "{error}");
    let error = built(&WorkerOptions { reserved: 1, ..INIT }).expect_err("reserved");
    assert!(error.contains("options.reserved 1"), "{error}");
}

/// A struct of a newer header is welcome unless it asks for what this library cannot do.
#[test]
fn structs_grow() {
    #[derive(Debug, Clone, Copy)]
    #[repr(C)]
    struct Newer {
        options: WorkerOptions,
        more: u64,
    }
    // SAFETY: `repr(C)` without gaps: 64 bytes, then 8.
    unsafe impl Sized32 for Newer {}
    let size = size_of::<Newer>() as u32;
    let mut newer = Newer { options: WorkerOptions { size, slots: 3, ..INIT }, more: 0 };
    let read = |newer: &Newer| {
        let options: *const WorkerOptions = from_ref(newer).cast();
        // SAFETY: a live struct that says its size.
        let read = unsafe { sized("options", size_of::<WorkerOptions>(), options) };
        read.map_err(|fault| fault.to_string())
    };
    assert_eq!(read(&newer).expect("good").map(|options| options.slots), Some(3));
    newer.more = 1;
    let error = read(&newer).expect_err("not known");
    assert!(error.contains("too old"), "{error}");

    // And one of an older header has zeros where it ends: what lies behind it is not read.
    let first = WORKER_OPTIONS_FIRST as u32;
    let before_flags = WorkerOptions { size: first, generation: 8, flags: 1, reserved: 9, ..INIT };
    let shown = built(&before_flags).expect("good");
    assert!(shown.contains("generation: Some(8)") && shown.ends_with(" false"), "{shown}");
    let older = WorkerOptions { size: 24, slots: 5, drain_timeout_ms: 9, ..INIT };
    // SAFETY: a live struct of more than the size that it says.
    let read = unsafe { sized("options", 24, from_ref(&older)) };
    let read = read.expect("good").expect("not NULL");
    assert_eq!((read.slots, read.drain_timeout_ms), (5, 0));
}
