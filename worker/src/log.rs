//! What the library has to say that no call can give: that the hub is away, for example. For
//! programs whose log is not `tracing`'s, such as those of other languages.

use std::fmt::{self, Write};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{self, Interest};
use tracing::{Event, Metadata, Subscriber};

pub use tracing::Level;

/// Hears the lines.
pub trait Listener: Send + Sync + 'static {
    /// Whether a line of this level is wanted now. It is asked for each, so it may change.
    fn wants(&self, level: &Level) -> bool;

    /// Gets a line without its end, from the thread that has something to say, which may hold
    /// a lock of the library's: nothing is to be called from here that waits for the library.
    fn hear(&self, level: &Level, line: String);
}

/// Has a listener hear what the process has to say from here on. `false`: there is a
/// subscriber of `tracing` already, which is a better place for it.
pub fn listen(listener: impl Listener) -> bool {
    subscriber::set_global_default(Log(listener)).is_ok()
}

struct Log<L>(L);

impl<L: Listener> Subscriber for Log<L> {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && self.0.wants(metadata.level())
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.0.hear(event.metadata().level(), line.text());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// A line: the message, then what belongs to it.
#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name if self.fields.is_empty() => write!(self.fields, "{name}: {value:?}"),
            name => write!(self.fields, ", {name}: {value:?}"),
        };
    }
}

impl Line {
    fn text(self) -> String {
        if self.fields.is_empty() {
            return self.message;
        }
        format!("{} ({})", self.message, self.fields)
    }
}
