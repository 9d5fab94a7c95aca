//! What goes in and out by value, and how it is taken apart.

use std::ffi::{CStr, c_char, c_void};
use std::fmt::Display;
use std::time::Duration;

use sdk::Header;

use crate::error::Fault;

/// Bytes that belong to somebody else: not ended by NUL, any values. Print one with
/// printf("%.*s", (int)view.length, view.data). Where something optional is absent, data
/// is NULL; where it is there and empty, only length is 0.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_view {
    /// The first byte.
    pub data: *const c_char,
    /// How many there are.
    pub length: usize,
}

/// A name and its value: a header, or a path parameter.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_field {
    /// The name.
    pub name: slotway_view,
    /// The value.
    pub value: slotway_view,
}

impl slotway_view {
    pub(crate) const ABSENT: slotway_view = slotway_view { data: std::ptr::null(), length: 0 };

    pub(crate) fn new(bytes: &[u8]) -> slotway_view {
        slotway_view { data: bytes.as_ptr().cast(), length: bytes.len() }
    }

    pub(crate) fn optional(bytes: Option<&[u8]>) -> slotway_view {
        bytes.map_or(slotway_view::ABSENT, slotway_view::new)
    }

    /// # Safety
    ///
    /// `data` points to `length` bytes that stay as they are during `'a`, or is NULL.
    unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.data.is_null() {
            return &[];
        }
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts(self.data.cast(), self.length) }
    }
}

impl slotway_field {
    pub(crate) fn new((name, value): Header<'_>) -> slotway_field {
        slotway_field { name: slotway_view::new(name), value: slotway_view::new(value) }
    }
}

/// An array that C gives: `count` things at `data`, which may be NULL when there are none.
///
/// # Safety
///
/// Unless it is NULL, `data` points to `count` things that stay as they are during `'a`.
pub(crate) unsafe fn array<'a, T>(
    name: &str,
    data: *const T,
    count: usize,
) -> Result<&'a [T], Fault> {
    if count == 0 {
        return Ok(&[]);
    }
    check_array(name, data, count)?;
    // SAFETY: the caller's promise; it is not NULL.
    Ok(unsafe { std::slice::from_raw_parts(data, count) })
}

/// The same, to be written to.
///
/// # Safety
///
/// Unless it is NULL, `data` points to `count` things that nobody else uses during `'a`.
pub(crate) unsafe fn array_mut<'a, T>(
    name: &str,
    data: *mut T,
    count: usize,
) -> Result<&'a mut [T], Fault> {
    if count == 0 {
        return Ok(&mut []);
    }
    check_array(name, data, count)?;
    // SAFETY: the caller's promise; it is not NULL.
    Ok(unsafe { std::slice::from_raw_parts_mut(data, count) })
}

pub(crate) fn check_array<T>(
    name: impl Display,
    data: *const T,
    count: usize,
) -> Result<(), Fault> {
    if data.is_null() {
        return Err(Fault::Argument(format!(
            "the argument {name} is NULL, with {count} items or bytes to be found there"
        )));
    }
    if count.checked_mul(size_of::<T>()).is_none_or(|bytes| bytes > isize::MAX as usize) {
        return Err(Fault::Argument(format!(
            "the argument {name} is said to have {count} items or bytes; no memory is that large"
        )));
    }
    Ok(())
}

/// Writes an output.
///
/// # Safety
///
/// `out` is not NULL and points to a `T`, initialised or not.
#[inline]
pub(crate) unsafe fn put<T>(out: *mut T, value: T) {
    // SAFETY: the caller's promise.
    unsafe { out.write(value) }
}

/// Writes an output of an array.
///
/// # Safety
///
/// `out` is not NULL and points to more than `index` Ts, initialised or not.
#[inline]
pub(crate) unsafe fn put_at<T>(out: *mut T, index: usize, value: T) {
    // SAFETY: the caller's promise.
    let place = unsafe { out.add(index) };
    // SAFETY: as above.
    unsafe { place.write(value) }
}

/// A text that C gives.
///
/// # Safety
///
/// `text` is not NULL and ends with NUL; it stays as it is during `'a`.
pub(crate) unsafe fn text<'a>(name: &str, text: *const c_char) -> Result<&'a str, Fault> {
    // SAFETY: the caller's promise.
    let text: &'a CStr = unsafe { CStr::from_ptr(text) };
    text.to_str().map_err(|_| {
        Fault::Argument(format!("the argument {name} is {text:?}, which is not UTF-8"))
    })
}

/// Headers that C gives.
///
/// # Safety
///
/// As for [`array`], and each view likewise.
pub(crate) unsafe fn headers<'a>(
    headers: *const slotway_field,
    count: usize,
) -> Result<impl Iterator<Item = Header<'a>> + Clone, Fault> {
    // SAFETY: the caller's promise.
    let fields: &'a [slotway_field] = unsafe { array("headers", headers, count)? };
    for (index, field) in fields.iter().enumerate() {
        for (part, view) in [("name", field.name), ("value", field.value)] {
            if view.length > 0 {
                check_array(format_args!("headers[{index}].{part}"), view.data, view.length)?;
            }
        }
    }
    Ok(fields.iter().map(|field| {
        // SAFETY: the caller's promise.
        let name = unsafe { field.name.bytes() };
        // SAFETY: as above.
        let value = unsafe { field.value.bytes() };
        (name, value)
    }))
}

/// Bytes that C gives.
///
/// # Safety
///
/// As for [`array`].
pub(crate) unsafe fn bytes<'a>(
    name: &str,
    data: *const c_void,
    length: usize,
) -> Result<&'a [u8], Fault> {
    // SAFETY: the caller's promise.
    unsafe { array(name, data.cast(), length) }
}

/// Bytes of a view that C gives.
///
/// # Safety
///
/// Unless it is NULL, the view points to as many bytes as it says, which stay as they are
/// during `'a`.
pub(crate) unsafe fn view_bytes<'a>(
    name: impl Display,
    view: slotway_view,
) -> Result<&'a [u8], Fault> {
    if view.length == 0 {
        return Ok(&[]);
    }
    check_array(name, view.data, view.length)?;
    // SAFETY: the caller's promise.
    Ok(unsafe { view.bytes() })
}

/// A text of a view that C gives.
///
/// # Safety
///
/// As for [`view_bytes`].
pub(crate) unsafe fn view_text<'a>(
    name: impl Display,
    view: slotway_view,
) -> Result<&'a str, Fault> {
    // SAFETY: the caller's promise.
    let bytes: &'a [u8] = unsafe { view_bytes(&name, view)? };
    std::str::from_utf8(bytes).map_err(|_| {
        let shown = String::from_utf8_lossy(bytes);
        Fault::Argument(format!("the argument {name} is {shown:?}, which is not UTF-8"))
    })
}

/// A timeout of C: negative is for ever.
pub(crate) fn timeout(milliseconds: i64) -> Option<Duration> {
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}
