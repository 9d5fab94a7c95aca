//! The control socket, the region and its pump.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use slotway_core::control::{
    Decoder, FEATURE_EVENTS, FEATURE_PROBE, Hello, HubMessage, Notice, RefusalCode, Refused,
    RegionInfo, Register, Registered, Welcome, WorkerMessage, encode,
};
use slotway_core::hub::{HubSide, Lease, Progress, Ticket};
use slotway_core::map::{Doorbell, Mapping, send};
use slotway_core::{LAYOUT_MAJOR, LAYOUT_MINOR, RegionSpec};

use super::WATCHDOG;

/// A listening control socket.
pub struct FakeHub {
    directory: PathBuf,
    listener: UnixListener,
    pub spec: RegionSpec,
    pub protocol: u32,
}

impl FakeHub {
    pub fn new() -> FakeHub {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("slotway-test-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).expect("a directory for the socket");
        let listener = UnixListener::bind(directory.join("hub.sock")).expect("binding");
        let spec = RegionSpec { slots: 16, ..RegionSpec::default() };
        FakeHub { directory, listener, spec, protocol: 1 }
    }

    pub fn path(&self) -> PathBuf {
        self.directory.join("hub.sock")
    }

    /// The next connection, before anything is said.
    pub fn accept_raw(&self) -> Link {
        let mut fds = [PollFd::from_borrowed_fd(self.listener.as_fd(), PollFlags::IN)];
        let ready = poll(&mut fds, Some(&timespec(WATCHDOG))).expect("polling");
        assert!(ready > 0, "no worker came");
        let (socket, _) = self.listener.accept().expect("accepting");
        socket.set_read_timeout(Some(WATCHDOG)).expect("a watchdog");
        Link { socket, decoder: Decoder::new() }
    }

    /// The next worker, welcomed, its `count` registrations accepted.
    pub fn accept(&self, count: usize) -> HubSession {
        let (session, refused) = self.accept_with(count, |_| None);
        assert!(!refused);
        session
    }

    /// The next worker; `judge` may refuse registrations.
    pub fn accept_with(
        &self,
        count: usize,
        judge: impl Fn(&Register) -> Option<(RefusalCode, &'static str)>,
    ) -> (HubSession, bool) {
        let mut link = self.accept_raw();
        let hello = link.hello();
        let session = self.welcome(link, &hello);
        let mut refused = false;
        for _ in 0..count {
            let message = session.link().read();
            let WorkerMessage::Register(register) = message else {
                panic!("{message:?} instead of a registration");
            };
            let answer = match judge(&register) {
                None => HubMessage::Registered(Registered::new(register.id, &*register.name)),
                Some((code, reason)) => {
                    refused = true;
                    let id = Some(register.id);
                    HubMessage::Refused(Refused {
                        id,
                        subscription: None,
                        code,
                        reason: reason.to_owned(),
                    })
                }
            };
            session.link().write(&answer);
            session.shared.registers.lock().expect("whole").push(register);
        }
        (session.start(), refused)
    }

    pub fn welcome(&self, mut link: Link, hello: &Hello) -> HubSession {
        let mut spec = hello.region.unwrap_or_default().or(self.spec);
        assert_eq!(hello.features, [FEATURE_PROBE, FEATURE_EVENTS]);
        spec.slots += 1;
        let mapping = Arc::new(Mapping::create(spec).expect("a region"));
        for slot in 0..spec.slots {
            mapping.reserve_slot(slot).expect("memory");
        }
        let (hub_bell, worker_bell) = (bell(), bell());
        let welcome = HubMessage::Welcome(Welcome {
            protocol: self.protocol,
            hub: "test/0".to_owned(),
            pid: std::process::id(),
            features: Vec::new(),
            region: RegionInfo {
                layout_major: LAYOUT_MAJOR,
                layout_minor: LAYOUT_MINOR,
                length: mapping.length(),
                slots: spec.slots,
                head_bytes: spec.head_bytes,
                request_bytes: spec.request_bytes,
                response_bytes: spec.response_bytes,
                probe_slot: Some(spec.slots - 1),
                outbox_bytes: None,
                inbox_bytes: None,
            },
        });
        let frame = encode(&welcome).expect("encoding");
        let fds = [mapping.fd(), hub_bell.as_fd(), worker_bell.as_fd()];
        let sent = send(&link.socket, &frame, &fds).expect("sending");
        link.socket.write_all(&frame[sent..]).expect("sending the rest");
        let leases = (0..spec.slots).map(|_| Lease::default()).collect();
        let shared = Arc::new(Shared {
            side: HubSide::with_probe(mapping, leases),
            hub_bell,
            worker_bell,
            registers: Mutex::default(),
            moved: Mutex::default(),
            changed: Condvar::new(),
            in_flight: AtomicUsize::new(0),
            drains: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            mute: AtomicBool::new(false),
        });
        HubSession { link: Mutex::new(link), shared, threads: Vec::new() }
    }
}

impl Drop for FakeHub {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn bell() -> Doorbell {
    Doorbell::new().expect("an eventfd")
}

pub fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs() as i64, tv_nsec: duration.subsec_nanos().into() }
}

/// The hub's end of a control socket.
pub struct Link {
    pub socket: UnixStream,
    decoder: Decoder,
}

impl Link {
    pub fn write(&mut self, message: &HubMessage) {
        let frame = encode(message).expect("encoding");
        self.socket.write_all(&frame).expect("the worker is there");
    }

