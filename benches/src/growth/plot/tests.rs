use super::super::dimension::Dimension;
use super::{Curve, Point, draw, grouped, round_up, short};
use crate::measure::Sample;

fn point(size: usize, us: f64) -> Point {
    let samples = vec![Sample::of(us)];
    Point { size, p50_us: samples.clone(), cpu_us: samples, resident_kib: 4096.0, threads: 3.0 }
}

#[test]
fn every_dimension_and_quantity_has_a_panel_with_its_units() {
    let curves = Dimension::ALL.map(|dimension| Curve {
        dimension,
        points: dimension.sizes().iter().map(|size| point(*size, 12.5)).collect(),
    });
    let svg = draw(&curves);
    assert_eq!(svg.matches("<polyline").count(), 12);
    for text in ["latency, p50, µs", "CPU a request, µs", "MiB", "10,000", "idle connections"] {
        assert!(svg.contains(text), "{text} is missing");
    }
}

#[test]
fn a_dot_lies_where_its_value_says() {
    let points = vec![point(1, 0.0), point(10, 100.0)];
    let svg = draw(&[Curve { dimension: Dimension::Workers, points }]);
    // The panel of p50 reaches from 66 to 196; its scale from 0 to 100.
    assert!(svg.contains(r#"cx="124.0" cy="196.0""#), "{svg}");
    assert!(svg.contains(r#"cx="224.0" cy="66.0""#), "{svg}");
}

#[test]
fn scales_end_at_round_numbers() {
    assert_eq!(
        [0.9, 1.2, 17.0, 250.0, 820.0, 0.0].map(round_up),
        [1.0, 1.5, 20.0, 300.0, 1e3, 1.0]
    );
    assert_eq!(
        [0.0, 7.5, 22.5, 0.25, 300.0, 12.0].map(short),
        ["0", "7.5", "22.5", "0.25", "300", "12"]
    );
    assert_eq!([7, 999, 1000, 10_000].map(grouped), ["7", "999", "1,000", "10,000"]);
}
