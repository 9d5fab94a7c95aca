//! The connection's descriptor on Node's event loop: no thread and no timer lies between the
//! hub's ring and the handler.
//!
//! - V1 A [`Poll`] lives from [`begin`] until libuv has closed its handle, which is after
//!   [`end`]. Between the two, `ended` is set, and nothing of it is used but to free it.
//! - V2 It is used on the thread of its interpreter alone.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::os::fd::AsRawFd;
use std::ptr::{self, NonNull};
use std::rc::Rc;

use napi_sys as sys;
use sdk::ErrorCode;

use crate::core::Core;
use crate::env::{Env, Value};
use crate::error::{Failure, Result};
use crate::uv;

/// Looks for requests for one ring of the hub's. What handlers have put off is done between
/// them; the rest of the loop has its turn after.
const LOOKS: usize = 4;

/// See the module.
#[derive(Debug)]
pub(crate) struct Poll {
    handle: NonNull<uv::Handle>,
    env: sys::napi_env,
    wake: sys::napi_ref,
    hook: Cell<sys::napi_async_cleanup_hook_handle>,
    ended: Cell<bool>,
    core: Rc<Core>,
}

fn layout() -> Layout {
    // SAFETY: a call that only gives a number.
    let size = unsafe { uv::uv_handle_size(uv::POLL) };
    // More than any of its fields needs. A size that is none is none of libuv's.
    Layout::from_size_align(size.max(16), 16).unwrap_or(Layout::new::<[u128; 16]>())
}

fn failed(what: &str, status: c_int) -> Failure {
    Failure::Coded(ErrorCode::Io, format!("{what} failed with status {status}"))
}

/// Calls `wake` when the connection's descriptor is readable.
pub(crate) fn begin<'e>(env: Env<'e>, core: &Rc<Core>, wake: Value<'e>) -> Result<NonNull<Poll>> {
    env.function(wake)?;
    let mut uv_loop = ptr::null_mut();
    // SAFETY: the environment is valid and `uv_loop` a place for a pointer.
    let status = unsafe { sys::napi_get_uv_event_loop(env.raw(), &mut uv_loop) };
    env.checked(status, "the event loop")?;
    let mut reference = ptr::null_mut();
    // SAFETY: environment and value are valid.
    let status = unsafe { sys::napi_create_reference(env.raw(), wake.raw(), 1, &mut reference) };
    env.checked(status, "napi_create_reference")?;
    // SAFETY: the layout is not of size 0.
    let Some(handle) = NonNull::new(unsafe { alloc(layout()) }) else {
        handle_alloc_error(layout());
    };
    let handle = handle.cast::<uv::Handle>();
    // SAFETY: the loop is this thread's, the handle has the size that libuv said, and the
    // descriptor lives as long as the connection, which the poll holds.
    let status = unsafe { uv::uv_poll_init(uv_loop, handle.as_ptr(), core.connection.as_raw_fd()) };
    if status != 0 {
        // SAFETY: it was allocated above by the same layout, and libuv did not take it.
        unsafe { dealloc(handle.as_ptr().cast(), layout()) };
        // SAFETY: it was created above.
        let _ = unsafe { sys::napi_delete_reference(env.raw(), reference) };
        return Err(failed("watching the hub's descriptor", status));
    }
    let poll = Box::new(Poll {
        handle,
        env: env.raw(),
        wake: reference,
        hook: Cell::new(ptr::null_mut()),
        ended: Cell::new(false),
        core: core.clone(),
    });
    let poll = NonNull::from(Box::leak(poll));
    // SAFETY: the handle was initialized.
    unsafe { uv::uv_handle_set_data(handle.as_ptr(), poll.as_ptr().cast()) };
    // SAFETY: as above.
    let status = unsafe { uv::uv_poll_start(handle.as_ptr(), uv::READABLE, readable) };
    if status != 0 {
        end(poll);
        return Err(failed("watching the hub's descriptor", status));
    }
    let mut hook = ptr::null_mut();
    // SAFETY: the environment is valid; the poll outlives the hook, which is removed before.
    let status = unsafe {
        sys::napi_add_async_cleanup_hook(env.raw(), Some(cleanup), poll.as_ptr().cast(), &mut hook)
    };
    // SAFETY: it lives (V1).
    unsafe { poll.as_ref() }.hook.set(hook);
    if let Err(failure) = env.checked(status, "napi_add_async_cleanup_hook") {
        end(poll);
        return Err(failure);
    }
    Ok(poll)
}

