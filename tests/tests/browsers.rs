//! Thousands of clients that listen to the same, and one among them that never reads.

use std::io::{Read, Write};
use std::net::TcpStream as Blocking;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use slotway_tests::{Hub, Weight, case, eventually, proc};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::runtime::Builder;

const SOON: Duration = Duration::from_secs(60);
const CLIENTS: u64 = 5_000;
const EVENTS: u64 = 100;
/// Twenty a second.
const EVERY: Duration = Duration::from_millis(50);
/// What a client may cost the hub.
const BYTES_A_CLIENT: u64 = 40 << 10;

const CONFIG: &str = "listen = [\"127.0.0.1:0\"]\n\
    [events]\npath = \"/events\"\ntopics = [\"#\"]\n\
    [timeouts]\nidle = \"2s\"\n";

/// Asks for events and reads up to `ready`.
fn open(hub: &Hub, query: &str, small: bool) -> Blocking {
    let mut stream = Blocking::connect(hub.address).expect("a hub that accepts");
    stream.set_read_timeout(Some(SOON)).expect("a socket");
    if small {
        sockopt::set_socket_recv_buffer_size(&stream, 16 << 10).expect("a socket");
    }
    let request = format!("GET /events?{query} HTTP/1.1\r\nhost: test\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut head = Vec::new();
    while !head.windows(2).any(|end| end == b"}\n") {
        let mut bytes = [0; 4096];
        let count = stream.read(&mut bytes).expect("a head");
        assert!(count > 0, "{:?}", String::from_utf8_lossy(&head));
        head.extend_from_slice(&bytes[..count]);
    }
    assert!(head.starts_with(b"HTTP/1.1 200 "), "{:?}", String::from_utf8_lossy(&head));
    stream
}

/// Publishes, over one request for as long as it lives.
struct Publisher(UnixStream);

impl Publisher {
    fn new(hub: &Hub) -> Publisher {
        let mut stream = UnixStream::connect(hub.admin_path()).expect("an admin socket");
        let head = "POST /internal/emit HTTP/1.1\r\nhost: localhost\r\n\
            content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).expect("sent");
        Publisher(stream)
    }

    fn publish(&mut self, topic: &str, data: &str) {
        let line = format!("{{\"topic\":\"{topic}\",\"data\":\"{data}\"}}\n");
        let chunk = format!("{:x}\r\n{line}\r\n", line.len());
        self.0.write_all(chunk.as_bytes()).expect("sent");
    }
}

/// Reads every event, each the one after the last; gives how long each was under way, in
/// microseconds.
async fn listen(stream: Blocking, start: Instant) -> Vec<u32> {
    stream.set_nonblocking(true).expect("a socket");
    let mut stream = TcpStream::from_std(stream).expect("in a runtime");
    let (mut times, mut bytes) = (Vec::with_capacity(EVENTS as usize), Vec::new());
    while times.len() < EVENTS as usize {
        let count = stream.read_buf(&mut bytes).await.expect("a stream that goes on");
        let now = start.elapsed().as_micros() as u64;
        assert!(count > 0, "the stream ended after {} events", times.len());
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        for line in bytes[..whole].split(|&byte| byte == b'\n') {
            let Some(data) = line.strip_prefix(b"data: ") else { continue };
            let data = std::str::from_utf8(data).expect("text");
            let (number, at) = data.split_once(' ').expect("two numbers");
            assert_eq!(number.parse(), Ok(times.len()), "in order and without a hole");
            times.push((now - at.parse::<u64>().expect("a time")) as u32);
        }
        bytes.drain(..whole);
    }
    times
}

/// Goal: Show 3, every event reaches each of 5,000 clients in order, at a bounded cost; one
/// that never reads is dropped with a reason in the log, and harms nobody.
#[test]
fn s04_five_thousand_clients_and_one_that_never_reads() {
    case("s04_five_thousand_clients", Weight::Heavy, Duration::from_secs(600), || {
        let limit = getrlimit(Resource::Nofile);
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
        let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let clients = CLIENTS.min(descriptors.saturating_sub(500));
        let hub = Hub::builder().config(CONFIG).start();
        let mut publisher = Publisher::new(&hub);
        // Once before, so that every part has been used.
        drop(open(&hub, "topic=all", false));
        let before = proc::resident_bytes(hub.process.pid());

        let start = Instant::now();
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listening: Vec<_> = (0..clients)
            .map(|_| runtime.spawn(listen(open(&hub, "topic=all", false), start)))
            .collect();
        let stuck = open(&hub, "topic=all&topic=much", true);
        let resting = proc::resident_bytes(hub.process.pid());
        proc::reset_peak(hub.process.pid());

        let much = "x".repeat(64 << 10);
        for number in 0..EVENTS {
            publisher.publish("all", &format!("{number} {}", start.elapsed().as_micros()));
            publisher.publish("much", &much);
            thread::sleep(EVERY);
        }
        let mut times: Vec<u32> = Vec::new();
        for client in listening {
            times.extend(runtime.block_on(client).expect("every event"));
        }
        let peak = proc::resident_peak_bytes(hub.process.pid());
        times.sort_unstable();
        let at = |share: f64| f64::from(times[((times.len() - 1) as f64 * share) as usize]) / 1e3;
        let [resting, peak] = [resting, peak].map(|bytes| bytes.saturating_sub(before) / clients);
        println!(
            "{clients} clients, {EVENTS} events, 20 a second: {} deliveries; p50 {:.1} ms, p99 \
             {:.1} ms, longest {:.1} ms; {resting} bytes a client at rest, {peak} at the peak",
            times.len(),
            at(0.5),
            at(0.99),
            at(1.0),
        );
        assert_eq!(times.len() as u64, clients * EVENTS);
        assert!(peak < BYTES_A_CLIENT, "{peak} bytes a client");

        eventually("the client that never reads is dropped", SOON, || {
            publisher.publish("much", &much);
            let lines = hub.process.lines();
            let dropped = |line: &&String| line.contains("reads too slowly was dropped");
            lines.iter().find(dropped).cloned()
        });
        drop(stuck);
    });
}
