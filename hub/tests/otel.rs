//! Spans as a collector receives them, read without the code that writes them.
#![cfg(feature = "otel")]

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use common::{Client, Rig, Worker, wait_until};

/// A message of protobuf: numbers of fields and what they hold.
#[derive(Debug, Clone)]
struct Message(Vec<(u64, Field)>);

#[derive(Debug, Clone, PartialEq)]
enum Field {
    Number(u64),
    Bytes(Vec<u8>),
}

impl Message {
    fn parse(mut bytes: &[u8]) -> Message {
        fn varint(bytes: &mut &[u8]) -> u64 {
            let (mut value, mut shift) = (0, 0);
            loop {
                let byte = bytes[0];
                *bytes = &bytes[1..];
                value |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    return value;
                }
            }
        }
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let tag = varint(&mut bytes);
            let field = match tag & 7 {
                0 => Field::Number(varint(&mut bytes)),
                1 => {
                    let (value, rest) = bytes.split_at(8);
                    bytes = rest;
                    Field::Number(u64::from_le_bytes(value.try_into().unwrap()))
                }
                2 => {
                    let length = varint(&mut bytes) as usize;
                    let (value, rest) = bytes.split_at(length);
                    bytes = rest;
                    Field::Bytes(value.to_vec())
                }
                other => panic!("wire type {other}"),
            };
            fields.push((tag >> 3, field));
        }
        Message(fields)
    }

    fn all(&self, number: u64) -> impl Iterator<Item = &Field> {
        self.0.iter().filter(move |(found, _)| *found == number).map(|(_, field)| field)
    }

    fn messages(&self, number: u64) -> Vec<Message> {
        self.all(number).map(|field| Message::parse(field.bytes())).collect()
    }

    fn bytes(&self, number: u64) -> Vec<u8> {
        self.all(number).next().map_or(Vec::new(), |field| field.bytes().to_vec())
    }

    fn text(&self, number: u64) -> String {
        String::from_utf8(self.bytes(number)).unwrap()
    }

    fn number(&self, number: u64) -> u64 {
        match self.all(number).next() {
            Some(Field::Number(value)) => *value,
            None => 0,
            other => panic!("{other:?}"),
        }
    }

    /// An attribute's value: the field of `AnyValue` that is set.
    fn attribute(&self, key: &str) -> Option<Field> {
        let pairs = self.messages(9);
        let pair = pairs.iter().find(|pair| pair.text(1) == key)?;
        Some(pair.messages(2)[0].0[0].1.clone())
    }
}

impl Field {
    fn bytes(&self) -> &[u8] {
        match self {
            Field::Bytes(bytes) => bytes,
            Field::Number(_) => panic!("no bytes: {self:?}"),
        }
    }
}

/// A collector on a thread.
struct Collector {
    address: SocketAddr,
    spans: Arc<Mutex<Vec<Message>>>,
}

impl Collector {
    fn start() -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let spans: Arc<Mutex<Vec<Message>>> = Arc::default();
        let kept = spans.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut bytes = Vec::new();
                let body = loop {
                    let mut more = [0; 4096];
                    let count = stream.read(&mut more).unwrap();
                    assert!(count > 0, "the hub broke off");
                    bytes.extend_from_slice(&more[..count]);
                    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
                        continue;
                    };
                    let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_lowercase();
                    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
                    assert!(head.contains("content-type: application/x-protobuf"), "{head}");
                    let length = head.split("content-length: ").nth(1).unwrap();
                    let length: usize = length.lines().next().unwrap().parse().unwrap();
                    if bytes.len() >= end + 4 + length {
                        break bytes[end + 4..].to_vec();
                    }
                };
                for resource in Message::parse(&body).messages(1) {
                    let about = resource.messages(1)[0].messages(1);
                    assert!(about.iter().any(|pair| pair.text(1) == "service.name"));
                    for scope in resource.messages(2) {
                        kept.lock().unwrap().extend(scope.messages(2));
                    }
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
            }
        });
        Collector { address, spans }
    }

    /// The only span of a path, once it is there.
    fn span(&self, path: &str) -> Message {
        let found = || -> Vec<Message> {
            let spans = self.spans.lock().unwrap();
            let of_path = |span: &&Message| {
                span.attribute("url.path") == Some(Field::Bytes(path.as_bytes().to_vec()))
            };
            spans.iter().filter(of_path).cloned().collect()
        };
        wait_until("the span is told", || !found().is_empty());
        let found = found();
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].clone()
    }
}

