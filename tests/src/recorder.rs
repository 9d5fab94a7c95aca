//! A worker inside the test program that takes down what reaches it.

use std::sync::{Arc, Mutex, PoisonError};

use std::io::Write as _;

use slotway::{Options, Request, Response, Running, Worker};

use crate::Hub;

/// A request that reached the worker whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The headers, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Seen {
    /// The values of a header.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| &value[..])
    }

    /// `METHOD TARGET BODY`, for comparing.
    pub fn line(&self) -> String {
        let body = self.body.escape_ascii();
        format!("{} {} {body}", self.method, self.target).trim_end().to_owned()
    }
}

/// Serves every path: answers with the path, and remembers the request. One whose body
/// breaks off is not remembered. `/status/{status}` answers with that status, and `/stream`
/// with a body of unknown length.
#[derive(Debug)]
pub struct Recorder {
    running: Option<Running>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Recorder {
    /// Starts it and waits until the hub has it.
    pub fn start(hub: &Hub) -> Recorder {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = seen.clone();
        let handler = move |request: &mut Request| answer(request, &record);
        let running = Worker::new("recorder")
            .options(Options::new().hub(hub.control_path()))
            .threads(2)
            .any("/", handler.clone())
            .any("/{*rest}", handler)
            .start()
            .expect("a worker that starts");
        hub.wait_registered(std::process::id(), "recorder");
        Recorder { running: Some(running), seen }
    }

    /// What came since the last time.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same as lines.
    pub fn lines(&self) -> Vec<String> {
        self.take().iter().map(Seen::line).collect()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            let _ = running.shutdown();
        }
    }
}

fn answer(request: &mut Request, seen: &Mutex<Vec<Seen>>) -> Response {
    let query = request.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = request.path().to_owned();
    let headers = request.headers();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut known = Seen {
        method: request.method().to_owned(),
        target: format!("{path}{query}"),
        headers: headers.map(|(name, value)| (text(name), value.to_vec())).collect(),
        body: Vec::new(),
    };
    let Ok(body) = request.body() else { return Response::new(500) };
    known.body = body.to_vec();
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(known);
    if path == "/stream" {
        return Response::stream(|writer| writer.write_all(b"streamed"));
    }
    let status = path.strip_prefix("/status/").and_then(|status| status.parse().ok());
    let response = Response::new(status.unwrap_or(200)).header("content-type", "text/plain");
    if status.is_some() { response } else { response.body(path) }
}
