//! A worker by hand: frames on a socket, and core's side of a region.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use slotway_core::End;
use slotway_core::control::{
    Decoder, Hello, HubMessage, ProtocolRange, RegionRequest, Register, Registered, Route, Welcome,
    WorkerMessage, encode,
};
use slotway_core::head::{RequestHead, TraceContext};
use slotway_core::map::{Doorbell, Mapping, receive};
use slotway_core::worker::{Claim, HubWake, Spin, WorkerSide};

use super::WATCHDOG;

/// What a worker shares between its threads.
pub struct Region {
    pub side: WorkerSide<Mapping>,
    hub: Doorbell,
    stop: AtomicBool,
}

/// A connected worker. Dropping it closes its socket, as a death would.
pub struct Worker {
    pub link: Link,
    pub region: Arc<Region>,
    threads: Vec<JoinHandle<()>>,
    probe_slot: Option<u32>,
}

/// The control connection.
pub struct Link {
    stream: UnixStream,
    decoder: Decoder,
}

/// One claimed request.
pub struct Request {
    pub region: Arc<Region>,
    pub claim: Option<Claim>,
    pub method: String,
    pub path: String,
    pub query: Option<String>,
    pub route: String,
    pub registration: u32,
    pub route_index: u32,
    pub params: Vec<(String, Vec<u8>)>,
    pub headers: Vec<(String, Vec<u8>)>,
    pub content_length: Option<u64>,
    pub deadline_ns: Option<u64>,
    pub http_version: u8,
    pub peer: Option<std::net::SocketAddr>,
    pub trace: Option<TraceContext>,
}

