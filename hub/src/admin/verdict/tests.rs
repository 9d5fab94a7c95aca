use super::*;

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A worker that is busy and well.
fn well() -> Look {
    Look {
        standing: Standing::Live,
        slots: 16,
        in_use: 4,
        owed: 4,
        stuck: 0,
        owed_for: Some(Duration::from_millis(2)),
        answered: Some(Duration::from_millis(1)),
        p99: Some(Duration::from_millis(3)),
        answers: 1000.0,
        errors: 0.0,
        waiting: 0,
        misses: 0,
    }
}

#[test]
fn a_worker_that_is_well_is_left_alone() {
    assert_eq!(judge(&well()), (Level::Ok, "4 of 16 slots in use".to_owned()));
    let idle = Look { in_use: 0, owed: 0, owed_for: None, answered: Some(secs(3600)), ..well() };
    assert_eq!(judge(&idle), (Level::Ok, "idle".to_owned()));
}

#[test]
fn a_worker_that_stops_answering_is_sick_soon() {
    let stopped = Look { owed: 16, owed_for: Some(secs(5)), answered: Some(secs(4)), ..well() };
    let (level, say) = judge(&stopped);
    assert_eq!(level, Level::Sick);
    assert_eq!(say, "stopped answering 4 s ago; 16 requests hang");
    let never = Look { answered: None, p99: None, owed: 1, owed_for: Some(secs(6)), ..well() };
    let (level, say) = judge(&never);
    assert_eq!(level, Level::Sick);
    assert_eq!(say, "has answered nothing for 6 s; 1 request hangs");
}

#[test]
fn a_worker_whose_answers_take_long_gets_more_patience() {
    let slow =
        Look { owed_for: Some(secs(8)), answered: Some(secs(60)), p99: Some(secs(4)), ..well() };
    assert_eq!(judge(&slow).0, Level::Ok);
    assert_eq!(judge(&Look { owed_for: Some(secs(21)), ..slow.clone() }).0, Level::Sick);
    // One that is merely full answers all the time.
    let full = Look { in_use: 16, owed: 16, owed_for: Some(secs(8)), waiting: 30, ..well() };
    assert_eq!(judge(&full), (Level::Warn, "full; 30 requests wait for a slot".to_owned()));
}

#[test]
fn a_worker_that_misses_probes_is_sick_though_nobody_asks_it_anything() {
    let quiet = Look { in_use: 0, owed: 0, owed_for: None, misses: 2, ..well() };
    assert_eq!(judge(&quiet), (Level::Sick, "missed 2 probes in a row".to_owned()));
}

#[test]
fn an_eviction_is_bad_news_and_a_goodbye_is_none() {
    assert_eq!(judge_departure(Reason::Unresponsive), Level::Sick);
    assert_eq!(judge_departure(Reason::Exited), Level::Warn);
    for reason in [Reason::Left, Reason::Replaced, Reason::Shutdown] {
        assert_eq!(judge_departure(reason), Level::Ok);
    }
}

#[test]
fn stuck_slots_and_errors_are_told() {
    let some = Look { stuck: 3, ..well() };
    assert_eq!(judge(&some), (Level::Warn, "3 of 16 slots stuck for more than 30 s".to_owned()));
    assert_eq!(judge(&Look { stuck: 12, ..well() }).0, Level::Sick);
    let errors = Look { errors: 800.0, ..well() };
    assert_eq!(judge(&errors), (Level::Warn, "80 % of its answers are errors".to_owned()));
    let leaving = Look { standing: Standing::Draining, in_use: 1, ..well() };
    assert_eq!(judge(&leaving), (Level::Leaving, "draining; 1 request left".to_owned()));
    assert!(Level::Sick < Level::Warn && Level::Warn < Level::Ok, "the worst comes first");
}
