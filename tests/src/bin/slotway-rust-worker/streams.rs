//! A stream that the worker owns.

use std::time::Duration;

use slotway::{Admission, Push, PushTo, Request};

use super::routes::say;

/// How long a push may wait.
const PATIENCE: Duration = Duration::from_secs(10);

fn who(request: &Request) -> String {
    let (stage, connection) = (request.stage(), request.connection());
    let stage = stage.map_or_else(String::new, |stage| format!("{stage:?}").to_lowercase());
    let connection = connection.map_or_else(String::new, |connection| connection.to_string());
    format!("{stage} {connection} {}", request.param("room").unwrap_or_default())
}

/// What the query says of it.
fn wish<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    let pairs = request.query().unwrap_or_default().split('&');
    pairs.filter_map(|pair| pair.split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v)
}

/// A client comes.
pub(super) fn connect(request: &mut Request) -> Admission {
    say(&who(request));
    if let Some(text) = wish(request, "hello") {
        let connection = request.connection().expect("a client's").to_string();
        let both = [PushTo::Path(request.path()), PushTo::Connection(&connection)];
        let publisher = request.publisher().expect("a worker that runs");
        for to in both {
            let pushed = publisher.push(&Push::new(to).data(text.as_bytes()), Some(PATIENCE));
            say(&format!("pushed {pushed:?}"));
        }
    }
    match wish(request, "refuse").and_then(|status| status.parse().ok()) {
        Some(status) => Admission::refuse(status, "refused").header("x-why", "asked for"),
        None => Admission::accept().header("x-worker", std::process::id().to_string()),
    }
}

/// A client is gone.
pub(super) fn disconnect(request: &mut Request) {
    say(&who(request));
}

/// Pushes what somebody sends.
pub(super) fn push(request: &mut Request) -> slotway::Result<(u16, String)> {
    let data = request.body()?.to_vec();
    let to = match (wish(request, "path"), wish(request, "connection")) {
        (Some(path), _) => PushTo::Path(path),
        (None, connection) => PushTo::Connection(connection.unwrap_or_default()),
    };
    let publisher = request.publisher().expect("a worker that runs");
    let pushed = publisher.push(&Push::new(to).data(&data), Some(PATIENCE))?;
    Ok((200, pushed.to_string()))
}
