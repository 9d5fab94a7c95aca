//! `slotway hub`.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use slotway_core::RegionSpec;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

use super::log;
use super::value;
use crate::config::{
    Address, Admin, AdminSocket, Config, Control, Health, Limits, Listen, Log, LogFormat, Times,
    Workers,
};
use crate::{Hub, HubError};

/// The flags of `slotway hub`.
#[derive(Debug, Args)]
pub(super) struct HubArgs {
    /// Address to serve HTTP on; port 0 takes a free one.
    #[arg(long, env = "SLOTWAY_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// Control socket that workers connect to [default: $XDG_RUNTIME_DIR/slotway/hub.sock,
    /// else /tmp/slotway-$UID/hub.sock].
    #[arg(long, visible_alias = "socket", env = "SLOTWAY_HUB", value_name = "PATH")]
    control: Option<PathBuf>,

    /// Unix socket of the admin surface, or `none` [default: admin.sock beside the control
    /// socket].
    #[arg(long, env = "SLOTWAY_ADMIN", value_name = "PATH")]
    admin: Option<PathBuf>,

    /// File to write the ready line to once the hub listens.
    #[arg(long, env = "SLOTWAY_READY_FILE", value_name = "PATH")]
    ready_file: Option<PathBuf>,

    /// Name without which /health is not ok; may be repeated.
    #[arg(long, env = "SLOTWAY_REQUIRE", value_name = "NAME", value_delimiter = ',')]
    require: Vec<String>,

    /// User id, besides the hub's own, whose workers are let in; may be repeated.
    #[arg(long, env = "SLOTWAY_ALLOW_UID", value_name = "UID", value_delimiter = ',')]
    allow_uid: Vec<u32>,

    /// Longest wait for a free slot, then 503.
    #[arg(long, env = "SLOTWAY_WAIT_TIMEOUT", value_name = "TIME", default_value = "10s",
          value_parser = value::duration)]
    wait_timeout: Duration,

    /// Longest time until a response's head is there, then 504.
    #[arg(long, env = "SLOTWAY_REQUEST_TIMEOUT", value_name = "TIME", default_value = "30s",
          value_parser = value::duration)]
    request_timeout: Duration,

    /// Longest rest between two chunks of a body, and of a client that reads no more.
    #[arg(long, env = "SLOTWAY_IDLE_TIMEOUT", value_name = "TIME", default_value = "60s",
          value_parser = value::duration)]
    idle_timeout: Duration,

    /// Longest time for a request's head to arrive, and of rest between two requests.
    #[arg(long, env = "SLOTWAY_HEADER_READ_TIMEOUT", value_name = "TIME", default_value = "30s",
          value_parser = value::duration)]
    header_read_timeout: Duration,

    /// How long a shutdown waits for requests in flight.
    #[arg(long, env = "SLOTWAY_GRACE", value_name = "TIME", default_value = "10s",
          value_parser = value::duration)]
    grace: Duration,

    /// Connections of clients at a time; further ones wait to be accepted.
    #[arg(long, env = "SLOTWAY_CONNECTIONS", value_name = "N", default_value_t = 16_384)]
    connections: usize,

    /// Requests of one name that may wait for a slot.
    #[arg(long, env = "SLOTWAY_WAITERS", value_name = "N", default_value_t = 1024)]
    waiters: usize,

    /// Workers connected at a time.
    #[arg(long, env = "SLOTWAY_WORKERS", value_name = "N", default_value_t = 1024)]
    workers: usize,

    /// Bytes of a request's head, then 431.
    #[arg(long, env = "SLOTWAY_HEAD_BYTES", value_name = "SIZE", default_value = "64K",
          value_parser = value::bytes_usize)]
    head_bytes: usize,

    /// Bytes of one response read ahead of its client.
    #[arg(long, env = "SLOTWAY_SPOOL", value_name = "SIZE", default_value = "256K",
          value_parser = value::bytes_usize)]
    spool: usize,

    /// Bytes of all responses together read ahead of their clients.
    #[arg(long, env = "SLOTWAY_SPOOL_TOTAL", value_name = "SIZE", default_value = "64M",
          value_parser = value::bytes_usize)]
    spool_total: usize,

    /// Slots of a region where the worker asks for no number.
    #[arg(long, env = "SLOTWAY_SLOTS", value_name = "N")]
    slots: Option<u32>,

    /// Bytes of a slot's request ring where the worker asks for none; a power of two.
    #[arg(long, env = "SLOTWAY_REQUEST_RING", value_name = "SIZE",
          value_parser = value::bytes_u32)]
    request_ring: Option<u32>,

    /// Bytes of a slot's response ring where the worker asks for none; a power of two.
    #[arg(long, env = "SLOTWAY_RESPONSE_RING", value_name = "SIZE",
          value_parser = value::bytes_u32)]
    response_ring: Option<u32>,

    /// Bytes of one region at most, whatever a worker asks for.
    #[arg(long, env = "SLOTWAY_REGION_MAX", value_name = "SIZE", default_value = "4G",
          value_parser = value::bytes)]
    region_max: u64,

    /// Threads that serve HTTP [default: one for each core].
    #[arg(long, env = "SLOTWAY_THREADS", value_name = "N")]
    threads: Option<usize>,

    /// What to log: `info`, `slotway_hub=debug`, ...
    #[arg(long, env = "SLOTWAY_LOG", value_name = "FILTER", default_value = "info")]
    log: String,

    /// How to log.
    #[arg(long, env = "SLOTWAY_LOG_FORMAT", value_enum, default_value = "text")]
    log_format: LogFormat,
}

