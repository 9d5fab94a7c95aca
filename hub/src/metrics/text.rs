//! The text in which programs are told: Prometheus's format 0.0.4, or OpenMetrics 1.0 for
//! those that ask for it.

use std::fmt::{Display, Write};

use super::histogram::Distribution;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Prometheus,
    OpenMetrics,
}

impl Format {
    /// The one that a client accepts.
    pub(crate) fn accepted(accept: Option<&str>) -> Format {
        match accept {
            Some(accept) if accept.contains("application/openmetrics-text") => Format::OpenMetrics,
            _ => Format::Prometheus,
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Format::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// Labels of one sample.
pub(super) type Labels<'a> = &'a [(&'a str, &'a str)];

/// A text that is being written.
#[derive(Debug)]
pub(super) struct Text {
    out: String,
    format: Format,
}

/// A family of samples that share a name.
#[derive(Debug)]
pub(super) struct Family<'t> {
    text: &'t mut Text,
    name: &'t str,
    suffix: &'static str,
}

impl Text {
    pub(super) fn new(format: Format) -> Text {
        Text { out: String::new(), format }
    }

    /// Something that only grows. `name` comes without `_total`.
    pub(super) fn counter<'t>(&'t mut self, name: &'t str, help: &str) -> Family<'t> {
        match self.format {
            Format::Prometheus => self.head(&format!("{name}_total"), "counter", help),
            Format::OpenMetrics => self.head(name, "counter", help),
        }
        Family { text: self, name, suffix: "_total" }
    }

    /// Something that goes up and down.
    pub(super) fn gauge<'t>(&'t mut self, name: &'t str, help: &str) -> Family<'t> {
        self.head(name, "gauge", help);
        Family { text: self, name, suffix: "" }
    }

    /// A distribution.
    pub(super) fn histogram<'t>(&'t mut self, name: &'t str, help: &str) -> Family<'t> {
        self.head(name, "histogram", help);
        Family { text: self, name, suffix: "" }
    }

    pub(super) fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.out.push_str("# EOF\n");
        }
        self.out
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string does not fail.
        let _ = write!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(
        &mut self,
        name: &str,
        suffix: &str,
        labels: Labels<'_>,
        le: &str,
        value: impl Display,
    ) {
        self.out.push_str(name);
        self.out.push_str(suffix);
        let le = (!le.is_empty()).then_some(("le", le));
        let mut open = '{';
        for (name, value) in labels.iter().copied().chain(le) {
            self.out.push(open);
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape(value, &mut self.out);
            self.out.push('"');
            open = ',';
        }
        if open == ',' {
            self.out.push('}');
        }
        let _ = writeln!(self.out, " {value}");
    }
}

impl Family<'_> {
    /// One sample.
    pub(super) fn sample(&mut self, labels: Labels<'_>, value: impl Display) -> &mut Self {
        self.text.sample(self.name, self.suffix, labels, "", value);
        self
    }

    /// One distribution's samples.
    pub(super) fn distribution(&mut self, labels: Labels<'_>, times: &Distribution) {
        for (bound, count) in times.cumulative() {
            // OpenMetrics wants whole numbers written as in `1.0`.
            self.text.sample(self.name, "_bucket", labels, &format!("{bound:?}"), count);
        }
        let count = times.count();
        self.text.sample(self.name, "_bucket", labels, "+Inf", count);
        self.text.sample(self.name, "_sum", labels, "", times.sum().as_secs_f64());
        self.text.sample(self.name, "_count", labels, "", count);
    }
}

fn escape(value: &str, out: &mut String) {
    for character in value.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests;
