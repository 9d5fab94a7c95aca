//! What the event bus holds for those that come back, and what it says about the rest.

use std::thread;
use std::time::Duration;

use slotway_hub::bus::{
    Bus, Delivery, Draft, EVENT_OVERHEAD, Event, HistorySettings, Interest, Missed, Replay, Routed,
    Scope, Settings,
};

fn bus(history: HistorySettings) -> Bus {
    Bus::new(Settings { history, ..Settings::default() })
}

fn publish(bus: &Bus, topic: &str, events: usize) {
    for _ in 0..events {
        bus.publish(Draft::new(topic).kind("")).unwrap();
    }
}

fn numbers(replay: &Replay) -> Vec<u64> {
    replay.events.iter().map(Event::seq).collect()
}

fn look(bus: &Bus, patterns: &[&str], after: u64) -> (Vec<u64>, Missed) {
    let replay = bus.history(patterns, after, None).unwrap();
    (numbers(&replay), replay.missed)
}

/// What is held is given, what is gone is counted exactly, of the topics asked for alone.
#[test]
fn s02_what_is_gone_is_counted_exactly() {
    let bus = bus(HistorySettings { events: 4, ..HistorySettings::default() });
    for _ in 0..10 {
        publish(&bus, "a.1", 1); // odd numbers
        publish(&bus, "b", 1); // even numbers
    }
    assert_eq!(look(&bus, &["a.1"], 0), (vec![13, 15, 17, 19], Missed::Exactly(6)));
    assert_eq!(look(&bus, &["a.1"], 5), (vec![13, 15, 17, 19], Missed::Exactly(3)));
    assert_eq!(look(&bus, &["a.1"], 6), (vec![13, 15, 17, 19], Missed::Exactly(3)));
    assert_eq!(look(&bus, &["a.*"], 11), (vec![13, 15, 17, 19], Missed::Exactly(0)));
    assert_eq!(look(&bus, &["a.*"], 15), (vec![17, 19], Missed::Exactly(0)));
    assert_eq!(look(&bus, &["a.1"], 20), (vec![], Missed::Exactly(0)));
    assert_eq!(look(&bus, &["#"], 9), (vec![13, 14, 15, 16, 17, 18, 19, 20], Missed::Exactly(3)));
    assert_eq!(look(&bus, &["nobody.*"], 0), (vec![], Missed::Exactly(0)));
    let replay = bus.history(&["#"], 12, Some(16)).unwrap();
    assert_eq!((numbers(&replay), replay.upto), (vec![13, 14, 15, 16], 16));
    // Up to a number, what is gone after it does not count.
    let replay = bus.history(&["a.1"], 0, Some(6)).unwrap();
    assert_eq!((numbers(&replay), replay.missed), (vec![], Missed::Exactly(3)));
}

/// The record of what is gone is bounded: beyond it "at least" is all that can be said.
#[test]
fn s02_beyond_the_record_it_is_at_least() {
    let settings = HistorySettings { events: 1, record: 3, ..HistorySettings::default() };
    let bus = bus(settings);
    publish(&bus, "a", 10);
    assert_eq!(look(&bus, &["a"], 6), (vec![10], Missed::Exactly(3)));
    assert_eq!(look(&bus, &["a"], 5), (vec![10], Missed::AtLeast(4)));
    assert_eq!(look(&bus, &["a"], 0), (vec![10], Missed::AtLeast(4)));
    // Of all topics together, too.
    let settings = HistorySettings { events: 1, total_record: 4, ..HistorySettings::default() };
    let bus = self::bus(settings);
    publish(&bus, "a", 5);
    publish(&bus, "b", 5);
    assert_eq!(look(&bus, &["a"], 0), (vec![5], Missed::Exactly(4)));
    assert_eq!(look(&bus, &["b"], 8), (vec![10], Missed::AtLeast(1)));
    assert_eq!(look(&bus, &["b"], 9), (vec![10], Missed::Exactly(0)));
}

/// A number of an earlier run, or one that was never given, is told apart.
#[test]
fn s02_numbers_of_other_runs_are_told_apart() {
    let bus = Bus::new(Settings { first_seq: 1_000, ..Settings::default() });
    assert_eq!(look(&bus, &["a"], 999), (vec![], Missed::Exactly(0)));
    publish(&bus, "a", 2);
    assert_eq!(look(&bus, &["a"], 999), (vec![1_000, 1_001], Missed::Exactly(0)));
    assert_eq!(look(&bus, &["a"], 998), (vec![1_000, 1_001], Missed::EarlierRun));
    assert_eq!(look(&bus, &["a"], 1_001), (vec![], Missed::Exactly(0)));
    assert_eq!(look(&bus, &["a"], 1_002), (vec![], Missed::NeverGiven));
    assert_eq!(look(&bus, &["a"], u64::MAX), (vec![], Missed::NeverGiven));
}

