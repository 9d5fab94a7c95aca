//! Four calls of libuv, which every Node exports: the headers are not needed for them.
//!
//! The functions and the number are of libuv 1, which keeps its binary interface.

use std::ffi::{c_int, c_void};

use napi_sys::uv_loop_s;

/// A handle, of which only libuv knows the size.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Handle {
    _opaque: [u8; 0],
}

/// `UV_POLL` of `uv_handle_type`.
pub(crate) const POLL: c_int = 8;
/// `UV_READABLE` of `uv_poll_event`.
pub(crate) const READABLE: c_int = 1;

pub(crate) type PollCallback = unsafe extern "C" fn(*mut Handle, status: c_int, events: c_int);
pub(crate) type CloseCallback = unsafe extern "C" fn(*mut Handle);

unsafe extern "C" {
    pub(crate) fn uv_handle_size(kind: c_int) -> usize;
    pub(crate) fn uv_handle_set_data(handle: *mut Handle, data: *mut c_void);
    pub(crate) fn uv_handle_get_data(handle: *const Handle) -> *mut c_void;
    pub(crate) fn uv_poll_init(on: *mut uv_loop_s, handle: *mut Handle, fd: c_int) -> c_int;
    pub(crate) fn uv_poll_start(
        handle: *mut Handle,
        events: c_int,
        callback: PollCallback,
    ) -> c_int;
    pub(crate) fn uv_close(handle: *mut Handle, callback: Option<CloseCallback>);
    pub(crate) fn uv_ref(handle: *mut Handle);
    pub(crate) fn uv_unref(handle: *mut Handle);
}