    pub fn read(&mut self) -> WorkerMessage {
        self.try_read().expect("the worker has more to say")
    }

    /// `None`: the worker has closed.
    pub fn try_read(&mut self) -> Option<WorkerMessage> {
        loop {
            if let Some(message) = self.decoder.message().expect("well-formed") {
                return Some(message);
            }
            let mut buffer = [0; 4096];
            match self.socket.read(&mut buffer) {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.decoder.feed(&buffer[..count]),
            }
        }
    }

    pub fn hello(&mut self) -> Hello {
        match self.read() {
            WorkerMessage::Hello(hello) => hello,
            other => panic!("{other:?} instead of hello"),
        }
    }

    pub fn refuse(&mut self, code: RefusalCode, reason: &str) {
        let refused = Refused { id: None, subscription: None, code, reason: reason.to_owned() };
        self.write(&HubMessage::Refused(refused));
    }
}

/// What the threads of a session share.
pub struct Shared {
    pub side: HubSide<Arc<Mapping>, Box<[Lease]>>,
    hub_bell: Doorbell,
    pub worker_bell: Doorbell,
    pub registers: Mutex<Vec<Register>>,
    moved: Mutex<u64>,
    changed: Condvar,
    pub in_flight: AtomicUsize,
    pub drains: AtomicUsize,
    stopped: AtomicBool,
    /// Says nothing more on the control socket.
    pub mute: AtomicBool,
}

/// A worker's connection. Dropping it is what `kill -9` of a hub is to its workers.
pub struct HubSession {
    link: Mutex<Link>,
    pub shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl HubSession {
    fn link(&self) -> std::sync::MutexGuard<'_, Link> {
        self.link.lock().expect("whole")
    }

    pub fn say(&self, message: &HubMessage) {
        let frame = encode(message).expect("encoding");
        let mut socket = self.link().socket.try_clone().expect("a descriptor");
        socket.write_all(&frame).expect("the worker is there");
    }

    /// Asks whether the worker is there; gives what tells.
    pub fn probe(&self) -> Probe<'_> {
        let asked = self.shared.side.probe().expect("a correct worker");
        let (ticket, rung) = asked.expect("the last probe was answered");
        assert!(rung.doorbell());
        self.shared.worker_bell.ring();
        Probe { shared: &self.shared, ticket }
    }

