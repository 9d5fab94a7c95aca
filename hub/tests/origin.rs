//! Where a request comes from: what workers are told of it, what it is called, and how
//! many of one client may be in flight.

mod common;

use std::time::Duration;

use common::{Client, Reply, Rig, Worker, wait_until};
use slotway_core::head::TraceContext;
use slotway_hub::config::{Believe, Told};

fn trusting(config: &mut slotway_hub::Config) {
    config.forwarded.trust = vec!["127.0.0.0/8".parse().unwrap()];
}

fn values(request: &Seen, name: &str) -> Vec<String> {
    let named = request.headers.iter().filter(|(found, _)| found == name);
    named.map(|(_, value)| String::from_utf8(value.clone()).unwrap()).collect()
}

fn one(request: &Seen, name: &str) -> String {
    let [value] = <[String; 1]>::try_from(values(request, name)).unwrap();
    value
}

/// What a worker saw of a request.
struct Seen {
    headers: Vec<(String, Vec<u8>)>,
    trace: Option<TraceContext>,
}

/// One request through a worker; gives what the worker saw and what the client got.
fn through(rig: &Rig, worker: &Worker, headers: &str) -> (Seen, Reply) {
    let mut client = rig.client();
    client.send("GET", "/x", headers, b"");
    let mut request = worker.next();
    let seen = Seen { headers: std::mem::take(&mut request.headers), trace: request.trace };
    request.answer(200, &[("x-request-id", b"the worker's own")], b"");
    let reply = client.reply("GET");
    let id = one(&seen, "x-request-id");
    assert_eq!(reply.header("x-request-id"), Some(&*id), "the client hears what the worker heard");
    (seen, reply)
}

const FORGED: &str = "x-forwarded-for: 203.0.113.7\r\nx-forwarded-proto: https\r\n\
                      x-forwarded-host: evil.example\r\nx-forwarded-port: 1\r\n\
                      x-real-ip: 203.0.113.7\r\nforwarded: for=203.0.113.7\r\n\
                      x-request-id: forged\r\n";

/// Goal: workers are told what the hub sees; what an unknown client claims is not passed on.
#[test]
fn what_a_client_claims_about_itself_is_replaced() {
    let rig = Rig::new();
    let mut worker = Worker::connect(rig.control());
    worker.register("a", &[("GET", "/x")]);
    for headers in ["", FORGED] {
        let (request, _) = through(&rig, &worker, headers);
        assert_eq!(one(&request, "x-forwarded-for"), "127.0.0.1");
        assert_eq!(one(&request, "x-forwarded-proto"), "http");
        assert_eq!(one(&request, "x-forwarded-host"), "test");
        assert_eq!(one(&request, "forwarded"), "for=127.0.0.1;host=test;proto=http");
        assert_eq!(values(&request, "x-forwarded-port"), Vec::<String>::new());
        assert_eq!(values(&request, "x-real-ip"), Vec::<String>::new());
        let id = one(&request, "x-request-id");
        assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    }
    rig.wait_all_free();
}

/// Goal: a trusted proxy is believed, and stands at the end of what it said.
#[test]
fn what_a_trusted_proxy_says_goes_on() {
    let rig = Rig::with(trusting);
    let mut worker = Worker::connect(rig.control());
    worker.register("a", &[("GET", "/x")]);
    let (request, _) = through(&rig, &worker, FORGED);
    assert_eq!(one(&request, "x-forwarded-for"), "203.0.113.7, 127.0.0.1");
    assert_eq!(one(&request, "x-forwarded-proto"), "https");
    assert_eq!(one(&request, "x-forwarded-host"), "evil.example");
    assert_eq!(one(&request, "x-forwarded-port"), "1");
    assert_eq!(one(&request, "forwarded"), "for=203.0.113.7, for=127.0.0.1;host=test;proto=http");
    assert_eq!(one(&request, "x-request-id"), "forged");
    let (request, _) = through(&rig, &worker, "forwarded: for=203.0.113.9;proto=https\r\n");
    assert_eq!(one(&request, "x-forwarded-for"), "203.0.113.9, 127.0.0.1");
    let chain = "for=203.0.113.9;proto=https, for=127.0.0.1;host=test;proto=http";
    assert_eq!(one(&request, "forwarded"), chain);
    let (request, _) = through(&rig, &worker, "x-request-id: not\u{e9}sane\r\n");
    assert_eq!(one(&request, "x-request-id").len(), 32);
    rig.wait_all_free();
}

