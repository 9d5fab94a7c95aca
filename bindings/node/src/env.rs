//! Node's interface, as far as it is used here, with lifetimes and results.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr;

use napi_sys as sys;

use crate::error::{Failure, Result};

/// The interpreter, for as long as a call from it lasts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Env<'e> {
    raw: sys::napi_env,
    scope: PhantomData<&'e ()>,
}

/// A value of JavaScript, for as long as a call lasts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'e> {
    raw: sys::napi_value,
    scope: PhantomData<&'e ()>,
}

impl Value<'_> {
    /// A value that the interpreter gave.
    ///
    /// # Safety
    ///
    /// It is valid for as long as the lifetime that the caller gives it.
    #[inline]
    pub(crate) unsafe fn from_raw(raw: sys::napi_value) -> Self {
        Value { raw, scope: PhantomData }
    }

    #[inline]
    pub(crate) fn raw(self) -> sys::napi_value {
        self.raw
    }
}

/// What calls a value is made by: they get a place for it.
macro_rules! made {
    ($env:expr, $function:ident $(, $argument:expr)*) => {{
        let mut made = ptr::null_mut();
        // SAFETY: the environment is valid for as long as `Env` lives, the arguments are what
        // the function wants by its type, and `made` is a place for what it gives.
        let status = unsafe { sys::$function($env.raw, $($argument,)* &mut made) };
        // SAFETY: the value belongs to the scope that the environment was lent for.
        $env.checked(status, stringify!($function)).map(|()| unsafe { Value::from_raw(made) })
    }};
}

impl<'e> Env<'e> {
    /// The interpreter that calls.
    ///
    /// # Safety
    ///
    /// It is valid, this is its thread, and a scope for values is open, all for as long as the
    /// lifetime that the caller gives it.
    #[inline]
    pub(crate) unsafe fn from_raw(raw: sys::napi_env) -> Self {
        Env { raw, scope: PhantomData }
    }

    #[inline]
    pub(crate) fn raw(self) -> sys::napi_env {
        self.raw
    }

    /// What a status means.
    #[inline]
    pub(crate) fn checked(self, status: sys::napi_status, what: &'static str) -> Result<()> {
        if status == sys::Status::napi_ok { Ok(()) } else { Err(Failure::of_status(status, what)) }
    }

