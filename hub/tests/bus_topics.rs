//! Topics, observers, taps, the monitor: the event bus as those see it who publish.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use slotway_hub::bus::{
    Bus, Delivery, Draft, Event, HistorySettings, Interest, Missed, Observer, Refusal, Routed,
    Settings, Sink, StormSettings, Tap, TextProblem, TopicProblem,
};

/// What is no topic is refused; what cannot be a type or an id is, too. Nothing panics.
#[test]
fn e01_what_cannot_be_published_is_refused() {
    let bus = Bus::default();
    let mut all = bus.subscribe(Interest::new("#")).unwrap();
    let deep = ["x"; 21].join(".");
    for (topic, problem) in [
        ("", TopicProblem::Empty),
        (deep.as_str(), TopicProblem::TooDeep(21)),
        ("a..b", TopicProblem::EmptySegment),
        ("a.b ", TopicProblem::Character(' ')),
        ("a.*", TopicProblem::Wildcard),
    ] {
        let topic = topic.to_owned();
        let refusal = bus.publish(Draft::new(topic.as_str())).unwrap_err();
        assert_eq!(refusal, Refusal::Topic { topic, problem });
    }
    let long = "x".repeat(256);
    type Change = fn(Draft<'static>, String) -> Draft<'static>;
    let fields: [(&str, Change); 3] = [
        ("type", |draft, text| draft.kind(text)),
        ("id", |draft, text| draft.id(text)),
        ("principal", |draft, text| draft.shared_principal(text.into())),
    ];
    for (what, change) in fields {
        for (text, problem) in [
            ("a\rb", TextProblem::Character('\r')),
            ("a\nb", TextProblem::Character('\n')),
            ("a\0b", TextProblem::Character('\0')),
            (&long, TextProblem::TooLong(256)),
        ] {
            let draft = change(Draft::new("a"), text.to_owned());
            assert_eq!(bus.publish(draft), Err(Refusal::Text { what, problem }), "{text:?}");
        }
        bus.publish(change(Draft::new("a"), "x".repeat(255))).unwrap();
    }
    assert_eq!(bus.snapshot().refused, 5 + 12);
    assert_eq!(bus.snapshot().published, 3);
    for seq in 1..=3 {
        assert!(matches!(all.try_recv(), Ok(Delivery::Event(event)) if event.seq() == seq));
    }
    assert!(matches!(bus.subscribe(Interest::new("a..b")), Err(Refusal::Pattern { .. })));
    let many = Interest::of(vec!["a"; 65]);
    assert_eq!(bus.subscribe(many).unwrap_err(), Refusal::Patterns { count: 65, max: 64 });
    let none = Interest::of(Vec::<String>::new());
    assert_eq!(bus.subscribe(none).unwrap_err(), Refusal::Patterns { count: 0, max: 64 });
}

/// An event says who, what, when and where; several patterns that match give it once.
#[test]
fn e01_an_event_is_whole() {
    let bus = Bus::new(Settings { first_seq: 1_000, ..Settings::default() });
    let mut sub = bus.subscribe(Interest::of(["a.*", "#", "a.b", "*.b"])).unwrap();
    let before = SystemTime::now() - Duration::from_secs(1);
    let draft = Draft::new("a.b").kind("greeting").principal("alice").payload("hello");
    let published = bus.publish(draft.clone()).unwrap();
    assert_eq!((published.seq, published.matched, published.dropped), (1_000, 1, 0));
    bus.publish(draft.id("own")).unwrap();
    let Ok(Delivery::Event(event)) = sub.try_recv() else { panic!("no event") };
    assert_eq!((event.seq(), &*event.id(), event.own_id()), (1_000, "1000", None));
    assert_eq!((event.topic(), event.kind()), ("a.b", "greeting"));
    assert_eq!(event.principal(), Some("alice"));
    assert_eq!(event.payload(), "hello");
    assert!(event.at() > before && event.at() < SystemTime::now() + Duration::from_secs(1));
    let Ok(Delivery::Event(event)) = sub.try_recv() else { panic!("no event") };
    assert_eq!((event.seq(), &*event.id()), (1_001, "own"));
    assert!(sub.try_recv().is_err());
}

/// There are no more subscriptions than there may be.
#[test]
fn e02_subscriptions_are_bounded() {
    let bus = Bus::new(Settings { subscriptions_max: 2, ..Settings::default() });
    let one = bus.subscribe(Interest::new("a")).unwrap();
    let _other = bus.observe(&["a"], |_| ()).unwrap();
    let refused = Refusal::TooManySubscriptions { max: 2 };
    assert_eq!(bus.subscribe(Interest::new("a")).unwrap_err(), refused);
    drop(one);
    bus.subscribe(Interest::new("a")).unwrap();
}

/// Observers run in the order of publishing, may publish and leave from inside, and one
/// that panics harms nobody.
#[test]
fn e09_observers_may_do_anything() {
    let bus = Bus::default();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = |seen: &Arc<Mutex<Vec<(u64, String)>>>, event: &Event| {
        seen.lock().unwrap().push((event.seq(), event.topic().to_owned()));
    };
    let first = {
        let (bus, seen) = (bus.clone(), seen.clone());
        bus.clone().observe(&["a.*"], move |event| {
            keep(&seen, event);
            bus.publish(Draft::new("echo").payload(event.payload().clone())).unwrap();
        })
    };
    let _panics = bus.observe(&["#"], |_| panic!("on purpose")).unwrap();
    let _echo = {
        let seen = seen.clone();
        bus.observe(&["echo"], move |event| keep(&seen, event)).unwrap()
    };
    // One that leaves by itself at its first event.
    let own: Arc<OnceLock<Mutex<Option<Observer>>>> = Arc::default();
    let calls = Arc::new(AtomicUsize::new(0));
    let leaving = {
        let (own, calls) = (own.clone(), calls.clone());
        bus.observe(&["#"], move |_| {
            calls.fetch_add(1, Ordering::SeqCst);
            drop(own.get().unwrap().lock().unwrap().take());
        })
    };
    own.set(Mutex::new(Some(leaving.unwrap()))).unwrap();
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    bus.publish(Draft::new("a.1")).unwrap();
    bus.publish(Draft::new("a.2")).unwrap();
    std::panic::set_hook(hook);
    let expected = [(1, "a.1"), (2, "echo"), (3, "a.2"), (4, "echo")];
    let expected: Vec<_> = expected.map(|(seq, topic)| (seq, topic.to_owned())).into();
    assert_eq!(*seen.lock().unwrap(), expected);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    let snapshot = bus.snapshot();
    assert_eq!((snapshot.observers, snapshot.observers_panicked), (3, 4));
    drop(first);
    bus.publish(Draft::new("a.3")).unwrap();
    assert_eq!(seen.lock().unwrap().len(), 4);
}

/// With several publishers, too, an observer sees the order of the sequence, and all of it.
#[test]
fn e09_observers_see_one_order() {
    let bus = Bus::default();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let _observer = {
        let seen = seen.clone();
        bus.observe(&["#"], move |event| seen.lock().unwrap().push(event.seq())).unwrap()
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    bus.publish(Draft::new("a")).unwrap();
                }
            });
        }
    });
    assert_eq!(*seen.lock().unwrap(), (1..=4_000).collect::<Vec<u64>>());
}

