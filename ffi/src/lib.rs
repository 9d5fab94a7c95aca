//! libslotway: the worker's side of Slotway for C and whatever speaks to C.
//!
//! The header `include/slotway.h` is generated from this crate by `scripts/header.sh`; the
//! comments here are the ones that C programmers read, so they speak of C.
//!
//! Every export is one call of a macro of [`macros`], which checks for NULL, stops panics
//! and keeps the error for `slotway_last_error`. Handles are numbers, not addresses
//! ([`handle`]): whatever a caller does with one that is closed is an error with a code.

// These names are C's.
#![allow(non_camel_case_types)]
// An export is `pub` for the linker and for cbindgen, not for Rust.
#![allow(unreachable_pub)]

// The header has them in this order, so the blank lines keep rustfmt from another one.
#[macro_use]
mod macros;

mod version;

mod status;

mod call_end;

mod error;

mod log;

mod types;

mod options;

mod handle;

mod notices;

mod worker;

mod request;

mod setup;

mod activity;

mod registration;

mod metrics;

mod poll;

mod event;

mod call;

mod calling;

mod publish;

mod subscription;

mod head;

mod cancel;

mod stream;

mod response;

mod sse;

mod push;

mod close;

#[cfg(test)]
mod tests;
