//! What the hub does to responses, and answers by itself, where its configuration asks for
//! it: compression and cross-origin requests.

mod common;

use std::time::Duration;

use common::{Reply, Rig, Worker};
use compression_codecs::core::util::{PartialBuffer, WriteBuffer};
use compression_codecs::{BrotliDecoder, DecodeV2, GzipDecoder, ZstdDecoder};
use slotway_hub::Config;
use slotway_hub::config::Cors;

fn compressing(config: &mut Config) {
    config.compression.enabled = true;
}

/// Undoes a coding, piece by piece.
struct Decoder(Box<dyn DecodeV2>);

impl Decoder {
    fn of(coding: &str) -> Decoder {
        Decoder(match coding {
            "gzip" => Box::new(GzipDecoder::new()),
            "br" => Box::new(BrotliDecoder::new()),
            "zstd" => Box::new(ZstdDecoder::new()),
            other => panic!("{other}"),
        })
    }

    /// What there is after these bytes, and whether it is all.
    fn feed(&mut self, bytes: &[u8]) -> (Vec<u8>, bool) {
        let mut input = PartialBuffer::new(bytes);
        let (mut whole, mut output) = (Vec::new(), vec![0; 64 << 10]);
        loop {
            let mut buffer = WriteBuffer::new_initialized(&mut output);
            let ended = self.0.decode(&mut input, &mut buffer).unwrap();
            let length = buffer.written_len();
            whole.extend(&output[..length]);
            if ended || (input.unwritten().is_empty() && length < 64 << 10) {
                return (whole, ended);
            }
        }
    }
}

fn text(length: usize) -> Vec<u8> {
    (0..length).map(|at| b"the quick brown fox jumps "[(at * at / 7) % 26]).collect()
}

fn decoded(reply: &Reply) -> Vec<u8> {
    let (body, ended) = Decoder::of(reply.header("content-encoding").unwrap()).feed(&reply.body);
    assert!(ended && reply.complete, "a clean end");
    body
}

/// Goal: a client gets the coding that it likes best, and the same bytes as without; HEAD
/// has the headers of GET; whoever wants none gets none.
#[test]
fn responses_are_compressed_as_clients_like_it() {
    let rig = Rig::with(compressing);
    let _worker = Worker::start(rig.control(), "a", &[("GET", "/{length}")], |request| {
        let length: usize = request.path[1..].parse().unwrap();
        let body = text(length);
        let headers = [("content-type", &b"text/plain"[..]), ("etag", b"\"1\"")];
        if length < 100_000 {
            return request.answer(200, &headers, &body);
        }
        request.head(200, Some(body.len() as u64), &headers);
        request.announce();
        assert!(request.write(&body));
        request.finish();
    });
    let mut client = rig.client();
    for length in [2_000_usize, 60_000, 3_000_000] {
        let path = format!("/{length}");
        for (accept, coding) in
            [("gzip", "gzip"), ("gzip;q=0.5, br", "br"), ("gzip, br, zstd", "zstd")]
        {
            let headers = format!("accept-encoding: {accept}\r\n");
            let reply = client.request("GET", &path, &headers, b"");
            assert_eq!(reply.header("content-encoding"), Some(coding));
            assert_eq!(reply.header("vary"), Some("accept-encoding"));
            assert_eq!(reply.header("etag"), Some("W/\"1\""));
            assert_eq!(reply.header("content-length"), None);
            assert!(reply.body.len() < length / 2, "{coding}: {}", reply.body.len());
            assert!(decoded(&reply) == text(length), "{coding} {length}");
        }
        let plain = client.get(&path);
        assert_eq!(plain.header("content-encoding"), None);
        assert_eq!(plain.header("vary"), Some("accept-encoding"));
        assert_eq!(plain.header("etag"), Some("\"1\""));
        assert!(plain.body == text(length));
    }
    let head = client.request("HEAD", "/2000", "accept-encoding: gzip\r\n", b"");
    assert_eq!(head.header("content-encoding"), Some("gzip"));
    assert_eq!(head.header("content-length"), None);
    let short = client.request("GET", "/500", "accept-encoding: gzip\r\n", b"");
    assert_eq!((short.header("content-encoding"), short.header("vary")), (None, None));
    rig.wait_all_free();
}