    #[inline]
    pub(crate) fn undefined(self) -> Result<Value<'e>> {
        made!(self, napi_get_undefined)
    }

    #[inline]
    pub(crate) fn null(self) -> Result<Value<'e>> {
        made!(self, napi_get_null)
    }

    #[inline]
    pub(crate) fn boolean(self, value: bool) -> Result<Value<'e>> {
        made!(self, napi_get_boolean, value)
    }

    #[inline]
    pub(crate) fn int(self, value: i32) -> Result<Value<'e>> {
        made!(self, napi_create_int32, value)
    }

    #[inline]
    pub(crate) fn double(self, value: f64) -> Result<Value<'e>> {
        made!(self, napi_create_double, value)
    }

    pub(crate) fn global(self) -> Result<Value<'e>> {
        made!(self, napi_get_global)
    }

    pub(crate) fn object(self) -> Result<Value<'e>> {
        made!(self, napi_create_object)
    }

    pub(crate) fn array(self, length: usize) -> Result<Value<'e>> {
        made!(self, napi_create_array_with_length, length)
    }

    /// Text of which each byte is one character, as in ISO 8859-1.
    #[inline]
    pub(crate) fn latin1(self, bytes: &[u8]) -> Result<Value<'e>> {
        made!(self, napi_create_string_latin1, bytes.as_ptr().cast(), bytes.len() as isize)
    }

    /// Text. What is ASCII alone takes the shorter way.
    #[inline]
    pub(crate) fn text(self, text: &str) -> Result<Value<'e>> {
        if text.is_ascii() {
            return self.latin1(text.as_bytes());
        }
        made!(self, napi_create_string_utf8, text.as_ptr().cast(), text.len() as isize)
    }

    pub(crate) fn get(self, object: Value<'e>, name: &str) -> Result<Value<'e>> {
        let name = self.text(name)?;
        made!(self, napi_get_property, object.raw, name.raw)
    }

    pub(crate) fn set(self, object: Value<'e>, name: &str, value: Value<'e>) -> Result<()> {
        let name = self.text(name)?;
        // SAFETY: the environment and the three values are valid.
        let status = unsafe { sys::napi_set_property(self.raw, object.raw, name.raw, value.raw) };
        self.checked(status, "napi_set_property")
    }

    pub(crate) fn element(self, array: Value<'e>, index: u32) -> Result<Value<'e>> {
        made!(self, napi_get_element, array.raw, index)
    }

    pub(crate) fn set_element(self, array: Value<'e>, index: u32, value: Value<'e>) -> Result<()> {
        // SAFETY: the environment and both values are valid.
        let status = unsafe { sys::napi_set_element(self.raw, array.raw, index, value.raw) };
        self.checked(status, "napi_set_element")
    }

    /// The length of an array.
    pub(crate) fn length(self, array: Value<'e>) -> Result<u32> {
        let mut length = 0;
        // SAFETY: environment and value are valid, `length` is a place for a number.
        let status = unsafe { sys::napi_get_array_length(self.raw, array.raw, &mut length) };
        self.checked(status, "an array")?;
        Ok(length)
    }

    /// What `typeof` says.
    #[inline]
    pub(crate) fn kind(self, value: Value<'e>) -> Result<sys::napi_valuetype> {
        let mut kind = sys::ValueType::napi_undefined;
        // SAFETY: environment and value are valid, `kind` is a place for a number.
        let status = unsafe { sys::napi_typeof(self.raw, value.raw, &mut kind) };
        self.checked(status, "napi_typeof")?;
        Ok(kind)
    }

    /// Refuses what is no function.
    pub(crate) fn function(self, value: Value<'e>) -> Result<()> {
        if self.kind(value)? == sys::ValueType::napi_function {
            return Ok(());
        }
        Err(Failure::Type("a function is expected".to_owned()))
    }

    /// Whether it is `undefined` or `null`.
    #[inline]
    pub(crate) fn is_nothing(self, value: Value<'e>) -> Result<bool> {
        let kind = self.kind(value)?;
        Ok(kind == sys::ValueType::napi_undefined || kind == sys::ValueType::napi_null)
    }

    /// Whether it is `null`.
    pub(crate) fn is_null(self, value: Value<'e>) -> Result<bool> {
        Ok(self.kind(value)? == sys::ValueType::napi_null)
    }

    #[inline]
    pub(crate) fn to_int(self, value: Value<'e>) -> Result<i32> {
        let mut int = 0;
        // SAFETY: environment and value are valid, `int` is a place for a number.
        let status = unsafe { sys::napi_get_value_int32(self.raw, value.raw, &mut int) };
        self.checked(status, "a number")?;
        Ok(int)
    }

    pub(crate) fn to_double(self, value: Value<'e>) -> Result<f64> {
        let mut double = 0.0;
        // SAFETY: environment and value are valid, `double` is a place for a number.
        let status = unsafe { sys::napi_get_value_double(self.raw, value.raw, &mut double) };
        self.checked(status, "a number")?;
        Ok(double)
    }

    pub(crate) fn to_bool(self, value: Value<'e>) -> Result<bool> {
        let mut bool = false;
        // SAFETY: environment and value are valid, `bool` is a place for a truth.
        let status = unsafe { sys::napi_get_value_bool(self.raw, value.raw, &mut bool) };
        self.checked(status, "true or false")?;
        Ok(bool)
    }

    /// How many units of UTF-16 a text has; its UTF-8 has so many bytes at least, and three
    /// times as many at most.
    #[inline]
    pub(crate) fn units(self, text: Value<'e>) -> Result<usize> {
        let mut units = 0;
        // SAFETY: environment and value are valid; without a buffer the length alone is given.
        let status = unsafe {
            sys::napi_get_value_string_utf16(self.raw, text.raw, ptr::null_mut(), 0, &mut units)
        };
        self.checked(status, "a string")?;
        Ok(units)
    }

    /// Adds a text to `into`, as UTF-8. Half a surrogate pair becomes U+FFFD.
    #[inline]
    pub(crate) fn utf8_into(self, text: Value<'e>, into: &mut Vec<u8>) -> Result<()> {
        let room = self.units(text)? * 3 + 1;
        into.reserve(room);
        let space = into.spare_capacity_mut();
        let (start, mut written) = (space.as_mut_ptr().cast(), 0);
        // SAFETY: environment and value are valid, and the space has `room` bytes at least; the
        // last of those is for a NUL that is not counted.
        let status = unsafe {
            sys::napi_get_value_string_utf8(self.raw, text.raw, start, room, &mut written)
        };
        self.checked(status, "a string")?;
        // SAFETY: the call has written so many bytes of UTF-8 behind what was there.
        unsafe { into.set_len(into.len() + written) };
        Ok(())
    }

    /// A text of its own.
    pub(crate) fn to_text(self, text: Value<'e>) -> Result<String> {
        let mut bytes = Vec::new();
        self.utf8_into(text, &mut bytes)?;
        // It was made as UTF-8.
        Ok(String::from_utf8(bytes).unwrap_or_default())
    }

    /// Where the elements of a typed array lie, and how many they are.
    #[inline]
    fn typed(
        self,
        array: Value<'e>,
        wanted: i32,
        what: &'static str,
    ) -> Result<(*mut c_void, usize)> {
        let (mut kind, mut length, mut start) = (-1, 0, ptr::null_mut());
        // SAFETY: environment and value are valid, and there is a place for all that is asked.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                self.raw,
                array.raw,
                &mut kind,
                &mut length,
                &mut start,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        if status != sys::Status::napi_ok || kind != wanted {
            return Err(Failure::Type(format!("{what} is expected")));
        }
        Ok((start, if start.is_null() { 0 } else { length }))
    }

    /// The bytes of a `Uint8Array`, which a `Buffer` is.
    ///
    /// # Safety
    ///
    /// No code of JavaScript runs while they are in use. (That of another thread may, if the
    /// memory is shared, and write to it, as it may to what a file is written from: the bytes
    /// are copied and never judged.)
    #[inline]
    pub(crate) unsafe fn bytes(self, array: Value<'e>) -> Result<&'e [u8]> {
        let (start, length) =
            self.typed(array, sys::TypedarrayType::uint8_array, "a Uint8Array")?;
        if length == 0 {
            return Ok(&[]);
        }
        // SAFETY: the interpreter says that so many bytes lie there, and they stay for as long
        // as the value lives and nobody takes its memory away, which the caller promises.
        Ok(unsafe { std::slice::from_raw_parts(start.cast(), length) })
    }

    /// The bytes of a `Uint8Array`, to be written to.
    ///
    /// # Safety
    ///
    /// As for [`bytes`](Self::bytes), and they are not borrowed in another way.
    #[inline]
    pub(crate) unsafe fn bytes_mut(self, array: Value<'e>) -> Result<&'e mut [u8]> {
        let (start, length) =
            self.typed(array, sys::TypedarrayType::uint8_array, "a Uint8Array")?;
        if length == 0 {
            return Ok(&mut []);
        }
        // SAFETY: as for `bytes`, and the caller promises that nobody else borrows them.
        Ok(unsafe { std::slice::from_raw_parts_mut(start.cast(), length) })
    }

    /// The numbers of an `Int32Array`, to be written to.
    ///
    /// # Safety
    ///
    /// As for [`bytes_mut`](Self::bytes_mut).
    #[inline]
    pub(crate) unsafe fn ints_mut(self, array: Value<'e>) -> Result<&'e mut [i32]> {
        let (start, length) =
            self.typed(array, sys::TypedarrayType::int32_array, "an Int32Array")?;
        if length == 0 {
            return Ok(&mut []);
        }
        // SAFETY: as for `bytes_mut`; the interpreter aligns the elements of its arrays.
        Ok(unsafe { std::slice::from_raw_parts_mut(start.cast(), length) })
    }

    /// The numbers of a `Float64Array`, to be written to.
    ///
    /// # Safety
    ///
    /// As for [`bytes_mut`](Self::bytes_mut).
    #[inline]
    pub(crate) unsafe fn doubles_mut(self, array: Value<'e>) -> Result<&'e mut [f64]> {
        let (start, length) =
            self.typed(array, sys::TypedarrayType::float64_array, "a Float64Array")?;
        if length == 0 {
            return Ok(&mut []);
        }
        // SAFETY: as for `bytes_mut`; the interpreter aligns the elements of its arrays.
        Ok(unsafe { std::slice::from_raw_parts_mut(start.cast(), length) })
    }
}
