//! W3C Trace Context: which trace a request belongs to.
//!
//! A `traceparent` that can be read is passed on as it came, `tracestate` and all, while
//! the hub records no span of its own: nothing could be a child of one, and that is what
//! the specification wants of such a hop (section 3.4, "unmodified header propagation").
//! Where it records one, the worker is told of that as its parent.
//! One that cannot be read, or is not there, begins a new trace, which is not sampled;
//! then a `tracestate` belongs to nothing and stays here (section 3.5).

use http::header::{HeaderMap, HeaderName};
use slotway_core::head::TraceContext;

use super::request_id::{RequestId, hex};
use crate::chance::chance;
use crate::telemetry::SpanIds;

pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
pub(super) const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");
/// Bytes of a `traceparent` of version 00.
const TEXT_BYTES: usize = 55;

/// The flag of a trace that is recorded.
const SAMPLED: u8 = 1;

/// The trace of one request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trace {
    pub(super) context: TraceContext,
    /// Begun here, so that the headers that came are not of it.
    pub(super) begun: bool,
    /// The parent is the hub's own span, so that the `traceparent` that came is not it.
    pub(super) spans: bool,
}

impl Trace {
    /// The trace that a request brings, or a new one. A new trace is called what the
    /// request is called, if the hub has called it: one number finds both.
    pub(super) fn of(headers: &HeaderMap, id: &RequestId) -> Trace {
        if let Some(context) = Trace::read(headers) {
            return Trace { context, begun: false, spans: false };
        }
        let trace_id = id.made().unwrap_or_else(crate::chance::chance_bytes);
        // All zeros is no id; one in 2^64 is made one.
        let parent_id = chance().max(1).to_be_bytes();
        let trace_id = if trace_id == [0; 16] { [1; 16] } else { trace_id };
        Trace { context: TraceContext { trace_id, parent_id, flags: 0 }, begun: true, spans: false }
    }

    /// Reads `traceparent`; what does not parse, or comes twice, counts as absent.
    pub(super) fn read(headers: &HeaderMap) -> Option<TraceContext> {
        let mut values = headers.get_all(TRACEPARENT).iter();
        let value = values.next()?.as_bytes();
        if values.next().is_some() { None } else { parse(value) }
    }

    /// Begins a span of the hub's own, if the trace is recorded; one that begins here is.
    pub(super) fn begin_span(&mut self) -> Option<SpanIds> {
        let context = &mut self.context;
        let parent_id = (!self.begun).then_some(context.parent_id);
        if self.begun {
            context.flags |= SAMPLED;
        } else if context.flags & SAMPLED == 0 {
            return None;
        } else {
            context.parent_id = chance().max(1).to_be_bytes();
        }
        self.spans = true;
        Some(SpanIds { trace_id: context.trace_id, span_id: context.parent_id, parent_id })
    }

    /// Whether the worker is told of it in a header that did not come.
    pub(super) fn is_ours(&self) -> bool {
        self.begun || self.spans
    }

    /// Whether a header that came is not it.
    pub(super) fn replaces(&self, name: &HeaderName) -> bool {
        (self.is_ours() && *name == TRACEPARENT) || (self.begun && *name == TRACESTATE)
    }

    /// The header, where what came is not it.
    pub(super) fn text(&self) -> [u8; TEXT_BYTES] {
        let TraceContext { trace_id, parent_id, flags } = &self.context;
        let mut text = [b'-'; TEXT_BYTES];
        text[..2].copy_from_slice(b"00");
        text[3..35].copy_from_slice(&hex::<16, 32>(trace_id));
        text[36..52].copy_from_slice(&hex::<8, 16>(parent_id));
        text[53..].copy_from_slice(&hex::<1, 2>(&[*flags]));
        text
    }
}

fn parse(value: &[u8]) -> Option<TraceContext> {
    let (parts, more) = value.split_at_checked(TEXT_BYTES)?;
    // Version 00 has nothing more; a later one may, after a dash.
    let version = unhex::<1>(&parts[..2])?[0];
    if version == 0xff || !(more.is_empty() || (version > 0 && more[0] == b'-')) {
        return None;
    }
    if parts[2] != b'-' || parts[35] != b'-' || parts[52] != b'-' {
        return None;
    }
    let trace_id = unhex::<16>(&parts[3..35])?;
    let parent_id = unhex::<8>(&parts[36..52])?;
    let [flags] = unhex::<1>(&parts[53..55])?;
    (trace_id != [0; 16] && parent_id != [0; 8]).then_some(TraceContext {
        trace_id,
        parent_id,
        flags,
    })
}

/// Lower-case hexadecimal, as the specification wants it.
fn unhex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