    pub fn say_drain(&self) {
        self.say(&HubMessage::Drain(Notice { reason: "test".to_owned() }));
    }

    fn start(mut self) -> HubSession {
        let socket = self.link().socket.try_clone().expect("a descriptor");
        let shared = self.shared.clone();
        let decoder = std::mem::take(&mut self.link().decoder);
        self.threads.push(thread::spawn(move || converse(Link { socket, decoder }, &shared)));
        let shared = self.shared.clone();
        self.threads.push(thread::spawn(move || pump(&shared)));
        self
    }
}

/// A probe that is out.
pub struct Probe<'s> {
    shared: &'s Shared,
    ticket: Ticket,
}

impl Probe<'_> {
    pub fn is_answered(&self) -> bool {
        let progress = self.shared.side.progress(&self.ticket).expect("a correct worker");
        progress == Progress::Done { head_length: 0 }
    }

    /// Waits for the answer.
    pub fn wait(self) {
        loop {
            let seen = self.shared.moved();
            if self.is_answered() {
                break;
            }
            self.shared.wait(seen);
        }
        self.shared.side.release(self.ticket).expect("it is done");
    }
}

impl Drop for HubSession {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.shared.hub_bell.ring();
        self.shared.touch();
        let _ = self.link().socket.shutdown(std::net::Shutdown::Both);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        self.shared.touch();
    }
}

impl Shared {
    pub fn touch(&self) {
        *self.moved.lock().expect("whole") += 1;
        self.changed.notify_all();
    }

    pub fn moved(&self) -> u64 {
        *self.moved.lock().expect("whole")
    }

    /// Waits until something moved since `seen`.
    pub fn wait(&self, seen: u64) {
        let guard = self.moved.lock().expect("whole");
        let (guard, timeout) =
            self.changed.wait_timeout_while(guard, WATCHDOG, |now| *now == seen).expect("whole");
        drop(guard);
        assert!(!timeout.timed_out(), "the worker does not move");
    }

    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }
}

/// Answers drains, heartbeats, and what comes to be registered and withdrawn.
fn converse(mut link: Link, shared: &Shared) {
    let _ = link.socket.set_read_timeout(None);
    while let Some(message) = link.try_read() {
        if shared.mute.load(Ordering::SeqCst) {
            continue;
        }
        match message {
            WorkerMessage::Heartbeat { seq } => link.write(&HubMessage::Heartbeat { seq }),
            WorkerMessage::Register(register) => {
                let registered = Registered::new(register.id, &*register.name);
                shared.registers.lock().expect("whole").push(register);
                link.write(&HubMessage::Registered(registered));
            }
            WorkerMessage::Unregister(unregister) => {
                let gone = Registered::new(unregister.id, "withdrawn");
                link.write(&HubMessage::Unregistered(gone));
            }
            WorkerMessage::Drain(_) => {
                shared.drains.fetch_add(1, Ordering::SeqCst);
                loop {
                    let seen = shared.moved();
                    if shared.is_stopped() {
                        return;
                    }
                    if shared.in_flight.load(Ordering::SeqCst) == 0 {
                        break;
                    }
                    shared.wait(seen);
                }
                let frame = encode(&HubMessage::Drained).expect("encoding");
                let _ = link.socket.write_all(&frame);
            }
            other => panic!("{other:?} at this time"),
        }
    }
    shared.touch();
}

/// Hears the workers' attention and passes it on to whoever waits.
fn pump(shared: &Shared) {
    while !shared.is_stopped() {
        shared.side.drain_attention(|slot| {
            let _ = shared.side.reap(slot).expect("a correct worker");
        });
        shared.touch();
        if shared.side.prepare_sleep() {
            let mut fds = [PollFd::from_borrowed_fd(shared.hub_bell.as_fd(), PollFlags::IN)];
            let _ = poll(&mut fds, None);
            shared.hub_bell.drain();
        }
    }
}