/// Goal: a response flows on while it is compressed: what a worker has sent before a pause
/// is with the client before the worker goes on.
#[test]
fn a_compressed_stream_keeps_flowing() {
    let rig = Rig::with(compressing);
    let mut worker = Worker::connect(rig.control());
    worker.register("a", &[("GET", "/x")]);
    for coding in ["gzip", "br", "zstd"] {
        let mut client = rig.client();
        client.send("GET", "/x", &format!("accept-encoding: {coding}\r\n"), b"");
        let request = worker.next();
        request.head(200, None, &[("content-type", b"application/json")]);
        request.announce();
        assert_eq!(client.head().header("content-encoding"), Some(coding));
        let mut decoder = Decoder::of(coding);
        for piece in [&b"{\"a\": 1,"[..], b" \"b\": 2,", &text(50_000)] {
            assert!(request.write(piece));
            let mut seen = Vec::new();
            while seen.len() < piece.len() {
                // Waits for what has come only: the worker sends nothing more until then.
                seen.extend(decoder.feed(&client.chunk().unwrap()).0);
            }
            assert!(seen == piece, "{coding}");
        }
        request.finish();
        let mut ended = false;
        loop {
            let chunk = client.chunk().unwrap();
            if chunk.is_empty() {
                break;
            }
            let (more, end) = decoder.feed(&chunk);
            assert!(more.is_empty());
            ended |= end;
        }
        assert!(ended, "{coding} has a clean end");
    }
    rig.wait_all_free();
}

/// Goal: events are not held up and not compressed, and a response that breaks off is no
/// clean end.
#[test]
fn events_stay_as_they_are_and_a_break_is_a_break() {
    let rig = Rig::with(compressing);
    let mut worker = Worker::connect(rig.control());
    worker.register("a", &[("GET", "/x")]);
    let begin = |kind: &[u8]| {
        let mut client = rig.client();
        client.send("GET", "/x", "accept-encoding: gzip\r\n", b"");
        let request = worker.next();
        request.head(200, None, &[("content-type", kind)]);
        request.announce();
        let head = client.head();
        (client, request, head.header("content-encoding").map(str::to_owned))
    };
    let (mut client, request, coding) = begin(b"text/event-stream");
    assert_eq!(coding, None);
    assert!(request.write(b"data: 1\n\n"));
    assert_eq!(client.chunk().as_deref(), Some(&b"data: 1\n\n"[..]));
    request.finish();
    let (mut client, request, coding) = begin(b"text/plain");
    assert_eq!(coding.as_deref(), Some("gzip"));
    assert!(request.write(b"some of it"));
    request.abort();
    while let Some(chunk) = client.chunk() {
        assert!(!chunk.is_empty(), "a clean end");
    }
    rig.wait_all_free();
}

fn cors() -> Cors {
    Cors {
        origins: vec!["https://app.example".to_owned()],
        headers: vec!["content-type".to_owned(), "x-a".to_owned()],
        expose: vec!["x-request-id".to_owned()],
        credentials: true,
        max_age: Some(Duration::from_secs(600)),
        ..Cors::default()
    }
}

fn preflight(rig: &Rig, path: &str, origin: &str, method: &str) -> Reply {
    let headers = format!("origin: {origin}\r\naccess-control-request-method: {method}\r\n");
    rig.client().request("OPTIONS", path, &headers, b"")
}