/// Publishing costs the same whatever others subscribe to.
#[test]
fn e10_other_topics_cost_nothing() {
    const OTHERS: usize = 10_000;
    const EVENTS: usize = 2_000;
    let alone = Bus::default();
    let crowded = Bus::default();
    let others: Vec<_> = (0..OTHERS)
        .map(|number| {
            let pattern = match number % 4 {
                0 => format!("other.{number}.*"),
                1 => format!("a.{number}"),
                2 => format!("*.b.{number}"),
                _ => format!("a.b.c.{number}.*"),
            };
            crowded.subscribe(Interest::new(pattern).routed(Routed::default())).unwrap()
        })
        .collect();
    let mut subs = [&alone, &crowded].map(|bus| bus.subscribe(Interest::new("a.*")).unwrap());
    let mut best = [Duration::MAX; 2];
    let mut buffer = Vec::with_capacity(EVENTS);
    for _ in 0..20 {
        for (at, bus) in [&alone, &crowded].into_iter().enumerate() {
            let start = Instant::now();
            for _ in 0..EVENTS / 2 {
                bus.publish(Draft::new("a.b")).unwrap();
            }
            best[at] = best[at].min(start.elapsed());
            subs[at].try_recv_many(&mut buffer, EVENTS, usize::MAX);
            buffer.clear();
        }
    }
    assert!(best[1] < 2 * best[0], "{best:?}");
    assert!(others.iter().all(|sub| sub.tally().matched() == 0));
}

