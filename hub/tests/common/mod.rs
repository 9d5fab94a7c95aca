//! A hub in this process, workers on threads, and a client that hides nothing of the wire.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test file uses a part of it")]

pub mod client;
pub mod events;
pub mod h2;
pub mod listener;
pub mod worker;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use slotway_hub::config::{Address, Control, Listen};
use slotway_hub::{Config, Hub};
use tokio::runtime::{Builder, Runtime};

pub use client::{Client, Reply};
pub use events::Source;
pub use listener::{Event, Heard, Listener, Streams, push, push_at, push_to};
pub use worker::{Request, Worker};

/// Everything that could hang ends after this.
pub const WATCHDOG: Duration = Duration::from_secs(20);

/// A running hub in a directory of its own.
pub struct Rig {
    hub: Option<Hub>,
    runtime: Option<Runtime>,
    directory: PathBuf,
    config: Config,
}

impl Rig {
    pub fn new() -> Rig {
        Rig::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Config)) -> Rig {
        Rig::with_threads(change, || {})
    }

    /// A hub each of whose threads begins with `on_thread_start`.
    pub fn with_threads(
        change: impl FnOnce(&mut Config),
        on_thread_start: impl Fn() + Send + Sync + 'static,
    ) -> Rig {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("slotway-hub-test-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir(&directory).unwrap();
        let mut config = Config {
            listen: vec![Listen::plain(Address::Tcp("127.0.0.1:0".parse().unwrap()))],
            control: Control { path: Some(directory.join("hub.sock")), ..Control::default() },
            ..Config::default()
        };
        config.workers.region.slots = 16;
        change(&mut config);
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .on_thread_start(on_thread_start)
            .enable_all()
            .build()
            .unwrap();
        let hub = runtime.block_on(Hub::start(config.clone())).unwrap();
        Rig { hub: Some(hub), runtime: Some(runtime), directory, config }
    }

    pub fn hub(&self) -> &Hub {
        self.hub.as_ref().unwrap()
    }

    /// What the hub was started with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn client(&self) -> Client {
        Client::connect(self.hub().address())
    }

    pub fn control(&self) -> &Path {
        self.hub().control_path()
    }

    /// One request on a connection of its own.
    pub fn get(&self, path: &str) -> Reply {
        self.client().get(path)
    }

    /// What the admin surface says.
    pub fn admin(&self, path: &str) -> serde_json::Value {
        let mut client = Client::unix(self.hub().admin_path().unwrap());
        client.get(path).json()
    }

    /// The sum of slots by state.
    pub fn slots(&self) -> serde_json::Value {
        self.admin("/internal/slots")["total"].clone()
    }

    /// Waits until every slot is free.
    pub fn wait_all_free(&self) {
        wait_until("every slot is free", || {
            let slots = self.slots();
            slots["free"] == slots["slots"]
        });
    }

    pub fn shutdown(mut self) {
        let hub = self.hub.take().unwrap();
        self.runtime.as_ref().unwrap().block_on(hub.shutdown());
    }

    /// Shuts down on another thread.
    pub fn start_shutdown(&mut self) -> std::thread::JoinHandle<()> {
        let hub = self.hub.take().unwrap();
        let handle = self.runtime.as_ref().unwrap().handle().clone();
        std::thread::spawn(move || handle.block_on(hub.shutdown()))
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        drop(self.hub.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Looks again and again until something holds.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < WATCHDOG, "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