fn rig(collector: SocketAddr) -> (Rig, Worker) {
    let rig = Rig::with(|config| config.telemetry.endpoint = Some(format!("http://{collector}")));
    let worker = Worker::start(rig.control(), "traced", &[("GET", "/traced/{x}")], |request| {
        let seen = |name: &str| -> Vec<u8> {
            let named = request.headers.iter().filter(|(found, _)| found == name);
            named.map(|(_, value)| value.clone()).collect::<Vec<_>>().join(&b',')
        };
        let seen = [seen("traceparent"), seen("tracestate")].join(&b' ');
        let status = if request.path == "/traced/error" { 500 } else { 200 };
        request.answer(status, &[], &seen);
    });
    (rig, worker)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// Goal: the span is a child of the client's, and the worker's parent is the span.
#[test]
fn a_request_is_a_span_between_its_client_and_its_worker() {
    let collector = Collector::start();
    let (rig, _worker) = rig(collector.address);
    let headers = format!("traceparent: 00-{TRACE}-{PARENT}-01\r\ntracestate: a=1\r\n");
    let reply = rig.client().request("GET", "/traced/child?secret", &headers, b"");
    let span = collector.span("/traced/child");
    assert_eq!(hex(&span.bytes(1)), TRACE);
    assert_eq!(hex(&span.bytes(4)), PARENT);
    let own = hex(&span.bytes(2));
    assert_ne!(own, PARENT);
    assert_eq!(reply.text(), format!("00-{TRACE}-{own}-01 a=1"));

    assert_eq!(span.text(5), "GET /traced/{x}");
    assert_eq!(span.number(6), 2, "the kind is server");
    assert!(span.number(7) > 0 && span.number(7) <= span.number(8), "it begins before it ends");
    let text = |value: &str| Some(Field::Bytes(value.as_bytes().to_vec()));
    assert_eq!(span.attribute("http.route"), text("/traced/{x}"));
    assert_eq!(span.attribute("http.request.method"), text("GET"));
    assert_eq!(span.attribute("slotway.name"), text("traced"));
    assert_eq!(span.attribute("http.response.status_code"), Some(Field::Number(200)));
    assert_eq!(span.attribute("slotway.worker.id"), Some(Field::Number(1)));
    let Some(Field::Number(worker)) = span.attribute("slotway.worker") else {
        panic!("{span:?}");
    };
    assert!(f64::from_bits(worker) > 0.0);
    assert!(span.all(15).next().is_none(), "nothing went wrong");
}

/// Goal: without a trace the hub begins one, and errors are errors.
#[test]
fn a_request_without_a_trace_begins_one() {
    let collector = Collector::start();
    let (rig, _worker) = rig(collector.address);
    let reply = rig.get("/traced/error");
    assert_eq!(reply.status, 500);
    let span = collector.span("/traced/error");
    assert_eq!(span.bytes(4), b"", "it has no parent");
    let context = format!("00-{}-{}-01 ", hex(&span.bytes(1)), hex(&span.bytes(2)));
    assert_eq!(reply.text(), context);
    assert_eq!(span.messages(15)[0].number(3), 2, "the status is an error");
    assert_eq!(rig.get("/nowhere").status, 404);
    let span = collector.span("/nowhere");
    assert_eq!(span.attribute("error.type"), Some(Field::Bytes(b"no_route".to_vec())));
}

/// Goal: a trace that is not recorded passes as it came, and makes no span.
#[test]
fn a_trace_that_is_not_recorded_is_left_alone() {
    let collector = Collector::start();
    let (rig, _worker) = rig(collector.address);
    let headers = format!("traceparent: 00-{TRACE}-{PARENT}-00\r\n");
    let reply = rig.client().request("GET", "/traced/quiet", &headers, b"");
    assert_eq!(reply.text(), format!("00-{TRACE}-{PARENT}-00 "));
    rig.get("/traced/after");
    rig.shutdown();
    // The last span is told before the hub has ended, so the one before would be here.
    collector.span("/traced/after");
    assert_eq!(collector.spans.lock().unwrap().len(), 1);
}

/// Goal: a collector that is away costs spans and nothing else.
#[test]
fn a_collector_that_is_away_holds_nobody_up() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (rig, _worker) = rig(nobody);
    assert_eq!(rig.get("/traced/anyway").status, 200);
    wait_until("the loss is counted", || {
        let mut admin = Client::unix(rig.hub().admin_path().unwrap());
        let text = admin.get("/metrics").text().to_owned();
        text.contains("slotway_spans_total{result=\"failed\"} 1\n")
    });
}
