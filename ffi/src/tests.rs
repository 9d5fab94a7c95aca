//! Every export with every pointer that may not be NULL, and with handles that are not
//! open. What they do with a hub is tested in C, in `bindings/c/tests`.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ffi::{CStr, c_char, c_void};
use std::ptr::{null, null_mut, without_provenance_mut};

use crate::activity::*;
use crate::call::{slotway_call, slotway_reply};
use crate::calling::*;
use crate::cancel::*;
use crate::close::*;
use crate::error::*;
use crate::event::{slotway_delivery, slotway_event};
use crate::head::*;
use crate::metrics::{slotway_metrics, slotway_worker_metrics};
use crate::poll::*;
use crate::publish::*;
use crate::push::*;
use crate::registration::*;
use crate::request::slotway_request;
use crate::response::*;
use crate::setup::*;
use crate::sse::*;
use crate::status::slotway_status::*;
use crate::stream::*;
use crate::subscription::*;
use crate::types::{slotway_field, slotway_view};
use crate::worker::slotway_worker;

/// Exports that have neither pointers that may not be NULL nor handles.
const OTHERS: [&str; 11] = [
    "slotway_abi_version",
    "slotway_version",
    "slotway_status_name",
    "slotway_last_error",
    "slotway_last_status",
    "slotway_last_refusal",
    "slotway_last_call_end",
    "slotway_last_retry_after_ms",
    "slotway_call_end_name",
    "slotway_ending_name",
    "slotway_log",
];

fn last_error() -> String {
    // SAFETY: the library's texts end with NUL and live until this thread's next error.
    unsafe { CStr::from_ptr(slotway_last_error()) }.to_str().expect("UTF-8").to_owned()
}

