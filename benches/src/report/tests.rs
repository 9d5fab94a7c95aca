//! Goal: scripts and people read the same figures, and a part's run loses no other part's.

use serde_json::Value;

use super::{Report, summary, table};
use crate::measure::Sample;

fn report(name: &str, ours: f64) -> Report {
    let mut report = Report::new(3);
    let theirs = [Sample::new(2.0, 9.0); 3];
    report.add(name, "what it is", "us", &[Sample::new(ours, 5.0); 3], "a peer", &theirs);
    report
}

fn read(path: &std::path::Path) -> Vec<Value> {
    serde_json::from_str(&std::fs::read_to_string(path).expect("it was written")).expect("JSON")
}

#[test]
fn a_run_of_one_part_keeps_the_others_figures() {
    let folder = std::env::temp_dir().join(format!("slotway-report-{}", std::process::id()));
    let path = folder.join("summary.json");
    summary::write(&path, &report("one.figure", 1.0).figures, false).expect("written");
    summary::write(&path, &report("other.figure", 3.0).figures, false).expect("written");
    summary::write(&path, &report("one.figure", 4.0).figures, false).expect("written");
    let names: Vec<_> = read(&path).iter().map(|entry| entry["name"].clone()).collect();
    assert_eq!(names, ["other.figure", "one.figure"]);
    assert_eq!(read(&path)[1]["ratio"], 2.0);
    assert_eq!(read(&path)[1]["reference_cpu_us"], 9.0);
    summary::write(&path, &report("one.figure", 4.0).figures, true).expect("written");
    assert_eq!(read(&path).len(), 1, "a whole run leaves nothing old behind");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_figure_alone_has_no_ratio() {
    let mut report = Report::new(1);
    report.add_alone("lone.figure", "alone", "req/s", &[Sample::of(2_500_000.0)]);
    let figure = &report.figures[0];
    assert_eq!(figure.ratio(), None);
    let text = table::text(&report.figures, 1);
    assert!(text.contains("2.50 M/s"), "{text}");
}

#[test]
fn a_goal_that_is_missed_is_shown() {
    let text = table::text(&report("core.awake.64B.vs_cacheline", 7.0).figures, 3);
    assert!(text.contains("3.50×") && text.contains("goal ≤ 3× MISSED"), "{text}");
    let text = table::text(&report("core.awake.64B.vs_cacheline", 5.0).figures, 3);
    assert!(text.contains("goal ≤ 3× met"), "{text}");
}
