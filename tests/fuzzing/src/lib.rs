//! What is tried with arbitrary bytes, one function a target.
//!
//! A target takes any bytes, does with them what a peer could bring about, and panics if
//! something that must hold does not. `make test` runs each with random bytes and with the
//! stored corpus (`tests/targets.rs`); `make fuzz` gives them to libFuzzer, which looks for
//! bytes that reach new code, under AddressSanitizer (`fuzz/`).

mod control;
mod front;
mod heads;
mod memory;
mod operations;
mod records;
mod region_header;

pub use control::control;
pub use front::{http_requests, proxy_header, response_head, server_sent_event};
pub use heads::request_head;
pub use operations::operations;
pub use records::records;
pub use region_header::region_header;

/// A target: its name, which is its corpus's directory, and its function.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 9] = [
    ("control", control),
    ("http_requests", http_requests),
    ("operations", operations),
    ("proxy_header", proxy_header),
    ("records", records),
    ("region_header", region_header),
    ("request_head", request_head),
    ("response_head", response_head),
    ("server_sent_event", server_sent_event),
];