/// Calls an export with everything as `$all` says, and for each name with that one NULL.
macro_rules! check {
    ($seen:ident, $function:ident($($argument:ident),*), not_null: [$($name:ident),*]) => {{
        $seen.insert(stringify!($function));
        // SAFETY: whatever is not NULL is a live local of the type, or a handle.
        let call = |all: &Arguments| unsafe { $function($(all.$argument()),*) };
        let all = Arguments::default();
        let closed = call(&all);
        if stringify!($function) != "slotway_worker_new" {
            assert_eq!(closed, SLOTWAY_E_CLOSED, stringify!($function));
            assert!(last_error().contains("is not an open"), "{}", last_error());
            assert!(all.untouched(), "{} wrote an output", stringify!($function));
        }
        let not_null: &[&'static str] = &[$(stringify!($name)),*];
        for &null in not_null {
            let without = Arguments { null, ..Arguments::default() };
            assert_eq!(call(&without), SLOTWAY_E_INVALID_ARGUMENT, stringify!($function));
            assert_eq!(last_error(), format!("the argument {null} is NULL"));
            assert!(without.untouched(), "{} wrote an output", stringify!($function));
        }
    }};
}

/// Something good for every argument there is, but for the one that is to be NULL.
struct Arguments {
    null: &'static str,
    outputs: [Cell<[u64; 32]>; 2],
}

const UNTOUCHED: [u64; 32] = [0x5a5a_5a5a_5a5a_5a5a; 32];

impl Default for Arguments {
    fn default() -> Arguments {
        Arguments { null: "", outputs: [const { Cell::new(UNTOUCHED) }; 2] }
    }
}

impl Arguments {
    fn untouched(&self) -> bool {
        self.outputs.iter().all(|output| output.get() == UNTOUCHED)
    }

    fn output<T>(&self, name: &str, index: usize) -> *mut T {
        if self.null == name {
            return null_mut();
        }
        self.outputs[index].as_ptr().cast()
    }

    fn text(&self, name: &str) -> *const c_char {
        if self.null == name { null() } else { c"GET".as_ptr() }
    }

    /// A handle that is not open, of the right kind.
    fn worker(&self) -> *mut slotway_worker {
        without_provenance_mut(if self.null == "worker" { 0 } else { 0xfff_0001 })
    }

    fn request(&self) -> *mut slotway_request {
        without_provenance_mut(if self.null == "request" { 0 } else { 0xfff_0002 })
    }

    fn subscription(&self) -> *mut slotway_subscription {
        without_provenance_mut(if self.null == "subscription" { 0 } else { 0xfff_0003 })
    }

    fn calling(&self) -> *mut slotway_calling {
        without_provenance_mut(if self.null == "calling" { 0 } else { 0xfff_0004 })
    }
}

/// What C gives and nobody changes.
struct Given<T>(T);

// SAFETY: the pointers in it are to what lives for ever.
unsafe impl<T> Sync for Given<T> {}

const NOTHING: slotway_view = slotway_view { data: null(), length: 0 };
static PATTERN: Given<slotway_view> = Given(slotway_view { data: c"a".as_ptr(), length: 1 });
static PUSH: Given<slotway_push> = Given(slotway_push {
    size: size_of::<slotway_push>() as u32,
    registration: 0,
    path: NOTHING,
    pattern: NOTHING,
    params: null(),
    param_count: 0,
    connection: 1,
    r#type: NOTHING,
    id: NOTHING,
    data: NOTHING,
    flags: 0,
    reserved: 0,
});

static TYPES: Given<*const c_char> = Given(c"resize".as_ptr());
static CALL: Given<slotway_call> = Given(slotway_call {
    size: size_of::<slotway_call>() as u32,
    flags: 0,
    queue: slotway_view { data: c"a/b".as_ptr(), length: 3 },
    activity: slotway_view { data: c"a".as_ptr(), length: 1 },
    payload: NOTHING,
    content_type: NOTHING,
    key: NOTHING,
    timeout_ms: 0,
    attempts: 0,
    backoff_ms: 0,
    reserved: 0,
});

/// Arguments by name: what C calls them.
macro_rules! arguments {
    ($($name:ident: $type:ty = |$this:ident| $value:expr;)*) => {
        impl Arguments {
            $(fn $name(&self) -> $type {
                let $this = self;
                $value
            })*
        }
    };
}

arguments! {
    name: *const c_char = |all| all.text("name");
    method: *const c_char = |all| all.text("method");
    host: *const c_char = |all| all.text("host");
    pattern: *const c_char = |all| all.text("pattern");
    none: *const crate::options::slotway_registration_options = |_all| null();
    defaults: *const crate::options::slotway_worker_options = |_all| null();
    flags: u32 = |_all| 0;
    status: u32 = |_all| 200;
    timeout_ms: i64 = |_all| 0;
    capacity: usize = |_all| 1;
    length: usize = |_all| 0;
    index: *mut u32 = |all| all.output("index", 0);
    registration: u32 = |_all| 0;
    fd: *mut i32 = |all| all.output("fd", 0);
    requests: *mut *mut slotway_request = |all| all.output("requests", 0);
    count: *mut usize = |all| all.output("count", 1);
    head: *mut slotway_head = |all| all.output("head", 0);
    value: *mut slotway_view = |all| all.output("value", 0);
    params: *mut slotway_field = |all| all.output("params", 0);
    headers: *mut slotway_field = |all| all.output("headers", 0);
    no_headers: *const slotway_field = |_all| null();
    peer: *mut slotway_peer = |all| all.output("peer", 0);
    trace: *mut slotway_trace = |all| all.output("trace", 0);
    cancelled: *mut bool = |all| all.output("cancelled", 0);
    pointer: *mut c_void = |_all| null_mut();
    userdata: *mut *mut c_void = |all| all.output("userdata", 0);
    body: *mut slotway_view = |all| all.output("body", 0);
    buffer: *mut c_void = |all| all.output("buffer", 0);
    arrived: *mut slotway_view = |all| all.output("arrived", 0);
    complete: *mut bool = |all| all.output("complete", 1);
    no_bytes: *const c_void = |_all| null();
    space: *mut *mut c_void = |all| all.output("space", 0);
    new_worker: *mut *mut slotway_worker = |all| all.output("worker", 0);
    new_subscription: *mut *mut slotway_subscription = |all| all.output("subscription", 0);
    one_pattern: *const slotway_view = |_all| &raw const PATTERN.0;
    one: usize = |_all| 1;
    defaults_too: *const slotway_subscription_options = |_all| null();
    no_events: *const slotway_event = |_all| null();
    published: *mut usize = |all| all.output("published", 0);
    refusals: *mut slotway_refusal = |all| all.output("refusals", 0);
    deliveries: *mut slotway_delivery = |all| all.output("deliveries", 0);
    sse: *mut slotway_sse = |all| all.output("sse", 0);
    push: *const slotway_push = |all| if all.null == "push" { null() } else { &raw const PUSH.0 };
    no_pushes: *const slotway_push = |_all| null();
    queue: *const c_char = |all| all.text("queue");
    activities: *const *const c_char =
        |all| if all.null == "activities" { null() } else { &raw const TYPES.0 };
    defaults_of_queue: *const slotway_queue_options = |_all| null();
    metrics: *mut slotway_metrics = |all| all.output("metrics", 0);
    activity: *mut slotway_activity = |all| all.output("activity", 0);
    call: *const slotway_call = |all| if all.null == "call" { null() } else { &raw const CALL.0 };
    new_calling: *mut *mut slotway_calling = |all| all.output("calling", 0);
    callings: *mut *mut slotway_calling = |all| all.output("callings", 0);
    reply: *mut slotway_reply = |all| all.output("reply", 1);
    pushed: *mut usize = |all| all.output("pushed", 0);
    told: *mut u32 = |all| all.output("status", 0);
    new_request: *mut *mut slotway_request = |all| all.output("request", 0);
}

/// NULL and handles that are not open give an error with a stable code that names what is
/// wrong, and no output is touched: for every export of the header.
#[test]
fn null_and_closed_handles_are_errors() {
    let mut seen = BTreeSet::from(OTHERS);
    check!(seen, slotway_worker_register(worker, name, none, index), not_null: [worker, name]);
    check!(seen, slotway_worker_route(worker, method, pattern, flags, index),
        not_null: [worker, method, pattern]);
    check!(seen, slotway_worker_host(worker, host), not_null: [worker, host]);
    check!(seen, slotway_worker_connect(worker, timeout_ms), not_null: [worker]);
    check!(seen, slotway_worker_registered(worker, registration), not_null: [worker]);
    check!(seen, slotway_worker_next(worker, timeout_ms, new_request),
        not_null: [worker, request]);
    check!(seen, slotway_worker_poll_fd(worker, fd), not_null: [worker, fd]);
    check!(seen, slotway_worker_take(worker, capacity, requests, count),
        not_null: [worker, requests, count]);
    check!(seen, slotway_worker_take_notices(worker, capacity, requests, count),
        not_null: [worker, requests, count]);
    check!(seen, slotway_worker_publish(worker, no_events, length, timeout_ms, published),
        not_null: [worker]);
    check!(seen, slotway_worker_try_publish(worker, no_events, length, published),
        not_null: [worker, published]);
    check!(seen, slotway_worker_take_refusals(worker, capacity, refusals, count),
        not_null: [worker, refusals, count]);
    check!(seen, slotway_worker_subscribe(worker, one_pattern, one, defaults_too, timeout_ms,
        new_subscription), not_null: [worker, subscription]);
    check!(seen, slotway_subscription_next(subscription, capacity, timeout_ms, deliveries, count),
        not_null: [subscription, deliveries, count]);
    check!(seen, slotway_subscription_take(subscription, capacity, deliveries, count),
        not_null: [subscription, deliveries, count]);
    check!(seen, slotway_subscription_close(subscription), not_null: []);
    check!(seen, slotway_request_sse(request, sse), not_null: [request, sse]);
    check!(seen, slotway_worker_push(worker, push, timeout_ms, told),
        not_null: [worker, push, status]);
    check!(seen, slotway_worker_push_many(worker, no_pushes, length, timeout_ms, pushed),
        not_null: [worker]);
    check!(seen, slotway_worker_try_push_many(worker, no_pushes, length, pushed),
        not_null: [worker, pushed]);
    check!(seen, slotway_worker_queue(worker, queue, activities, one, defaults_of_queue, index),
        not_null: [worker, queue, activities]);
    check!(seen, slotway_worker_add(worker, timeout_ms), not_null: [worker]);
    check!(seen, slotway_worker_withdraw(worker, registration, timeout_ms), not_null: [worker]);
    check!(seen, slotway_worker_metrics(worker, registration, metrics),
        not_null: [worker, metrics]);
    check!(seen, slotway_request_activity(request, activity), not_null: [request, activity]);
    check!(seen, slotway_request_busy(request), not_null: [request]);
    check!(seen, slotway_worker_call(worker, call, timeout_ms, new_calling, reply),
        not_null: [worker, call, calling, reply]);
    check!(seen, slotway_worker_begin_call(worker, call, timeout_ms, new_calling),
        not_null: [worker, call, calling]);
    check!(seen, slotway_worker_try_begin_call(worker, call, new_calling),
        not_null: [worker, call, calling]);
    check!(seen, slotway_worker_take_calls(worker, capacity, callings, count),
        not_null: [worker, callings, count]);
    check!(seen, slotway_calling_wait(calling, timeout_ms, reply), not_null: [calling, reply]);
    check!(seen, slotway_calling_poll(calling, reply), not_null: [calling, reply]);
    check!(seen, slotway_calling_set_userdata(calling, pointer), not_null: [calling]);
    check!(seen, slotway_calling_userdata(calling, userdata), not_null: [calling, userdata]);
    check!(seen, slotway_calling_close(calling), not_null: []);
    check!(seen, slotway_worker_drain(worker), not_null: [worker]);
    check!(seen, slotway_request_head(request, head), not_null: [request, head]);
    check!(seen, slotway_request_param(request, name, value), not_null: [request, name, value]);
    check!(seen, slotway_request_header(request, name, value), not_null: [request, name, value]);
    check!(seen, slotway_request_params(request, capacity, params, count),
        not_null: [request, params, count]);
    check!(seen, slotway_request_headers(request, capacity, headers, count),
        not_null: [request, headers, count]);
    check!(seen, slotway_request_peer(request, peer), not_null: [request, peer]);
    check!(seen, slotway_request_trace(request, trace), not_null: [request, trace]);
    check!(seen, slotway_request_cancelled(request, cancelled), not_null: [request, cancelled]);
    check!(seen, slotway_request_wait_cancelled(request, timeout_ms), not_null: [request]);
    check!(seen, slotway_request_watch_cancelled(request, cancelled),
        not_null: [request, cancelled]);
    check!(seen, slotway_request_set_userdata(request, pointer), not_null: [request]);
    check!(seen, slotway_request_userdata(request, userdata), not_null: [request, userdata]);
    check!(seen, slotway_request_body(request, timeout_ms, body), not_null: [request, body]);
    check!(seen, slotway_request_read(request, capacity, timeout_ms, buffer, count),
        not_null: [request, buffer, count]);
    check!(seen, slotway_request_try_read(request, capacity, buffer, count),
        not_null: [request, buffer, count]);
    check!(seen, slotway_request_peek(request, arrived, complete),
        not_null: [request, arrived, complete]);
    check!(seen, slotway_request_wait(request, capacity, timeout_ms), not_null: [request]);
    check!(seen, slotway_request_consume(request, capacity), not_null: [request]);
    check!(seen, slotway_request_respond(request, status, no_headers, length, no_bytes, length),
        not_null: [request]);
    check!(seen, slotway_request_reserve(request, capacity, space), not_null: [request, space]);
    check!(seen, slotway_request_commit(request, capacity), not_null: [request]);
    check!(seen, slotway_request_complete(request, status, no_headers, length),
        not_null: [request]);
    check!(seen, slotway_request_start(request, status, no_headers, length),
        not_null: [request]);
    check!(seen, slotway_request_write(request, no_bytes, length, timeout_ms),
        not_null: [request]);
    check!(seen, slotway_request_try_write(request, no_bytes, length, count),
        not_null: [request, count]);
    check!(seen, slotway_request_flush(request), not_null: [request]);
    check!(seen, slotway_request_finish(request), not_null: [request]);
    check!(seen, slotway_request_abort(request), not_null: [request]);
    check!(seen, slotway_request_close(request), not_null: []);
    check!(seen, slotway_worker_close(worker), not_null: []);
    check!(seen, slotway_worker_new(defaults, new_worker), not_null: [worker]);
    // SAFETY: NULL is fine.
    assert_eq!(unsafe { slotway_request_close(null_mut()) }, SLOTWAY_OK);
    // SAFETY: NULL is fine.
    assert_eq!(unsafe { slotway_worker_close(null_mut()) }, SLOTWAY_OK);
    // SAFETY: NULL is fine.
    assert_eq!(unsafe { slotway_subscription_close(null_mut()) }, SLOTWAY_OK);
    // SAFETY: NULL is fine.
    assert_eq!(unsafe { slotway_calling_close(null_mut()) }, SLOTWAY_OK);

    let header = include_str!("../../include/slotway.h");
    let code = header.lines().filter(|line| !line.starts_with("//") && !line.starts_with('#'));
    let exports: BTreeSet<&str> = code
        .filter_map(|line| {
            let end = line.find('(')?;
            let start = line[..end].rfind([' ', '*']).map_or(0, |at| at + 1);
            Some(&line[start..end]).filter(|name| name.starts_with("slotway_") && start > 0)
        })
        .collect();
    assert_eq!(seen, exports, "the header and this test name different functions");
}

/// A worker's life without a hub, and what comes in a wrong order.
#[test]
fn a_worker_that_is_not_connected_says_so() {
    let mut worker = null_mut();
    // SAFETY: a live output.
    let new = |worker: &mut _| unsafe { slotway_worker_new(null(), worker) };
    assert_eq!(new(&mut worker), SLOTWAY_OK);
    let get = c"GET".as_ptr();
    // SAFETY: texts with NUL.
    let route =
        |flags| unsafe { slotway_worker_route(worker, get, c"/{x}".as_ptr(), flags, null_mut()) };
    assert_eq!(route(0), SLOTWAY_E_OUT_OF_ORDER);
    assert!(last_error().contains("slotway_worker_register"));
    // SAFETY: a text with NUL.
    let host = |host: &std::ffi::CStr| unsafe { slotway_worker_host(worker, host.as_ptr()) };
    assert_eq!(host(c"a.example"), SLOTWAY_E_OUT_OF_ORDER);
    let mut index = 9;
    // SAFETY: a text with NUL and a live output.
    let registered =
        unsafe { slotway_worker_register(worker, c"a".as_ptr(), null(), &raw mut index) };
    assert_eq!((registered, index), (SLOTWAY_OK, 0));
    for flags in [3, 4, u32::MAX] {
        assert_eq!(route(flags), SLOTWAY_E_INVALID_ARGUMENT);
    }
    assert_eq!(route(1), SLOTWAY_OK);
    // SAFETY: texts with NUL.
    let stream = |method: &CStr| unsafe {
        slotway_worker_route(worker, method.as_ptr(), c"/room".as_ptr(), 2, null_mut())
    };
    assert_eq!(stream(c"GET"), SLOTWAY_OK);
    assert_eq!(stream(c"POST"), SLOTWAY_E_INVALID_ARGUMENT);
    assert!(last_error().contains("\"POST\""), "{}", last_error());

    let mut request = null_mut();
    // SAFETY: a live output.
    assert_eq!(unsafe { slotway_worker_next(worker, 0, &raw mut request) }, SLOTWAY_E_OUT_OF_ORDER);
    assert!(last_error().contains("slotway_worker_connect"));

    // SAFETY: a text with NUL.
    let bad = unsafe { slotway_worker_route(worker, get, c"no slash".as_ptr(), 0, null_mut()) };
    assert_eq!(bad, SLOTWAY_OK);
    // SAFETY: a handle.
    assert_eq!(unsafe { slotway_worker_connect(worker, 0) }, SLOTWAY_E_INVALID_ARGUMENT);
    assert!(last_error().contains("\"no slash\""), "{}", last_error());

    let text = c"\xff".as_ptr();
    // SAFETY: a text with NUL.
    let status = unsafe { slotway_worker_register(worker, text, null(), null_mut()) };
    assert_eq!(status, SLOTWAY_E_INVALID_ARGUMENT);
    assert!(last_error().contains("not UTF-8"), "{}", last_error());

    // SAFETY: a handle.
    assert_eq!(unsafe { slotway_worker_close(worker) }, SLOTWAY_OK);
    // SAFETY: a handle that is closed.
    assert_eq!(unsafe { slotway_worker_close(worker) }, SLOTWAY_E_CLOSED);
    assert_eq!(route(0), SLOTWAY_E_CLOSED);
}