/// Whether the poll keeps the process alive. It does at first.
pub(crate) fn hold(poll: NonNull<Poll>, whether: bool) {
    // SAFETY: `Core` forgets it with `end` (V1).
    let handle = unsafe { poll.as_ref() }.handle.as_ptr();
    if whether {
        // SAFETY: the handle is open.
        unsafe { uv::uv_ref(handle) };
    } else {
        // SAFETY: as above.
        unsafe { uv::uv_unref(handle) };
    }
}

/// Watches no more, and frees the poll as soon as libuv is through with it.
pub(crate) fn end(poll: NonNull<Poll>) {
    // SAFETY: it lives until its handle is closed (V1).
    let this = unsafe { poll.as_ref() };
    if this.ended.replace(true) {
        return;
    }
    // SAFETY: created in `begin`, and only this deletes it; the interpreter is there.
    let _ = unsafe { sys::napi_delete_reference(this.env, this.wake) };
    // SAFETY: the handle is open, and closed only here.
    unsafe { uv::uv_close(this.handle.as_ptr(), Some(closed)) };
}

/// # Safety
///
/// libuv's contract: the handle's closing is complete.
unsafe extern "C" fn closed(handle: *mut uv::Handle) {
    // SAFETY: it was set in `begin`.
    let poll = unsafe { uv::uv_handle_get_data(handle) };
    // SAFETY: a box was leaked in `begin`, and nobody uses it after this (V1).
    let poll = unsafe { Box::from_raw(poll.cast::<Poll>()) };
    // SAFETY: allocated in `begin` by this layout; libuv is through with it.
    unsafe { dealloc(handle.cast(), layout()) };
    let hook = poll.hook.get();
    if !hook.is_null() {
        // SAFETY: it was added in `begin`, and is removed once.
        let _ = unsafe { sys::napi_remove_async_cleanup_hook(hook) };
    }
}

/// The interpreter ends while the poll is there.
///
/// # Safety
///
/// Node's contract for such hooks, with the poll as `data`.
unsafe extern "C" fn cleanup(_: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    let Some(poll) = NonNull::new(data.cast::<Poll>()) else { return };
    // SAFETY: the hook is removed before the poll is freed.
    let core = &unsafe { poll.as_ref() }.core;
    core.poll.set(None);
    end(poll);
}

/// # Safety
///
/// libuv's contract: the handle is one that `begin` started, on this thread's loop.
unsafe extern "C" fn readable(handle: *mut uv::Handle, _status: c_int, _events: c_int) {
    // SAFETY: it was set in `begin`.
    let poll = unsafe { uv::uv_handle_get_data(handle) };
    // SAFETY: it lives until its handle is closed, which is not before libuv's next turn (V1).
    let poll = unsafe { &*poll.cast::<Poll>() };
    let mut scope = ptr::null_mut();
    // SAFETY: the environment is valid while its loop runs.
    if unsafe { sys::napi_open_handle_scope(poll.env, &mut scope) } != sys::Status::napi_ok {
        return;
    }
    for look in 1..=LOOKS {
        // SAFETY: the scope that was opened is not closed before the loop ends.
        let env = unsafe { Env::from_raw(poll.env) };
        if poll.ended.get() || !wake(env, poll, look == LOOKS) {
            break;
        }
    }
    // SAFETY: it was opened above.
    unsafe { sys::napi_close_handle_scope(poll.env, scope) };
}

/// Calls `wake(last)`, and then what was put off: promises, ticks. Gives whether to look again.
fn wake(env: Env<'_>, poll: &Poll, last: bool) -> bool {
    let (mut wake, mut found) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the reference lives until `end`.
    unsafe { sys::napi_get_reference_value(env.raw(), poll.wake, &mut wake) };
    let (Ok(global), Ok(last)) = (env.global(), env.boolean(last)) else { return false };
    let last = last.raw();
    // SAFETY: the values are valid, and this is no call from JavaScript.
    let status = unsafe {
        sys::napi_make_callback(
            env.raw(),
            ptr::null_mut(),
            global.raw(),
            wake,
            1,
            &last,
            &mut found,
        )
    };
    if status == sys::Status::napi_ok && !found.is_null() {
        // SAFETY: the call gave it.
        return env.to_bool(unsafe { Value::from_raw(found) }).unwrap_or(false);
    }
    if status == sys::Status::napi_pending_exception {
        let mut exception = ptr::null_mut();
        // SAFETY: one is pending; it goes where those of other callbacks go.
        unsafe { sys::napi_get_and_clear_last_exception(env.raw(), &mut exception) };
        // SAFETY: as above.
        unsafe { sys::napi_fatal_exception(env.raw(), exception) };
    }
    false
}
