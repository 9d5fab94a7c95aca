//! A stream that the worker owns.

use slotway::{Admission, Request};

use super::routes::say;

fn who(request: &Request) -> String {
    let (stage, connection) = (request.stage(), request.connection());
    let stage = stage.map_or_else(String::new, |stage| format!("{stage:?}").to_lowercase());
    let connection = connection.map_or_else(String::new, |connection| connection.to_string());
    format!("{stage} {connection} {}", request.param("room").unwrap_or_default())
}

/// A client comes.
pub(super) fn connect(request: &mut Request) -> Admission {
    say(&who(request));
    let wish = |name: &str| {
        let pairs = request.query().unwrap_or_default().split('&');
        pairs.filter_map(|pair| pair.split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v)
    };
    match wish("refuse").and_then(|status| status.parse().ok()) {
        Some(status) => Admission::refuse(status, "refused").header("x-why", "asked for"),
        None => Admission::accept().header("x-worker", std::process::id().to_string()),
    }
}

/// A client is gone.
pub(super) fn disconnect(request: &mut Request) {
    say(&who(request));
}