impl Link {
    pub fn connect(path: &Path) -> Link {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        Link { stream, decoder: Decoder::new() }
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub fn send(&mut self, message: &WorkerMessage) {
        self.raw(&encode(message).unwrap());
    }

    pub fn hello() -> Hello {
        Hello {
            protocol: ProtocolRange::OURS,
            sdk: "test/0".to_owned(),
            pid: std::process::id(),
            region: None,
            features: Vec::new(),
            generation: 0,
            instance: None,
        }
    }

    pub fn receive(&mut self) -> HubMessage {
        self.try_receive().expect("the hub closed the connection")
    }

    /// The next message, `None` at the end.
    pub fn try_receive(&mut self) -> Option<HubMessage> {
        loop {
            if let Some(message) = self.decoder.message().unwrap() {
                return Some(message);
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes) {
                Ok(0) => return None,
                Ok(count) => self.decoder.feed(&bytes[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("the hub says nothing: {error}"),
            }
        }
    }

    pub fn welcome(&mut self) -> (Welcome, Vec<OwnedFd>) {
        let (mut bytes, mut fds) = ([0; 4096], Vec::new());
        loop {
            let count = receive(&self.stream, &mut bytes, &mut fds).unwrap();
            assert!(count > 0, "the hub closed the connection");
            self.decoder.feed(&bytes[..count]);
            match self.decoder.message().unwrap() {
                Some(HubMessage::Welcome(welcome)) => return (welcome, fds),
                Some(other) => panic!("{other:?}"),
                None => {}
            }
        }
    }
}

impl Worker {
    pub fn connect(path: &Path) -> Worker {
        Worker::connect_with(path, None)
    }

    pub fn connect_with(path: &Path, region: Option<RegionRequest>) -> Worker {
        Worker::connect_as(path, Hello { region, ..Link::hello() })
    }

    /// Connects with these first words.
    pub fn connect_as(path: &Path, hello: Hello) -> Worker {
        let mut link = Link::connect(path);
        link.send(&WorkerMessage::Hello(hello));
        let (welcome, fds) = link.welcome();
        let [region, hub, _worker] = <[OwnedFd; 3]>::try_from(fds).unwrap();
        let mapping = Mapping::open(region).unwrap();
        assert_eq!(mapping.length(), welcome.region.length);
        let region = Arc::new(Region {
            side: WorkerSide::new(mapping),
            hub: Doorbell::from(hub),
            stop: AtomicBool::new(false),
        });
        Worker { link, region, threads: Vec::new(), probe_slot: welcome.region.probe_slot }
    }

    /// Answers probes from here on.
    pub fn answer_probes(&mut self) {
        let (region, slot) = (self.region.clone(), self.probe_slot.expect("it knows probes"));
        self.threads.push(std::thread::spawn(move || {
            while !region.stop.load(Ordering::Acquire) {
                region.wake(region.side.answer_probe(slot));
                std::thread::sleep(Duration::from_millis(2));
            }
        }));
    }

    pub fn register(&mut self, name: &str, routes: &[(&str, &str)]) {
        let routes = routes.iter().map(|(method, pattern)| Route::new(method, pattern)).collect();
        self.register_with(Register::new(0, name, routes));
    }

    pub fn register_with(&mut self, register: Register) {
        let (id, name) = (register.id, register.name.clone());
        self.link.send(&WorkerMessage::Register(register));
        let answer = self.link.receive();
        assert_eq!(answer, HubMessage::Registered(Registered::new(id, name)));
    }

    /// Starts threads that hand every request to `handler`.
    pub fn serve(&mut self, threads: usize, handler: impl Fn(Request) + Send + Sync + 'static) {
        let handler = Arc::new(handler);
        for _ in 0..threads {
            let (region, handler) = (self.region.clone(), handler.clone());
            self.threads.push(std::thread::spawn(move || {
                while let Some(request) = Request::next(&region) {
                    handler(request);
                }
            }));
        }
    }

    /// Connects, registers and serves.
    pub fn start(
        path: &Path,
        name: &str,
        routes: &[(&str, &str)],
        handler: impl Fn(Request) + Send + Sync + 'static,
    ) -> Worker {
        let mut worker = Worker::connect(path);
        worker.register(name, routes);
        worker.serve(2, handler);
        worker
    }

    /// Claims a request on this thread.
    pub fn next(&self) -> Request {
        Request::next(&self.region).expect("nothing came")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.link.stream.shutdown(std::net::Shutdown::Both);
        self.region.stop.store(true, Ordering::Release);
        self.region.side.wake_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Region {
    fn wake(&self, wake: HubWake) {
        if wake.needed() {
            self.hub.ring();
        }
    }
}

impl Request {
    fn next(region: &Arc<Region>) -> Option<Request> {
        let mut spin = Spin::new(0);
        let start = std::time::Instant::now();
        loop {
            if let Some(claim) = region.side.claim() {
                return Some(Request::read(region.clone(), claim));
            }
            if region.stop.load(Ordering::Acquire) || start.elapsed() > WATCHDOG * 2 {
                return None;
            }
            let stop = || region.stop.load(Ordering::Acquire);
            let _ = region.side.wait(&mut spin, Some(Duration::from_millis(500)), stop);
        }
    }

    fn read(region: Arc<Region>, claim: Claim) -> Request {
        let bytes = region.side.request_head(&claim).to_vec();
        let head = RequestHead::parse(&bytes).unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Request {
            method: head.method().to_owned(),
            path: text(head.path()),
            query: head.query().map(text),
            route: head.route().to_owned(),
            registration: head.registration(),
            route_index: head.route_index(),
            params: head.params().map(|(name, value)| (text(name), value.to_vec())).collect(),
            headers: head.headers().map(|(name, value)| (text(name), value.to_vec())).collect(),
            content_length: head.content_length(),
            deadline_ns: head.deadline_ns(),
            http_version: head.http_version(),
            peer: head.peer(),
            trace: head.trace(),
            claim: Some(claim),
            region,
        }
    }

    fn claim(&self) -> &Claim {
        self.claim.as_ref().unwrap()
    }

    pub fn cancelled(&self) -> bool {
        self.region.side.cancelled(self.claim())
    }

    /// Reads what comes next of the body; empty with the end.
    pub fn read_some(&self) -> (Vec<u8>, End) {
        let mut bytes = vec![0; 16 << 10];
        loop {
            let (count, end, wake) = self.region.side.read_request(self.claim(), &mut bytes);
            self.region.wake(wake);
            if count > 0 || end != End::Open {
                bytes.truncate(count);
                return (bytes, end);
            }
            assert!(self.region.side.park_request(self.claim(), Some(WATCHDOG)), "no body came");
        }
    }

    /// Reads all of the body.
    pub fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let (bytes, end) = self.read_some();
            body.extend(bytes);
            match end {
                End::Open => {}
                End::Finished => return body,
                End::Aborted => panic!("the body broke off"),
            }
        }
    }

    pub fn head(&self, status: u16, length: Option<u64>, headers: &[(&str, &[u8])]) {
        self.region
            .side
            .encode_head(self.claim(), status, length, |encoder| {
                for (name, value) in headers {
                    encoder.header(name.as_bytes(), value)?;
                }
                Ok(())
            })
            .unwrap();
    }

    pub fn announce(&self) {
        self.region.wake(self.region.side.announce(self.claim()));
    }

    /// Writes all of `bytes`, waiting for room. `false`: cancelled.
    pub fn write(&self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            if self.cancelled() {
                return false;
            }
            let count = self.region.side.write_response(self.claim(), bytes);
            bytes = &bytes[count..];
            self.announce();
            if count == 0 {
                assert!(
                    self.region.side.park_response(self.claim(), Some(WATCHDOG)),
                    "no room came"
                );
            }
        }
        true
    }

    /// Sends the body back while it comes.
    pub fn stream_back(self) {
        self.head(200, None, &[]);
        self.announce();
        loop {
            let (bytes, end) = self.read_some();
            assert!(self.write(&bytes));
            if end != End::Open {
                break;
            }
        }
        self.finish();
    }

    pub fn finish(mut self) {
        let claim = self.claim.take().unwrap();
        self.region.wake(self.region.side.finish(claim));
    }

    pub fn abort(mut self) {
        let claim = self.claim.take().unwrap();
        self.region.wake(self.region.side.abort(claim));
    }

    /// The whole answer at once; the body has to fit the ring.
    pub fn answer(self, status: u16, headers: &[(&str, &[u8])], body: &[u8]) {
        self.head(status, Some(body.len() as u64), headers);
        assert_eq!(self.region.side.write_response(self.claim(), body), body.len());
        self.finish();
    }

    /// Waits until the exchange is cancelled.
    pub fn wait_cancelled(&self) {
        while !self.cancelled() {
            assert!(
                self.region.side.park_cancel(self.claim(), Some(WATCHDOG)),
                "it was not cancelled"
            );
        }
    }
}