/// Goal: a proxy that writes one family of headers is not fooled with by the other.
#[test]
fn only_the_family_that_the_proxies_write_is_believed() {
    let rig = Rig::with(|config| {
        trusting(config);
        config.forwarded.believe = Believe::Forwarded;
    });
    let mut worker = Worker::connect(rig.control());
    worker.register("a", &[("GET", "/x")]);
    let both = "x-forwarded-for: 203.0.113.66\r\nforwarded: for=203.0.113.9\r\n";
    let (request, _) = through(&rig, &worker, both);
    assert_eq!(one(&request, "x-forwarded-for"), "203.0.113.9, 127.0.0.1");
}

/// Goal: a trace that a client began goes on as it is; without one the hub begins one that
/// is not sampled, and tells it in the header and in the head alike.
#[test]
fn a_trace_goes_on_or_begins() {
    let rig = Rig::new();
    let mut worker = Worker::connect(rig.control());
    worker.register("a", &[("GET", "/x")]);
    let came = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let (request, _) =
        through(&rig, &worker, &format!("traceparent: {came}\r\ntracestate: a=1\r\n"));
    assert_eq!(one(&request, "traceparent"), came);
    assert_eq!(one(&request, "tracestate"), "a=1");
    let trace = request.trace.unwrap();
    assert_eq!((trace.trace_id[..2].to_vec(), trace.flags), (vec![0x0a, 0xf7], 1));

    let twice = format!("traceparent: {came}\r\ntraceparent: {came}\r\n");
    for broken in ["", "traceparent: 00-nonsense\r\ntracestate: a=1\r\n", &twice] {
        let (request, reply) = through(&rig, &worker, broken);
        let parent = one(&request, "traceparent");
        let trace = request.trace.unwrap();
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        let (id, span) = (hex(&trace.trace_id), hex(&trace.parent_id));
        assert_eq!(parent, format!("00-{id}-{span}-00"));
        assert_eq!(reply.header("x-request-id"), Some(&*id), "one number finds both");
        assert_eq!(values(&request, "tracestate"), Vec::<String>::new());
    }
}

/// Goal: workers are told no more than what is configured, and then nothing is made up.
#[test]
fn what_workers_are_told_can_be_chosen() {
    let rig = Rig::with(|config| config.forwarded.headers = vec![Told::Forwarded]);
    let mut worker = Worker::connect(rig.control());
    worker.register("a", &[("GET", "/x")]);
    let mut client = rig.client();
    client.send("GET", "/x", FORGED, b"");
    let request = worker.next();
    assert_eq!(request.trace, None);
    let mut names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    // The client's own word for its request goes on like any other header.
    assert_eq!(names, ["forwarded", "host", "x-request-id"]);
    request.answer(200, &[], b"");
    assert_eq!(client.reply("GET").header("x-request-id"), None);
}

/// Goal: whoever answers, the response says what the request is called.
#[test]
fn the_hubs_own_answers_have_an_id_too() {
    let rig = Rig::with(trusting);
    let mut client = rig.client();
    for path in ["/nothing", "/health"] {
        let reply = client.request("GET", path, "x-request-id: mine\r\n", b"");
        assert_eq!(reply.header("x-request-id"), Some("mine"));
        assert_eq!(client.get(path).header("x-request-id").unwrap().len(), 32);
    }
}

/// Goal: nothing of the admin surface answers on the public port, whatever a client sends,
/// and what it sends there for the admin surface is like any other header.
#[test]
fn h17_the_admin_surface_is_not_on_the_public_port() {
    let rig = Rig::with(trusting);
    let mut client = rig.client();
    let paths = ["/internal/workers", "/internal/slots", "/internal", "/metrics", "/dashboard"];
    let headers = [
        "",
        "authorization: Bearer token\r\n",
        "x-forwarded-for: 127.0.0.1\r\nforwarded: for=127.0.0.1\r\n",
        "origin: http://127.0.0.1\r\nx-http-method-override: GET\r\n",
    ];
    for path in paths {
        for headers in headers {
            for method in ["GET", "POST", "OPTIONS"] {
                let reply = client.request(method, path, headers, b"");
                assert_eq!((reply.status, &*reply.code()), (404, "no_route"), "{method} {path}");
            }
        }
        // A host that sounds like the hub's own, and a target that names one.
        client.write(
            format!("GET http://localhost{path} HTTP/1.1\r\nhost: admin\r\n\r\n").as_bytes(),
        );
        assert_eq!(client.reply("GET").status, 404);
    }
}

