use super::{Load, Request};

const ECHO: Load = Load { request: Request::Echo(4096), connections: 32, seconds: 2 };

#[test]
fn what_the_script_prints_is_read() {
    let text = "Running 2s test\nslotway-bench: 1000 2000000 5000000 0 0 0 0 0 53.000 99.000\n";
    let tally = ECHO.tally(text, 7_000.0).unwrap();
    assert_eq!((tally.per_second, tally.p50_us, tally.p99_us), (500.0, 53.0, 99.0));
    assert_eq!((tally.cpu_us, tally.errors), (7.0, 0));
}

#[test]
fn every_kind_of_error_counts() {
    let text = "slotway-bench: 1000 2000000 5000000 1 2 3 4 5 53.000 99.000\n";
    assert_eq!(ECHO.tally(text, 0.0).unwrap().errors, 15);
}

#[test]
fn answers_that_lack_bytes_are_an_error() {
    let text = "slotway-bench: 1000 2000000 4000000 0 0 0 0 0 53.000 99.000\n";
    assert_eq!(ECHO.tally(text, 0.0).unwrap().errors, 1);
}

#[test]
fn no_figures_are_no_tally() {
    assert!(ECHO.tally("Running 2s test\n", 0.0).is_none());
    assert!(ECHO.tally("slotway-bench: 1000 2000000\n", 0.0).is_none());
}