/// Bytes of a topic, bytes of all, and age: the oldest goes, of whichever topic it is.
#[test]
fn s02_history_is_bounded_in_every_way() {
    let one = EVENT_OVERHEAD;
    let bus = bus(HistorySettings { bytes: 3 * one, ..HistorySettings::default() });
    publish(&bus, "a", 5);
    assert_eq!(look(&bus, &["a"], 0), (vec![3, 4, 5], Missed::Exactly(2)));
    // One that is larger than all is not held, and counted as gone.
    bus.publish(Draft::new("a").kind("").payload(vec![0; 3 * one])).unwrap();
    publish(&bus, "a", 1);
    assert_eq!(look(&bus, &["a"], 4), (vec![5, 7], Missed::Exactly(1)));

    let settings = HistorySettings { total_bytes: 4 * one, ..HistorySettings::default() };
    let bus = self::bus(settings);
    publish(&bus, "a", 3);
    publish(&bus, "b", 3);
    assert_eq!(look(&bus, &["#"], 0), (vec![3, 4, 5, 6], Missed::Exactly(2)));
    assert_eq!(look(&bus, &["b"], 0), (vec![4, 5, 6], Missed::Exactly(0)));
    assert_eq!(bus.snapshot().history_bytes, 4 * one);

    let age = Duration::from_millis(30);
    let bus = self::bus(HistorySettings { age, ..HistorySettings::default() });
    publish(&bus, "a", 2);
    thread::sleep(2 * age);
    assert_eq!(look(&bus, &["a"], 0), (vec![], Missed::Exactly(2)));
    assert_eq!(bus.snapshot().history_events, 0);

    let bus = self::bus(HistorySettings { events: 0, ..HistorySettings::default() });
    publish(&bus, "a", 3);
    assert_eq!(look(&bus, &["a"], 1), (vec![], Missed::Exactly(2)));
}

/// More topics than may be remembered: the one that rested goes, and whoever asks for it is
/// told that something is gone, also when nobody remembers its name.
#[test]
fn s02_topics_are_bounded() {
    let bus = Bus::new(Settings { topics_max: 4, ..Settings::default() });
    publish(&bus, "first", 2);
    for topic in 0..4 {
        publish(&bus, &format!("t.{topic}"), 1);
    }
    assert_eq!(bus.snapshot().topics, 4);
    assert_eq!(look(&bus, &["first"], 0), (vec![], Missed::AtLeast(1)));
    assert_eq!(look(&bus, &["first"], 2), (vec![], Missed::Exactly(0)));
    assert_eq!(look(&bus, &["t.*"], 0), (vec![3, 4, 5, 6], Missed::Exactly(0)));
    // A topic in use stays, whatever else comes.
    for topic in 0..5_000 {
        publish(&bus, &format!("u.{topic}"), 1);
        publish(&bus, "t.3", 1);
    }
    assert_eq!(bus.snapshot().topics, 4);
    let (held, missed) = look(&bus, &["t.3"], bus.last_seq() - 100);
    assert_eq!((held.len(), missed), (50, Missed::Exactly(0)));
    // Whether there ever was such a topic nobody knows any more.
    assert_eq!(look(&bus, &["first"], 0), (vec![], Missed::AtLeast(0)));
    assert_eq!(look(&bus, &["first"], bus.last_seq()), (vec![], Missed::Exactly(0)));
}

/// A subscription may begin with the history: first what is gone, then what is held, then
/// what comes, each once.
#[tokio::test]
async fn s02_a_subscription_goes_on_where_another_ended() {
    let bus = bus(HistorySettings { events: 3, ..HistorySettings::default() });
    publish(&bus, "a", 6);
    let mut sub = bus.subscribe(Interest::new("a").after(1)).unwrap();
    publish(&bus, "a", 1);
    assert_eq!(
        sub.recv().await,
        Some(Delivery::Gap { missed: Missed::Exactly(2), principal: None })
    );
    for seq in 4..=7 {
        let Some(Delivery::Event(event)) = sub.recv().await else { panic!("no event") };
        assert_eq!(event.seq(), seq);
    }
    assert!(sub.try_recv().is_err());
    let tally = sub.tally();
    assert_eq!((tally.replayed, tally.gaps, tally.matched()), (3, 1, 1));
    // Its scope holds for the history as well.
    bus.publish(Draft::new("a").principal("p")).unwrap();
    let routed = Routed { scope: Scope::Principal("p".into()), ..Routed::default() };
    let mut scoped = bus.subscribe(Interest::new("a").after(5).routed(routed)).unwrap();
    assert!(matches!(scoped.try_recv(), Ok(Delivery::Event(event)) if event.seq() == 8));
    assert!(scoped.try_recv().is_err());
}
