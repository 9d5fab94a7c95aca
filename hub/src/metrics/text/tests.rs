use super::*;
use crate::metrics::histogram::Histogram;

#[test]
fn a_counter_is_named_as_each_format_wants_it() {
    let written = |format| {
        let mut text = Text::new(format);
        text.counter("wakes", "Wake-ups.").sample(&[("by", "futex")], 3);
        text.finish()
    };
    assert_eq!(
        written(Format::Prometheus),
        "# HELP wakes_total Wake-ups.\n# TYPE wakes_total counter\nwakes_total{by=\"futex\"} 3\n"
    );
    assert_eq!(
        written(Format::OpenMetrics),
        "# HELP wakes Wake-ups.\n# TYPE wakes counter\nwakes_total{by=\"futex\"} 3\n# EOF\n"
    );
}

#[test]
fn a_label_cannot_break_out_of_its_quotes() {
    let mut text = Text::new(Format::Prometheus);
    text.gauge("g", "G.").sample(&[("a", "\"}\n\\ é")], 1).sample(&[], 0.5);
    let text = text.finish();
    assert!(text.ends_with("g{a=\"\\\"}\\n\\\\ é\"} 1\ng 0.5\n"), "{text}");
}

#[test]
fn a_distribution_ends_with_everything() {
    let histogram = Histogram::default();
    histogram.record(1_000_000);
    histogram.record(u64::MAX / 4);
    let mut times = Distribution::default();
    times.add(&histogram);
    let mut text = Text::new(Format::Prometheus);
    text.histogram("h", "H.").distribution(&[("name", "x")], &times);
    let text = text.finish();
    assert!(text.contains("h_bucket{name=\"x\",le=\"0.0005\"} 0\n"), "{text}");
    assert!(text.contains("h_bucket{name=\"x\",le=\"0.001\"} 1\n"), "{text}");
    assert!(text.contains("h_bucket{name=\"x\",le=\"50.0\"} 1\n"), "{text}");
    assert!(text.contains("h_bucket{name=\"x\",le=\"+Inf\"} 2\n"), "{text}");
    assert!(text.contains("h_count{name=\"x\"} 2\n"), "{text}");
}

#[test]
fn a_client_gets_the_format_that_it_asks_for() {
    assert_eq!(Format::accepted(None), Format::Prometheus);
    assert_eq!(Format::accepted(Some("text/plain")), Format::Prometheus);
    let scraper = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    assert_eq!(Format::accepted(Some(scraper)), Format::OpenMetrics);
}
