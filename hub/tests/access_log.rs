//! The access log: one line for each request, whatever becomes of it.

mod common;

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};

use common::{Rig, Worker, wait_until};
use serde_json::Value;

/// What was logged in this process, all hubs of it.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Installs a log in the format of the hub's own, once.
fn log() -> Lines {
    static LINES: OnceLock<Lines> = OnceLock::new();
    let lines = LINES.get_or_init(|| {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().json().flatten_event(true);
        subscriber.with_writer(move || writer.clone()).init();
        lines
    });
    lines.clone()
}

impl Lines {
    /// The lines about a path.
    fn about(&self, path: &str) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|l| l["target"] == "slotway::access" && l["path"] == path).collect()
    }

    /// The only line about a path, once it is there.
    fn only(&self, path: &str) -> Value {
        wait_until("the request is logged", || !self.about(path).is_empty());
        let lines = self.about(path);
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines[0].clone()
    }
}

fn rig() -> Rig {
    Rig::with(|config| config.log.access = true)
}

#[test]
fn a_request_has_a_line_with_its_worker_its_times_and_its_bytes() {
    let (log, rig) = (log(), rig());
    let _worker = Worker::start(rig.control(), "shop", &[("POST", "/whole/{x}")], |request| {
        let body = request.body();
        request.answer(201, &[], &body.repeat(2));
    });
    let mut client = rig.client();
    assert_eq!(client.request("POST", "/whole/1?token=secret", "", b"12345").status, 201);
    let line = log.only("/whole/1");
    assert_eq!(line["level"], "INFO");
    assert_eq!((&line["method"], &line["status"]), (&"POST".into(), &201.into()));
    assert_eq!(line["version"], "HTTP/1.1");
    assert_eq!((&line["bytes_in"], &line["bytes_out"]), (&5.into(), &10.into()));
    assert_eq!((&line["name"], &line["route"]), (&"shop".into(), &"/whole/{x}".into()));
    assert_eq!((&line["worker"], &line["pid"]), (&1.into(), &std::process::id().into()));
    assert!(line["client"].as_str().unwrap().starts_with("127.0.0.1:"));
    let us = |name: &str| line[name].as_u64().unwrap_or_else(|| panic!("{name}: {line}"));
    assert!(us("wait_us") <= us("total_us"));
    assert!(us("worker_us") <= us("total_us"));
    for absent in ["problem", "left", "broke"] {
        assert_eq!(line[absent], Value::Null, "{line}");
    }
    assert!(!line.to_string().contains("secret"), "{line}");
}

#[test]
fn a_problem_is_named_in_its_line() {
    let (log, rig) = (log(), rig());
    assert_eq!(rig.get("/not/there").status, 404);
    let line = log.only("/not/there");
    assert_eq!((&line["status"], &line["problem"]), (&404.into(), &"no_route".into()));
    assert_eq!(line["worker"], Value::Null);
}

#[test]
fn a_stream_is_logged_when_it_ends() {
    let (log, rig) = (log(), rig());
    let mut worker = Worker::connect(rig.control());
    worker.register("streams", &[("GET", "/streamed")]);
    let mut client = rig.client();
    client.send("GET", "/streamed", "", b"");
    let request = worker.next();
    request.head(200, None, &[]);
    assert!(request.write(b"first"));
    assert_eq!(client.head().status, 200);
    assert_eq!(client.chunk().unwrap(), b"first");
    assert_eq!(log.about("/streamed").len(), 0, "the stream is still under way");
    assert!(request.write(b"second"));
    request.finish();
    assert_eq!(client.chunk().unwrap(), b"second");
    assert_eq!(client.chunk().unwrap(), b"");
    let line = log.only("/streamed");
    assert_eq!((&line["status"], &line["bytes_out"]), (&200.into(), &11.into()));
    assert_eq!(line["left"], Value::Null, "{line}");
}

#[test]
fn a_client_that_leaves_early_is_logged_once_with_what_was_known() {
    let (log, rig) = (log(), rig());
    let mut worker = Worker::connect(rig.control());
    worker.register("slow", &[("GET", "/before"), ("GET", "/midway")]);
    let mut client = rig.client();
    client.send("GET", "/before", "", b"");
    let request = worker.next();
    drop(client);
    let line = log.only("/before");
    assert_eq!((&line["left"], &line["status"]), (&true.into(), &Value::Null), "{line}");
    assert_eq!(line["worker"], 1, "{line}");
    request.wait_cancelled();
    request.finish();

    let mut client = rig.client();
    client.send("GET", "/midway", "", b"");
    let request = worker.next();
    request.head(200, None, &[]);
    assert!(request.write(b"some"));
    client.head();
    drop(client);
    request.wait_cancelled();
    request.finish();
    let line = log.only("/midway");
    assert_eq!((&line["left"], &line["status"]), (&true.into(), &200.into()), "{line}");
}

#[test]
fn a_response_that_breaks_off_says_why() {
    let (log, rig) = (log(), rig());
    let mut worker = Worker::connect(rig.control());
    worker.register("breaks", &[("GET", "/breaks")]);
    let mut client = rig.client();
    client.send("GET", "/breaks", "", b"");
    let request = worker.next();
    request.head(200, None, &[]);
    assert!(request.write(b"some"));
    client.head();
    client.chunk();
    request.abort();
    assert_eq!(client.chunk(), None);
    let line = log.only("/breaks");
    assert!(line["broke"].as_str().unwrap().contains("worker"), "{line}");
    assert_eq!(line["left"], Value::Null, "{line}");
}

#[test]
fn without_being_asked_for_there_is_no_line() {
    let (log, rig) = (log(), Rig::new());
    assert_eq!(rig.get("/unlogged").status, 404);
    rig.shutdown();
    assert_eq!(log.about("/unlogged").len(), 0);
}
