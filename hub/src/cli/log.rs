//! Logs on standard error.

use std::fmt;
use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// The filter of this process's log, which can be set anew.
pub(super) struct LogFilter(Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync>);

impl LogFilter {
    /// Logs what this filter lets through from here on.
    pub(super) fn set(&self, filter: &str) -> Result<(), String> {
        (self.0)(parse(filter)?)
    }
}

impl fmt::Debug for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogFilter")
    }
}

/// Installs the subscriber of this process.
pub(super) fn install(filter: &str, format: LogFormat) -> Result<LogFilter, String> {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(parse(filter)?)
        .with_writer(stderr)
        // It would say so on standard error, and panic when that is what is gone.
        .log_internal_errors(false)
        .with_ansi(stderr().is_terminal());
    let fail = |error| format!("the log cannot be set up: {error}");
    match format {
        LogFormat::Text => {
            let builder = builder.with_filter_reloading();
            let handle = builder.reload_handle();
            builder.try_init().map_err(fail)?;
            Ok(LogFilter(Box::new(move |filter| handle.reload(filter).map_err(|e| e.to_string()))))
        }
        LogFormat::Json => {
            let builder = builder.json().flatten_event(true).with_filter_reloading();
            let handle = builder.reload_handle();
            builder.try_init().map_err(fail)?;
            Ok(LogFilter(Box::new(move |filter| handle.reload(filter).map_err(|e| e.to_string()))))
        }
    }
}

fn parse(filter: &str) -> Result<EnvFilter, String> {
    EnvFilter::try_new(filter)
        .map_err(|error| format!("the log filter {filter:?} does not parse: {error}"))
}
