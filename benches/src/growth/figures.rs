//! From curves to figures.

use super::dimension::Dimension;
use super::{Curve, Point};
use crate::measure::Sample;
use crate::report::Report;

/// The figures of one dimension: each size beside the smallest.
pub(super) fn add(report: &mut Report, curve: &Curve) {
    let [first, others @ ..] = curve.points.as_slice() else { return };
    let (name, what) = (curve.dimension.name(), curve.dimension.what());
    let beside = format!("{} {what}", first.size);
    for point in others {
        let size = point.size;
        let mut add = |end: &str,
                       quantity: &str,
                       unit: &str,
                       ours: &[Sample],
                       theirs: &[Sample]| {
            let name = format!("growth.{name}.{size}.{end}");
            report.add(&name, &format!("{size} {what}, {quantity}"), unit, ours, &beside, theirs);
        };
        add("cpu", "CPU/request", "us", &point.cpu_us, &first.cpu_us);
        add("p50", "p50", "us", &point.p50_us, &first.p50_us);
        let resident = |point: &Point| [Sample::of(point.resident_kib)];
        add("rss", "hub's memory", "KiB", &resident(point), &resident(first));
    }
    if let Some(last) = others.last() {
        each(report, curve.dimension, first, last);
    }
}

/// What one more costs the hub while it does nothing.
fn each(report: &mut Report, dimension: Dimension, first: &Point, last: &Point) {
    let more = (last.size - first.size) as f64;
    let kib = [Sample::of((last.resident_kib - first.resident_kib) / more)];
    let threads = [Sample::of((last.threads - first.threads) / more)];
    match dimension {
        Dimension::Workers => {
            report.add_alone("growth.idle_worker.kib", "an idle worker, hub's memory", "KiB", &kib);
            let what = "an idle worker, hub's threads";
            report.add_alone("growth.idle_worker.threads", what, "threads", &threads);
        }
        Dimension::Slots => {
            report.add_alone("growth.slot.kib", "an unused slot, hub's memory", "KiB", &kib);
        }
        Dimension::Routes => {
            report.add_alone("growth.route.kib", "a route, hub's memory", "KiB", &kib);
        }
        Dimension::Connections => {
            let what = "an idle connection, hub's memory";
            report.add_alone("growth.idle_connection.kib", what, "KiB", &kib);
        }
    }
}