/// A hundred events a second for a window warn, once, with the five busiest topics.
#[test]
fn e11_a_storm_is_told_with_its_topics() {
    let storm = StormSettings { window: Duration::from_millis(50), events_per_second: 100 };
    let bus = Bus::new(Settings { storm, ..Settings::default() });
    bus.publish(Draft::new("quiet")).unwrap();
    assert_eq!(bus.snapshot().storm, None);
    for topic in 1..=7 {
        for _ in 0..topic * 10 {
            bus.publish(Draft::new(format!("t.{topic}"))).unwrap();
        }
    }
    let deadline = Instant::now() + Duration::from_secs(30);
    let storm = loop {
        bus.publish(Draft::new("quiet")).unwrap();
        match bus.snapshot().storm {
            Some(storm) if storm.busiest.iter().any(|(topic, _)| topic == "t.7") => break storm,
            _ => assert!(Instant::now() < deadline, "no storm was seen"),
        }
        thread::sleep(Duration::from_millis(10));
    };
    assert_eq!(storm.busiest.len(), 5);
    assert!(storm.events_per_second >= 100);
    assert!(storm.busiest.windows(2).all(|pair| pair[0].1 >= pair[1].1), "{storm:?}");

    // What is slower, or is not watched, is none.
    for settings in [
        StormSettings { window: Duration::from_millis(1), events_per_second: 1_000_000_000 },
        StormSettings { window: Duration::from_millis(1), events_per_second: 0 },
    ] {
        let bus = Bus::new(Settings { storm: settings, ..Settings::default() });
        for _ in 0..100 {
            bus.publish(Draft::new("a")).unwrap();
            thread::sleep(Duration::from_micros(100));
        }
        assert_eq!(bus.snapshot().storm, None);
    }
}

/// Who looks sees each subscription's queue, bytes, drops and lag.
#[test]
fn e11_a_snapshot_tells_who_is_behind() {
    let bus = Bus::default();
    let _slow = bus.subscribe(Interest::of(["a.*", "b"]).label("slow")).unwrap();
    let mut fast = bus.subscribe(Interest::new("a.*").label("fast")).unwrap();
    let routed = Interest::new("#").label("routed").routed(Routed::default());
    let _routed = bus.subscribe(routed).unwrap();
    let _observer = bus.observe(&["#"], |_| ()).unwrap();
    for _ in 0..3 {
        bus.publish(Draft::new("a.b").kind("").payload("four").principal("p")).unwrap();
    }
    fast.try_recv_many(&mut Vec::new(), 10, usize::MAX);
    thread::sleep(Duration::from_millis(5));
    let snapshot = bus.snapshot();
    let of = |label: &str| snapshot.subscribers.iter().find(|one| one.label == label).unwrap();
    assert_eq!(of("slow").patterns, ["a.*", "b"]);
    assert_eq!((of("slow").queued, of("slow").bytes), (3, 3 * 68));
    assert!(of("slow").lag >= Duration::from_millis(5));
    assert_eq!((of("fast").queued, of("fast").bytes), (0, 0));
    assert_eq!(of("fast").lag, Duration::ZERO);
    assert_eq!((of("routed").principals, of("routed").queued), (1, 3));
    assert_eq!((snapshot.topics, snapshot.published, snapshot.last_seq), (1, 3, 3));
    assert_eq!((snapshot.observers, snapshot.taps), (1, 0));
    assert_eq!(snapshot.history_events, 3);
}

/// Keeps what it is given.
#[derive(Debug, Default)]
struct Kept {
    events: Mutex<Vec<u64>>,
    ended: AtomicBool,
}

impl Sink for Kept {
    fn push(&self, event: &Event) {
        self.events.lock().unwrap().push(event.seq());
    }

    fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }
}

/// Between the history and a tap there is no gap, and nothing comes twice, whenever it is
/// attached.
#[test]
fn s01_history_and_tap_meet() {
    let history = HistorySettings { events: 1_000_000, ..HistorySettings::default() };
    let bus = Bus::new(Settings { history, ..Settings::default() });
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for topic in ["a.1", "a.2", "b"] {
            let (bus, stop) = (&bus, &stop);
            scope.spawn(move || {
                for _ in 0..3_000 {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    bus.publish(Draft::new(topic)).unwrap();
                }
            });
        }
        for _ in 0..20 {
            let kept = Arc::new(Kept::default());
            let tap: Tap = bus.tap(&["a.*"], kept.clone()).unwrap();
            let replay = bus.history(&["a.*"], 0, Some(tap.seq())).unwrap();
            assert_eq!(replay.missed, Missed::Exactly(0));
            assert_eq!(replay.upto, tap.seq());
            assert!(replay.events.iter().all(|event| event.seq() <= tap.seq()));
            drop(tap);
            let last = kept.events.lock().unwrap().last().copied().unwrap_or(replay.upto);
            let mut got: Vec<u64> = replay.events.iter().map(Event::seq).collect();
            got.extend(&*kept.events.lock().unwrap());
            let all = bus.history(&["a.*"], 0, Some(last)).unwrap();
            assert_eq!(got, all.events.iter().map(Event::seq).collect::<Vec<_>>());
        }
        stop.store(true, Ordering::SeqCst);
    });
    let kept = Arc::new(Kept::default());
    let _tap = bus.tap(&["a.*"], kept.clone()).unwrap();
    bus.shutdown();
    assert!(kept.ended.load(Ordering::SeqCst));
    assert!(matches!(bus.tap(&["a"], kept), Err(Refusal::ShutDown)));
}