impl HubArgs {
    pub(super) fn config(&self) -> Config {
        let region = RegionSpec::default();
        Config {
            listen: vec![Listen::plain(Address::Tcp(self.listen))],
            control: Control { path: self.control.clone(), allow_uids: self.allow_uid.clone() },
            admin: Admin {
                socket: match &self.admin {
                    None => AdminSocket::BesideControl,
                    Some(path) if path == Path::new("none") => AdminSocket::Disabled,
                    Some(path) => AdminSocket::Path(path.clone()),
                },
                ..Admin::default()
            },
            health: Health { require: self.require.clone(), ..Health::default() },
            workers: Workers {
                max: self.workers,
                region: RegionSpec {
                    slots: self.slots.unwrap_or(region.slots),
                    request_bytes: self.request_ring.unwrap_or(region.request_bytes),
                    response_bytes: self.response_ring.unwrap_or(region.response_bytes),
                    ..region
                },
                region_bytes_max: self.region_max,
                ..Workers::default()
            },
            times: Times {
                wait: self.wait_timeout,
                request: self.request_timeout,
                idle: self.idle_timeout,
                header_read: self.header_read_timeout,
                grace: self.grace,
                ..Times::default()
            },
            limits: Limits {
                head_bytes: self.head_bytes,
                connections: self.connections,
                waiters: self.waiters,
                spool_bytes: self.spool,
                spool_bytes_total: self.spool_total,
                ..Limits::default()
            },
            log: Log { filter: self.log.clone(), format: self.log_format, ..Log::default() },
            ..Config::default()
        }
    }
}

/// Runs the hub until a signal ends it.
pub(super) fn run(args: HubArgs) -> ExitCode {
    if let Err(message) = log::install(&args.log, args.log_format) {
        let _ = writeln!(io::stderr(), "slotway: {message}");
        return ExitCode::from(2);
    }
    raise_descriptor_limit();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = args.threads {
        builder.worker_threads(threads.max(1));
    }
    let ended = builder
        .enable_all()
        .build()
        .map_err(|source| HubError::Runtime { source })
        .and_then(|runtime| runtime.block_on(serve(&args)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            let _ = writeln!(io::stderr(), "slotway: {problem}");
            ExitCode::from(problem.exit_code())
        }
    }
}

/// Each connection and each worker takes descriptors, and the usual soft limit is there
/// for programs that use select(2). What the hard limit allows may be used.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        // The old limit will do.
        let _ = setrlimit(Resource::Nofile, raised);
    }
}

async fn serve(args: &HubArgs) -> Result<(), HubError> {
    let mut terminate = handler(SignalKind::terminate())?;
    let mut interrupt = handler(SignalKind::interrupt())?;
    // A full file system or a limit on file size must be an error, not a death.
    let _file_size = handler(SignalKind::from_raw(SIGXFSZ))?;

    let hub = Hub::start(args.config()).await?;
    announce(&hub, args.ready_file.as_deref())?;

    let which = either(&mut terminate, &mut interrupt).await;
    info!(signal = which, "shutting down; a second signal ends the hub at once");
    tokio::select! {
        () = hub.shutdown() => Ok(()),
        which = either(&mut terminate, &mut interrupt) => Err(HubError::Interrupted { which }),
    }
}

/// The signal of a write above RLIMIT_FSIZE. tokio knows it by number only.
const SIGXFSZ: i32 = rustix::process::Signal::XFSZ.as_raw();

fn handler(kind: SignalKind) -> Result<Signal, HubError> {
    signal(kind).map_err(|source| HubError::Runtime { source })
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}

/// Says where the hub listens, in one line that scripts can read.
fn announce(hub: &Hub, ready_file: Option<&Path>) -> Result<(), HubError> {
    let line = format!("slotway: listening on http://{}", hub.address());
    // Whoever closed standard output does not want to know.
    let _ = writeln!(io::stdout(), "{line}");
    let Some(path) = ready_file else { return Ok(()) };
    // Written beside and renamed, so that nobody reads half a line.
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    fs::write(&beside, format!("{line}\n"))
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|source| HubError::ReadyFile { path: path.to_owned(), source })
}
