//! A client of a stream of events, and a worker that owns one.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use slotway_core::control::{Register, Route};

use super::{Client, Reply, Request, Rig, WATCHDOG, Worker};

/// An open stream.
pub struct Listener {
    client: Client,
    text: String,
    pub head: Reply,
    /// The number that the worker knows it by.
    pub connection: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    pub event: String,
    pub id: Option<String>,
    pub retry: Option<u64>,
    pub data: String,
}

impl Listener {
    /// Opens one and reads its first event.
    pub fn open(rig: &Rig, path: &str) -> Listener {
        Listener::with(rig, path, "")
    }

    pub fn with(rig: &Rig, path: &str, headers: &str) -> Listener {
        let mut client = rig.client();
        client.send("GET", path, headers, b"");
        Listener::opened(client)
    }

    /// The rest of one whose request is sent.
    pub fn opened(mut client: Client) -> Listener {
        let head = client.head();
        assert_eq!(head.status, 200, "{head:?}");
        assert_eq!(head.header("content-type"), Some("text/event-stream"));
        let mut listener =
            Listener { client, text: String::new(), head, connection: String::new() };
        let ready = listener.next();
        assert_eq!(ready.event, "ready");
        assert!(ready.retry.is_some(), "{ready:?}");
        let data: serde_json::Value = serde_json::from_str(&ready.data).unwrap();
        listener.connection = data["connection"].as_str().unwrap().to_owned();
        listener
    }

    /// The next event.
    pub fn next(&mut self) -> Event {
        self.try_next().expect("the stream ended")
    }

    /// The next event, `None` at the stream's end.
    pub fn try_next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                if block.lines().any(|line| line.starts_with("data:")) {
                    return Some(parse(&block));
                }
                continue;
            }
            match self.client.chunk() {
                Some(bytes) if !bytes.is_empty() => {
                    self.text.push_str(std::str::from_utf8(&bytes).unwrap());
                }
                _ => return None,
            }
        }
    }

    /// Reads the data of the next events.
    pub fn data(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.next().data).collect()
    }

    /// Reads the reason for which the stream ends, and its end.
    pub fn reason(&mut self) -> String {
        let end = self.next();
        assert_eq!(end.event, "end", "{end:?}");
        let data: serde_json::Value = serde_json::from_str(&end.data).unwrap();
        assert_eq!(self.try_next(), None, "nothing comes after it");
        data["reason"].as_str().unwrap().to_owned()
    }
}

fn parse(block: &str) -> Event {
    let mut event = Event::default();
    let mut data = Vec::new();
    for line in block.lines() {
        match line.split_once(": ") {
            Some(("event", value)) => event.event = value.to_owned(),
            Some(("id", value)) => event.id = Some(value.to_owned()),
            Some(("retry", value)) => event.retry = Some(value.parse().unwrap()),
            Some(("data", value)) => data.push(value),
            _ => {}
        }
    }
    event.data = data.join("\n");
    event
}

/// What a worker hears of a client.
#[derive(Debug, Clone)]
pub struct Heard {
    pub word: String,
    pub connection: String,
    pub path: String,
    pub query: Option<String>,
    pub route: String,
    pub params: Vec<(String, Vec<u8>)>,
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Heard {
    pub fn of(request: &Request) -> Heard {
        Heard {
            word: header(&request.headers, "slotway-sse").unwrap_or_default(),
            connection: header(&request.headers, "slotway-connection").unwrap_or_default(),
            path: request.path.clone(),
            query: request.query.clone(),
            route: request.route.clone(),
            params: request.params.clone(),
            headers: request.headers.clone(),
        }
    }

    pub fn header(&self, name: &str) -> Option<String> {
        header(&self.headers, name)
    }
}

fn header(headers: &[(String, Vec<u8>)], name: &str) -> Option<String> {
    let found = headers.iter().find(|(found, _)| found == name);
    found.map(|(_, value)| String::from_utf8(value.clone()).unwrap())
}

/// A worker that owns streams, and tells what it hears.
pub struct Streams {
    pub worker: Worker,
    heard: Receiver<Heard>,
}

impl Streams {
    /// One that takes every client of the pattern.
    pub fn start(path: &Path, name: &str, pattern: &str) -> Streams {
        Streams::answering(path, name, pattern, |request, _| request.answer(200, &[], b""))
    }

    /// One that answers in its own way.
    pub fn answering(
        path: &Path,
        name: &str,
        pattern: &str,
        answer: impl Fn(Request, &Heard) + Send + Sync + 'static,
    ) -> Streams {
        Streams::serving(Worker::connect(path), name, pattern, answer)
    }

    /// A worker that is connected begins to own streams.
    pub fn serving(
        mut worker: Worker,
        name: &str,
        pattern: &str,
        answer: impl Fn(Request, &Heard) + Send + Sync + 'static,
    ) -> Streams {
        let (tell, heard) = channel();
        worker.serve(4, move |request| {
            let heard = Heard::of(&request);
            // Before it answers: what the hub says next comes after that.
            let _ = tell.send(heard.clone());
            answer(request, &heard);
        });
        let routes =
            vec![Route { sse: true, ..Route::new("GET", pattern) }, Route::new("POST", pattern)];
        worker.register_with(Register::new(0, name, routes));
        Streams { worker, heard }
    }

    /// The next thing that it hears.
    pub fn hears(&self) -> Heard {
        self.heard.recv_timeout(WATCHDOG).expect("it hears nothing")
    }

    /// What it has heard, if that is anything.
    pub fn has_heard(&self) -> Option<Heard> {
        self.heard.try_recv().ok()
    }

    /// What it hears next is this word about this connection.
    #[track_caller]
    pub fn hears_that(&self, word: &str, connection: &str) {
        let heard = self.hears();
        assert_eq!((heard.word.as_str(), heard.connection.as_str()), (word, connection));
    }

    /// It has heard nothing more.
    #[track_caller]
    pub fn heard_all(&self) {
        if let Ok(heard) = self.heard.recv_timeout(Duration::from_millis(50)) {
            panic!("it heard more: {heard:?}");
        }
    }
}

/// Pushes by the admin surface.
pub fn push(rig: &Rig, body: &serde_json::Value) -> Reply {
    push_at(rig.hub().admin_path().unwrap(), body)
}

/// The same, from where there is no rig.
pub fn push_at(admin: &Path, body: &serde_json::Value) -> Reply {
    let mut client = Client::unix(admin);
    client.request("POST", "/internal/sse-push", "", body.to_string().as_bytes())
}

/// Pushes text to a path, to so many clients.
#[track_caller]
pub fn push_to(rig: &Rig, path: &str, data: &str, clients: usize) {
    let reply = push(rig, &serde_json::json!({ "path": path, "data": data }));
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.json(), serde_json::json!({ "clients": clients }));
}
