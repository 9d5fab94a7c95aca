//! Where people and programs look at the hub: the admin surface, logs and telemetry.

use std::net::SocketAddr;
use std::path::PathBuf;

use tracing_subscriber::EnvFilter;

use super::Faults;

/// The admin surface: `/internal`, `/metrics` and the dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Admin {
    /// Its Unix socket.
    pub socket: AdminSocket,
    /// A TCP address besides, if one is wanted. It asks for the token.
    pub listen: Option<SocketAddr>,
    /// Whether that address may be another than loopback. The token and everything else
    /// then cross the network in clear text.
    pub remote: bool,
    /// The file that holds the bearer token of the TCP address.
    pub token_file: Option<PathBuf>,
}

/// The admin surface's Unix socket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AdminSocket {
    /// `admin.sock` beside the control socket.
    #[default]
    BesideControl,
    /// At this path.
    Path(PathBuf),
    /// None.
    Disabled,
}

/// Logs, on standard error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// What is logged, as in `info,slotway_hub=debug`.
    pub filter: String,
    /// How it is written.
    pub format: LogFormat,
    /// Whether each request gets a line.
    pub access: bool,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// One line for a person.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// OpenTelemetry export, where the hub was built with the feature `otel`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Telemetry {
    /// The collector (OTLP over HTTP), as in `http://127.0.0.1:4318`; none when `None`.
    pub endpoint: Option<String>,
}

impl Default for Log {
    fn default() -> Log {
        Log { filter: "info".to_owned(), format: LogFormat::default(), access: false }
    }
}

impl Log {
    pub(super) fn check(&self, faults: &mut Faults) {
        if let Err(error) = EnvFilter::try_new(&self.filter) {
            faults.add(
                "log.filter",
                format!(
                    "{:?} does not parse: {error}; write it as in \"info,slotway_hub=debug\"",
                    self.filter
                ),
            );
        }
    }
}

impl Admin {
    pub(super) fn check(&self, faults: &mut Faults) {
        if let (Some(address), None) = (self.listen, &self.token_file) {
            faults.add(
                "admin.listen",
                format!(
                    "{address} can be reached by every program of this machine and there is no \
                     token; write admin.token-file = \"FILE\" too, or leave this out"
                ),
            );
        }
        if let Some(address) = self.listen
            && !address.ip().is_loopback()
            && !self.remote
        {
            faults.add(
                "admin.listen",
                format!(
                    "{address} is not loopback, and the token would cross the network in clear \
                     text; write an address of 127.0.0.0/8 or [::1] (`ssh -L` leads there), or \
                     admin.remote = true where the network is trusted"
                ),
            );
        }
        if self.socket == AdminSocket::Path(PathBuf::new()) {
            faults.add("admin.socket", "the path is empty; write one, or \"none\"");
        }
    }
}
