//! Three numbers, never mixed: the library's version, the ABI's, and the region layout's,
//! which hub and worker settle between themselves.

use std::ffi::{CStr, c_char};

// The header defines it too; a test compares.
const SLOTWAY_VERSION: &CStr = c"0.1.0";

/// Major version of the ABI, also the number in the soname. Programs that were built with
/// another major version do not work.
pub const SLOTWAY_ABI_MAJOR: u32 = 0;

/// Minor version of the ABI. It grows when something is added.
pub const SLOTWAY_ABI_MINOR: u32 = 3;

/// Both in one number: the major version in the upper 16 bits, the minor in the lower.
pub const SLOTWAY_ABI_VERSION: u32 = (SLOTWAY_ABI_MAJOR << 16) | SLOTWAY_ABI_MINOR;

/// The ABI version of the library that this program runs with, to be compared with
/// SLOTWAY_ABI_VERSION, the one it was built with: SLOTWAY_ABI_COMPATIBLE() does.
///
/// From any thread. Cannot fail.
#[unsafe(no_mangle)]
pub extern "C" fn slotway_abi_version() -> u32 {
    export!(or 0 => { SLOTWAY_ABI_VERSION })
}

/// The version of the library that this program runs with, such as "0.1.0".
///
/// From any thread. Cannot fail. The text lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn slotway_version() -> *const c_char {
    export!(or SLOTWAY_VERSION.as_ptr() => { SLOTWAY_VERSION.as_ptr() })
}

#[cfg(test)]
mod tests;
