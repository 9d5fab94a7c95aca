//! OpenTelemetry: a span for each request, told to a collector over OTLP/HTTP.
//!
//! Only with the feature `otel`, and only where an endpoint is configured. Without the
//! feature an [`Exporter`] cannot be, and whatever would use one is compiled away.
//!
//! Spans wait in a bounded queue; when it is full, or the collector is away, they are
//! dropped and counted. No request ever waits for a collector.

#[cfg(feature = "otel")]
mod endpoint;
#[cfg(feature = "otel")]
mod export;
#[cfg(not(feature = "otel"))]
mod none;
#[cfg(feature = "otel")]
mod otlp;

use std::time::{Duration, SystemTime};

#[cfg(feature = "otel")]
pub(crate) use export::Exporter;
#[cfg(not(feature = "otel"))]
pub(crate) use none::Exporter;

use crate::metrics::Counter;

/// Which span a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpanIds {
    pub(crate) trace_id: [u8; 16],
    pub(crate) span_id: [u8; 8],
    /// The span of whoever asked, if it said so.
    pub(crate) parent_id: Option<[u8; 8]>,
}

/// A span that has ended.
#[cfg_attr(not(feature = "otel"), expect(dead_code, reason = "nobody is told"))]
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) ids: SpanIds,
    pub(crate) name: String,
    pub(crate) end: SystemTime,
    pub(crate) duration: Duration,
    /// Whether it went wrong on this side of the client.
    pub(crate) failed: bool,
    pub(crate) attributes: Vec<(&'static str, Value)>,
}

/// What an attribute holds.
#[cfg_attr(not(feature = "otel"), expect(dead_code, reason = "nobody is told"))]
#[derive(Debug)]
pub(crate) enum Value {
    Text(String),
    Count(i64),
    Seconds(f64),
    Flag(bool),
}

/// What became of the spans.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// A collector has taken them.
    pub(crate) sent: Counter,
    /// The queue was full.
    pub(crate) dropped: Counter,
    /// No collector took them.
    pub(crate) failed: Counter,
}