/// Goal: a preflight is the hub's to answer for origins on the list and routes that are
/// served, and nobody else's business; responses say that the page may read them.
#[test]
fn preflights_and_responses_for_pages_of_other_origins() {
    let rig = Rig::with(|config| config.cors = Some(cors()));
    let routes = [("GET", "/a"), ("POST", "/a"), ("OPTIONS", "/own"), ("PUT", "/own")];
    let _worker = Worker::start(rig.control(), "a", &routes, |request| {
        let method = request.method.clone();
        request.answer(200, &[("x-method", method.as_bytes()), ("vary", b"cookie")], b"");
    });
    const APP: &str = "https://app.example";

    let reply = preflight(&rig, "/a", APP, "POST");
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-origin"), Some(APP));
    assert_eq!(reply.header("access-control-allow-methods"), Some("GET, HEAD, OPTIONS, POST"));
    assert_eq!(reply.header("access-control-allow-headers"), Some("content-type, x-a"));
    assert_eq!(reply.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(reply.header("access-control-max-age"), Some("600"));
    assert_eq!(reply.header("x-method"), None, "no worker has seen it");
    let reply = preflight(&rig, "/own", APP, "PUT");
    assert_eq!((reply.status, reply.header("x-method")), (204, None));

    // Everything else goes its usual way.
    for (path, origin, method, status) in [
        ("/a", "https://evil.example", "POST", 204),
        ("/a", APP, "DELETE", 204),
        ("/nothing", APP, "GET", 404),
        ("/own", "https://evil.example", "PUT", 200),
    ] {
        let reply = preflight(&rig, path, origin, method);
        assert_eq!(reply.status, status, "{path} {origin}");
        assert_eq!(reply.header("access-control-allow-methods"), None, "{path} {origin}");
    }
    let plain = rig.client().request("OPTIONS", "/a", &format!("origin: {APP}\r\n"), b"");
    assert_eq!((plain.status, plain.header("allow")), (204, Some("GET, HEAD, OPTIONS, POST")));

    let get =
        |origin: &str| rig.client().request("GET", "/a", &format!("origin: {origin}\r\n"), b"");
    let reply = get(APP);
    assert_eq!(reply.header("access-control-allow-origin"), Some(APP));
    assert_eq!(reply.header("access-control-expose-headers"), Some("x-request-id"));
    let vary: Vec<_> = reply.headers.iter().filter(|(name, _)| name == "vary").collect();
    assert_eq!(vary.len(), 2, "{vary:?}");
    assert_eq!(get("https://evil.example").header("access-control-allow-origin"), None);
    let problem = rig.client().request("GET", "/nothing", &format!("origin: {APP}\r\n"), b"");
    assert_eq!(problem.status, 404);
    assert_eq!(problem.header("access-control-allow-origin"), Some(APP), "scripts see why");
    rig.wait_all_free();
}

/// Goal: without a configuration nothing is added and preflights are like any OPTIONS.
#[test]
fn without_a_configuration_nothing_is_added() {
    let rig = Rig::new();
    let _worker =
        Worker::start(rig.control(), "a", &[("GET", "/a"), ("OPTIONS", "/b")], |request| {
            let body = text(5_000);
            request.answer(200, &[("content-type", b"text/plain"), ("x-worker", b"1")], &body);
        });
    let reply = preflight(&rig, "/b", "https://app.example", "GET");
    assert_eq!((reply.status, reply.header("x-worker")), (200, Some("1")));
    let headers = "origin: https://app.example\r\naccept-encoding: gzip\r\n";
    let reply = rig.client().request("GET", "/a", headers, b"");
    for name in ["access-control-allow-origin", "vary", "content-encoding"] {
        assert_eq!(reply.header(name), None, "{name}");
    }
    assert_eq!(reply.header("content-length"), Some("5000"));
}

/// Goal: an open door for every origin and its visitors' cookies is not a configuration.
#[test]
fn every_origin_with_credentials_is_refused() {
    let cors = Cors { origins: vec!["*".to_owned()], ..cors() };
    let config = Config { cors: Some(cors), ..Config::default() };
    let faults = config.check().unwrap_err().to_string();
    assert!(faults.starts_with("cors.credentials"), "{faults}");
}