/// Goal: one client has as many requests in flight as it may, whatever its connections;
/// one more is 429 and there is room again when one is through.
#[test]
fn h22_a_limit_for_each_client_counts_requests_in_flight() {
    let rig = Rig::with(|config| config.limits.per_client = Some(2));
    let mut worker = Worker::connect(rig.control());
    worker.register("a", &[("GET", "/x")]);
    let idle: Vec<Client> = (0..10).map(|_| rig.client()).collect();
    let send = || {
        let mut client = rig.client();
        client.send("GET", "/x", "", b"");
        client
    };
    let mut first = send();
    let stream = worker.next();
    stream.head(200, None, &[]);
    stream.announce();
    assert_eq!(first.head().status, 200);
    let mut second = send();
    let held = worker.next();
    // On a connection of its own and on one that rests.
    for mut client in [rig.client(), idle.into_iter().next().unwrap()] {
        let reply = client.get("/x");
        assert_eq!((reply.status, &*reply.code()), (429, "too_many_requests"));
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert_eq!(reply.json()["retry_after_ms"], 250);
    }
    assert_eq!(rig.get("/health").status, 200, "the hub's own is not limited");
    held.answer(200, &[], b"");
    assert_eq!(second.reply("GET").status, 200);
    let mut third = send();
    worker.next().answer(200, &[], b"");
    assert_eq!(third.reply("GET").status, 200);
    // A response that is still under way counts; when its client leaves it does no more.
    let mut fourth = send();
    let held = worker.next();
    assert_eq!(rig.get("/x").status, 429);
    drop(first);
    stream.wait_cancelled();
    stream.abort();
    held.answer(200, &[], b"");
    assert_eq!(fourth.reply("GET").status, 200);
    worker.serve(1, |request| request.answer(200, &[], b""));
    wait_until("there is room", || rig.get("/x").status == 200);
    rig.wait_all_free();
}

/// Goal: behind a trusted proxy the client counts and not the proxy.
#[test]
fn h22_behind_a_trusted_proxy_its_clients_are_counted() {
    let rig = Rig::with(|config| {
        trusting(config);
        config.limits.per_client = Some(1);
        config.times.request = Duration::from_secs(60);
    });
    let mut worker = Worker::connect(rig.control());
    worker.register("a", &[("GET", "/x")]);
    let ask = |ip: &str| {
        let mut client = rig.client();
        client.send("GET", "/x", &format!("x-forwarded-for: {ip}\r\n"), b"");
        client
    };
    let mut first = ask("203.0.113.7");
    let held = worker.next();
    assert_eq!(ask("203.0.113.7").reply("GET").status, 429);
    assert_eq!(ask("192.0.2.1, 203.0.113.7, 127.0.0.9").reply("GET").status, 429);
    let mut other = ask("203.0.113.8");
    worker.next().answer(200, &[], b"");
    assert_eq!(other.reply("GET").status, 200);
    let mut six = ask("2001:db8::1");
    let six_held = worker.next();
    assert_eq!(ask("2001:db8::2").reply("GET").status, 429, "one network of 64 bits");
    for held in [held, six_held] {
        held.answer(200, &[], b"");
    }
    assert_eq!(first.reply("GET").status, 200);
    assert_eq!(six.reply("GET").status, 200);
    rig.wait_all_free();
}

/// Goal: methods and targets that are about more than a route.
#[test]
fn h13_options_trace_and_targets() {
    let rig = Rig::new();
    let _worker = Worker::start(rig.control(), "a", &[("*", "/any"), ("TRACE", "/t")], |request| {
        let method = request.method.clone();
        request.answer(200, &[("x-method", method.as_bytes())], b"");
    });
    let mut client = rig.client();
    client.write(b"OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n");
    let reply = client.reply("OPTIONS");
    assert_eq!((reply.status, reply.header("allow")), (204, Some("OPTIONS")));
    let reply = client.request("PURGE", "/any", "", b"");
    assert_eq!((reply.status, reply.header("x-method")), (200, Some("PURGE")));
    let reply = client.request("TRACE", "/any", "", b"");
    assert_eq!((reply.status, &*reply.code()), (405, "method_not_allowed"));
    assert_eq!(reply.header("allow"), Some("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"));
    let reply = client.request("TRACE", "/t", "max-forwards: 0\r\n", b"");
    assert_eq!((reply.status, reply.header("x-method")), (200, Some("TRACE")));
    assert_eq!(client.request("TRACE", "/t", "", b"body").status, 400);
    client = rig.client();
    client.write(b"CONNECT a:80 HTTP/1.1\r\nhost: a\r\n\r\n");
    let reply = client.reply("GET");
    assert_eq!((reply.status, &*reply.code()), (501, "not_implemented"));
}
