//! The delivery classes of the event bus, on their own, without HTTP. The numbers are those
//! of the behaviours that the tests are named after.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use slotway_hub::bus::{
    Bus, Coalescer, Delivery, Draft, Event, Interest, KeyProblem, Lossy, Missed, Nothing, Overflow,
    Refusal, Settings, Subscription, Tally, WINDOW,
};
use tokio::time::timeout;

/// Long enough for anything that happens at all.
const LIMIT: Duration = Duration::from_secs(30);

fn small(bus: &Bus, pattern: &str, capacity: usize) -> Subscription {
    let lossy = Lossy { capacity, ..Lossy::default() };
    bus.subscribe(Interest::new(pattern).lossy(lossy)).unwrap()
}

/// The numbers of all events that are there; a gap is 0.
fn numbers(subscription: &mut Subscription) -> Vec<u64> {
    let mut got = Vec::new();
    while let Ok(delivery) = subscription.try_recv() {
        got.push(match delivery {
            Delivery::Event(event) => event.seq(),
            Delivery::Gap { .. } => 0,
        });
    }
    got
}

fn adds_up(tally: &Tally, queued: usize) {
    assert_eq!(tally.delivered() + tally.dropped() + queued as u64, tally.matched(), "{tally:?}");
}

/// A queue of k, n published, nobody reads: n − k are lost, in that subscription alone, and
/// the loss is told in its place.
#[test]
fn b01_a_full_subscriber_loses_alone() {
    const N: u64 = 50;
    const K: u64 = 8;
    for overflow in [Overflow::Oldest, Overflow::Newest] {
        let bus = Bus::default();
        let lossy = Lossy { capacity: K as usize, overflow, ..Lossy::default() };
        let mut small = bus.subscribe(Interest::new("a.b").lossy(lossy)).unwrap();
        let mut large = bus.subscribe(Interest::new("a.*")).unwrap();
        for number in 0..N {
            bus.publish(Draft::new("a.b").payload(number.to_string())).unwrap();
        }
        assert_eq!(small.tally().lossy.dropped, N - K);
        assert_eq!(small.tally().lossy.matched, N);
        assert_eq!(small.queued() as u64, K);
        assert_eq!(large.tally().dropped(), 0);
        assert_eq!(bus.snapshot().total.dropped(), N - K);

        let mut gaps = Vec::new();
        let mut got = Vec::new();
        while let Ok(delivery) = small.try_recv() {
            match delivery {
                Delivery::Event(event) => got.push(event.seq()),
                Delivery::Gap { missed, .. } => gaps.push((got.len(), missed)),
            }
        }
        let (expected, place) = match overflow {
            Overflow::Oldest => ((N - K + 1..=N).collect::<Vec<_>>(), 0),
            Overflow::Newest => ((1..=K).collect(), K as usize),
        };
        assert_eq!(got, expected, "{overflow:?}");
        assert_eq!(gaps, [(place, Missed::Exactly(N - K))], "{overflow:?}");
        adds_up(&small.tally(), 0);
        assert_eq!(small.try_recv(), Err(Nothing::Empty));

        let mut buffer = Vec::new();
        assert_eq!(large.try_recv_many(&mut buffer, usize::MAX, usize::MAX) as u64, N);
    }
}

/// A must-deliver event that has its place is not the one that a lossy one takes it from.
#[tokio::test]
async fn b01_what_must_be_delivered_is_not_lost_to_what_may_be() {
    let bus = Bus::default();
    let mut sub = small(&bus, "a", 3);
    bus.publish(Draft::new("a")).unwrap();
    bus.publish_must(Draft::new("a")).await.unwrap();
    for _ in 3..=9 {
        bus.publish(Draft::new("a")).unwrap();
    }
    // 1 was lost before 2, and 3 to 7 after it.
    assert_eq!(numbers(&mut sub), [0, 2, 0, 8, 9]);
    assert_eq!(sub.tally().lossy.dropped, 6);
    assert_eq!(sub.tally().must.dropped, 0);
}

/// One deadline for all, however many are slow; who is not has it at once.
#[tokio::test]
async fn b02_one_deadline_for_all_slow_subscribers() {
    let must_deadline = Duration::from_millis(20);
    let bus = Bus::new(Settings { must_deadline, ..Settings::default() });
    let stuck: Vec<_> = (0..10).map(|_| small(&bus, "a", 1)).collect();
    bus.publish(Draft::new("a")).unwrap();
    let mut healthy = small(&bus, "a", 8);

    let publisher = bus.clone();
    let start = Instant::now();
    let publish = tokio::spawn(async move {
        let published = publisher.publish_must(Draft::new("a").kind("must")).await.unwrap();
        (published, start.elapsed())
    });
    let delivery = timeout(LIMIT, healthy.recv()).await.unwrap().unwrap();
    let at_once = start.elapsed();
    assert!(matches!(&delivery, Delivery::Event(event) if event.kind() == "must"));
    let (published, took) = publish.await.unwrap();
    assert!(at_once <= took, "the healthy one waited for the slow ones");
    assert!(took >= must_deadline, "{took:?}");
    assert!(took < Duration::from_millis(200), "{took:?}: the deadlines were added up");
    assert_eq!((published.matched, published.dropped), (11, 10));
    for sub in &stuck {
        assert_eq!(sub.tally().must.dropped, 1);
        assert_eq!(sub.tally().lossy.dropped, 0);
        adds_up(&sub.tally(), sub.queued());
    }
}

/// With somebody who reads, all of them arrive and nothing is counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b02_an_active_reader_gets_all() {
    let bus = Bus::new(Settings { must_deadline: LIMIT, ..Settings::default() });
    let mut sub = small(&bus, "a", 1);
    let reader = tokio::spawn(async move {
        let mut got = Vec::new();
        while got.len() < 10 {
            match timeout(LIMIT, sub.recv()).await.unwrap().unwrap() {
                Delivery::Event(event) => got.push(event.seq()),
                gap => panic!("{gap:?}"),
            }
        }
        (got, sub.close())
    });
    for _ in 0..10 {
        assert_eq!(bus.publish_must(Draft::new("a")).await.unwrap().dropped, 0);
    }
    let (got, tally) = reader.await.unwrap();
    assert_eq!(got, (1..=10).collect::<Vec<u64>>());
    assert_eq!((tally.must.delivered, tally.must.dropped), (10, 0));
}

/// Several publishers wait at one subscriber: it takes theirs in the order of the sequence.
#[tokio::test]
async fn b02_who_waits_is_taken_in_order() {
    let bus = Bus::new(Settings { must_deadline: LIMIT, ..Settings::default() });
    let mut sub = small(&bus, "a", 1);
    bus.publish(Draft::new("a")).unwrap();
    let mut publishers = Vec::new();
    for _ in 0..5 {
        let publisher = bus.clone();
        let publish = async move { publisher.publish_must(Draft::new("a")).await };
        publishers.push(tokio::spawn(publish));
        let parked = || bus.snapshot().subscribers[0].parked;
        while parked() < publishers.len() {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(numbers(&mut sub), [1, 2, 3, 4, 5, 6]);
    for publisher in publishers {
        assert_eq!(publisher.await.unwrap().unwrap().dropped, 0);
    }
}

/// Each class has its own counts, and each adds up, with readers, publishers of both
/// classes and a look at any time.
#[test]
fn b03_classes_count_separately_and_add_up() {
    const EACH: u64 = 2_000;
    let must_deadline = Duration::from_micros(200);
    let bus = Bus::new(Settings { must_deadline, ..Settings::default() });
    let done = AtomicBool::new(false);
    let mut subs: Vec<_> = [1, 7, 10_000].map(|capacity| small(&bus, "a.*", capacity)).into();
    subs.push(bus.subscribe(Interest::new("a.*").routed(Default::default())).unwrap());
    thread::scope(|scope| {
        let publishers: Vec<_> = (0..3)
            .map(|publisher| {
                let bus = &bus;
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_time()
                        .build()
                        .unwrap();
                    runtime.block_on(async {
                        for number in 0..EACH {
                            let draft = Draft::new("a.b").principal("somebody");
                            if number % 20 == publisher {
                                bus.publish_must(draft).await.unwrap();
                            } else {
                                bus.publish(draft).unwrap();
                            }
                        }
                    });
                })
            })
            .collect();
        let readers: Vec<_> = subs
            .iter_mut()
            .map(|sub| {
                let done = &done;
                scope.spawn(move || {
                    let (mut events, mut missed) = (0, 0);
                    loop {
                        let last = done.load(Ordering::SeqCst);
                        while let Ok(delivery) = sub.try_recv() {
                            match delivery {
                                Delivery::Event(_) => events += 1,
                                Delivery::Gap { missed: gap, .. } => missed += gap.count(),
                            }
                        }
                        if last {
                            return (events, missed, sub.tally());
                        }
                        thread::yield_now();
                    }
                })
            })
            .collect();
        let looker = scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                for one in bus.snapshot().subscribers {
                    adds_up(&one.tally, one.queued + one.parked);
                }
                thread::yield_now();
            }
        });
        publishers.into_iter().for_each(|publisher| publisher.join().unwrap());
        done.store(true, Ordering::SeqCst);
        looker.join().unwrap();
        for reader in readers {
            let (events, missed, tally) = reader.join().unwrap();
            assert_eq!(tally.matched(), 3 * EACH);
            assert_eq!(tally.must.matched, 3 * EACH / 20);
            assert_eq!(tally.delivered(), events);
            assert_eq!(tally.dropped(), missed, "each loss is told in band, once");
            for class in [tally.lossy, tally.must] {
                assert_eq!(class.delivered + class.dropped, class.matched);
            }
        }
    });
}

/// A publisher that is cancelled takes its event back from who had no room, and from nobody
/// else.
#[tokio::test]
async fn b04_cancelling_keeps_what_was_delivered() {
    let bus = Bus::new(Settings { must_deadline: LIMIT, ..Settings::default() });
    let mut full = small(&bus, "a", 1);
    bus.publish(Draft::new("a")).unwrap();
    let mut healthy = small(&bus, "a", 1);
    {
        let publish = bus.publish_must(Draft::new("a"));
        tokio::pin!(publish);
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(publish.as_mut().poll(&mut cx).is_pending());
        assert_eq!(full.queued(), 2);
    }
    assert_eq!(numbers(&mut healthy), [2]);
    assert_eq!(healthy.tally().must.delivered, 1);
    assert_eq!(full.tally().must.dropped, 1);
    assert_eq!(numbers(&mut full), [1, 0], "the loss is told in its place");
    adds_up(&full.tally(), 0);
}

/// While somebody waits for room, others publish, come and go.
#[tokio::test]
async fn b05_nobody_waits_for_another() {
    let bus = Bus::new(Settings { must_deadline: LIMIT, ..Settings::default() });
    let mut full = small(&bus, "a", 1);
    bus.publish(Draft::new("a")).unwrap();
    let publisher = bus.clone();
    let waits = tokio::spawn(async move { publisher.publish_must(Draft::new("a")).await });
    while full.queued() < 2 {
        tokio::task::yield_now().await;
    }
    // All of this in this thread, which would stand still if anything had to be waited for.
    let mut other = small(&bus, "b", 4);
    bus.publish(Draft::new("b")).unwrap();
    bus.publish_must(Draft::new("b")).await.unwrap();
    drop(small(&bus, "a", 1));
    assert_eq!(numbers(&mut other), [3, 4]);
    assert!(!waits.is_finished());
    assert_eq!(numbers(&mut full), [1, 2]);
    assert_eq!(waits.await.unwrap().unwrap().dropped, 0);
}

/// A subscriber that leaves is not waited for any longer.
#[tokio::test]
async fn b05_who_leaves_ends_the_wait() {
    let bus = Bus::new(Settings { must_deadline: LIMIT, ..Settings::default() });
    let full = small(&bus, "a", 1);
    bus.publish(Draft::new("a")).unwrap();
    let publisher = bus.clone();
    let waits = tokio::spawn(async move { publisher.publish_must(Draft::new("a")).await });
    while full.queued() < 2 {
        tokio::task::yield_now().await;
    }
    let tally = full.close();
    adds_up(&tally, 0);
    assert_eq!((tally.lossy.dropped, tally.must.dropped), (1, 1));
    timeout(LIMIT, waits).await.unwrap().unwrap().unwrap();
}

/// Shut down by several at once: what is there is read, then the end is seen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b06_shutdown_is_clean() {
    let bus = Bus::default();
    let mut sub = small(&bus, "a", 4);
    let mut parked = small(&bus, "b", 4);
    let sleeper = tokio::spawn(async move { parked.recv().await });
    bus.publish(Draft::new("a")).unwrap();
    let barrier = Arc::new(Barrier::new(4));
    let shutters: Vec<_> = (0..4)
        .map(|_| {
            let (bus, barrier) = (bus.clone(), barrier.clone());
            thread::spawn(move || {
                barrier.wait();
                bus.shutdown();
                bus.shutdown();
            })
        })
        .collect();
    shutters.into_iter().for_each(|shutter| shutter.join().unwrap());
    timeout(LIMIT, bus.closed()).await.unwrap();
    assert_eq!(timeout(LIMIT, sleeper).await.unwrap().unwrap(), None);

    assert_eq!(bus.publish(Draft::new("a")), Err(Refusal::ShutDown));
    assert_eq!(bus.publish_must(Draft::new("a")).await, Err(Refusal::ShutDown));
    assert_eq!(bus.snapshot().refused, 2);
    let mut late = bus.subscribe(Interest::new("a")).unwrap();
    assert_eq!(late.recv().await, None);
    assert_eq!(late.try_recv(), Err(Nothing::Ended));

    assert!(matches!(sub.recv().await, Some(Delivery::Event(event)) if event.seq() == 1));
    assert_eq!(sub.recv().await, None);
    assert_eq!(sub.recv().await, None);
    let tally = sub.close();
    assert_eq!((tally.delivered(), tally.dropped()), (1, 0));
}

/// The last clone shuts the bus down.
#[tokio::test]
async fn b06_a_bus_ends_with_its_last_clone() {
    let bus = Bus::default();
    let mut sub = small(&bus, "a", 4);
    let clone = bus.clone();
    drop(bus);
    clone.publish(Draft::new("a")).unwrap();
    drop(clone);
    assert!(matches!(sub.recv().await, Some(Delivery::Event(_))));
    assert_eq!(timeout(LIMIT, sub.recv()).await.unwrap(), None);
}

/// No task outlives it: a coalescer's ends with the bus, and with its own last key.
#[tokio::test]
async fn b06_no_task_outlives_the_bus() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let bus = Bus::default();
    let stopped = Coalescer::new(bus.clone(), WINDOW);
    assert_eq!(tasks(), 1);
    bus.shutdown();
    while tasks() > 0 {
        tokio::task::yield_now().await;
    }
    drop(stopped);
    let bus = Bus::default();
    let coalescer = Coalescer::new(bus.clone(), WINDOW);
    let key = coalescer.open("k", Draft::new("a")).unwrap();
    drop(coalescer);
    tokio::task::yield_now().await;
    assert_eq!(tasks(), 1, "a key keeps it alive");
    drop(key);
    while tasks() > 0 {
        tokio::task::yield_now().await;
    }
}

/// A subscription that is dropped, or whose wait is cancelled, is gone; without subscribers
/// nothing waits.
#[tokio::test]
async fn b07_who_leaves_is_gone() {
    let bus = Bus::default();
    let published = bus.publish_must(Draft::new("a")).await.unwrap();
    assert_eq!(published.matched, 0);
    let mut sub = small(&bus, "a", 4);
    // A wait that is given up loses nothing.
    assert!(timeout(Duration::from_millis(1), sub.recv()).await.is_err());
    bus.publish(Draft::new("a")).unwrap();
    assert_eq!(numbers(&mut sub), [2]);
    assert_eq!(bus.snapshot().subscribers.len(), 1);
    bus.publish(Draft::new("a")).unwrap();
    drop(sub);
    let snapshot = bus.snapshot();
    assert_eq!(snapshot.subscribers.len(), 0);
    assert_eq!((snapshot.total.delivered(), snapshot.total.dropped()), (1, 1));
    assert_eq!(bus.publish(Draft::new("a")).unwrap().matched, 0);
    assert_eq!(bus.publish_must(Draft::new("a")).await.unwrap().matched, 0);
}

/// Whoever comes and goes while others publish, nothing is lost, stuck or counted twice.
#[test]
fn b07_coming_and_going_while_others_publish() {
    let bus = Bus::default();
    let stop = AtomicBool::new(false);
    let matched = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    let published = bus.publish(Draft::new("a.b")).unwrap();
                    matched.fetch_add(published.matched.into(), Ordering::SeqCst);
                }
            });
        }
        let visitors: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    for round in 0..300 {
                        let mut sub = small(&bus, ["a.*", "a.b", "#"][round % 3], 4);
                        let mut last = 0;
                        while last == 0 {
                            last = numbers(&mut sub).into_iter().max().unwrap_or(0);
                        }
                        adds_up(&sub.close(), 0);
                    }
                })
            })
            .collect();
        visitors.into_iter().for_each(|visitor| visitor.join().unwrap());
        stop.store(true, Ordering::SeqCst);
    });
    let total = bus.snapshot().total;
    adds_up(&total, 0);
    assert_eq!(total.matched(), matched.load(Ordering::SeqCst));
}

/// One order for everybody: numbers only grow, and each publisher's come in its order.
#[test]
fn b08_one_order_for_everybody() {
    const PUBLISHERS: u64 = 4;
    const EACH: u64 = 2_000;
    let bus = Bus::default();
    let capacity = (PUBLISHERS * EACH) as usize;
    let mut subs: Vec<_> = ["t.*", "t.*", "#"].map(|pattern| small(&bus, pattern, capacity)).into();
    let barrier = Barrier::new(PUBLISHERS as usize);
    thread::scope(|scope| {
        for publisher in 0..PUBLISHERS {
            let (bus, barrier) = (&bus, &barrier);
            scope.spawn(move || {
                barrier.wait();
                for number in 0..EACH {
                    let topic = format!("t.{}", number % 3);
                    let payload = format!("{publisher} {number}");
                    bus.publish(Draft::new(topic).payload(payload)).unwrap();
                }
            });
        }
    });
    let orders: Vec<Vec<Event>> = subs
        .iter_mut()
        .map(|sub| {
            let mut got = Vec::new();
            while let Ok(Delivery::Event(event)) = sub.try_recv() {
                got.push(event);
            }
            got
        })
        .collect();
    assert_eq!(orders[0].len(), capacity);
    assert!(orders[0].windows(2).all(|pair| pair[0].seq() < pair[1].seq()));
    assert!(orders.iter().all(|order| *order == orders[0]), "one order");
    let mut next = [0; PUBLISHERS as usize];
    for event in &orders[0] {
        let text = std::str::from_utf8(event.payload()).unwrap();
        let (publisher, number) = text.split_once(' ').unwrap();
        let publisher: usize = publisher.parse().unwrap();
        assert_eq!(number, next[publisher].to_string());
        next[publisher] += 1;
    }
}

/// Five updates in a window are one event, the latest.
#[tokio::test(start_paused = true)]
async fn b09_only_the_latest_of_a_window() {
    let bus = Bus::default();
    let mut sub = small(&bus, "job.*", 16);
    let coalescer = Coalescer::new(bus.clone(), WINDOW);
    let key = coalescer.open("7", Draft::new("job.7").kind("cancelled")).unwrap();
    let other = coalescer.open("8", Draft::new("job.8").kind("cancelled")).unwrap();
    for round in 0..3 {
        for number in 0..5 {
            key.update(Draft::new("job.7").payload(format!("{round}.{number}"))).unwrap();
        }
        other.update(Draft::new("job.8").payload(round.to_string())).unwrap();
        assert_eq!(sub.try_recv(), Err(Nothing::Empty), "before the window ends");
        for expected in [format!("{round}.4"), round.to_string()] {
            let Some(Delivery::Event(event)) = sub.recv().await else { panic!("no event") };
            assert_eq!(event.payload(), expected.as_bytes());
            assert!(!event.is_must());
        }
    }
    assert_eq!(bus.snapshot().published, 6);
}

/// A terminal event flushes what is pending, goes past the window and is must-deliver; a
/// key has one, and takes nothing after it.
#[tokio::test(start_paused = true)]
async fn b09_a_terminal_event_ends_the_key() {
    let bus = Bus::default();
    let mut sub = small(&bus, "job.*", 16);
    let coalescer = Coalescer::new(bus.clone(), WINDOW);
    let key = coalescer.open("7", Draft::new("job.7").kind("cancelled")).unwrap();
    let problem = coalescer.open("7", Draft::new("job.7")).map(|_| ());
    assert_eq!(problem, Err(KeyProblem::Open("7".to_owned())));
    key.update(Draft::new("job.7").kind("half")).unwrap();
    key.update(Draft::new("job.7").kind("most")).unwrap();
    // Dropping the future takes nothing back from who has room.
    drop(key.finish(Draft::new("job.7").kind("done")).unwrap());
    let ended = Err(KeyProblem::Ended("7".to_owned()));
    assert_eq!(key.update(Draft::new("job.7").kind("late")), ended);
    assert_eq!(key.finish(Draft::new("job.7").kind("again")).map(|_| ()), ended);
    drop(key);
    assert_eq!(coalescer.open_keys(), 0);
    tokio::time::sleep(2 * WINDOW).await;
    let mut kinds = Vec::new();
    while let Ok(Delivery::Event(event)) = sub.try_recv() {
        kinds.push((event.kind().to_owned(), event.is_must()));
    }
    assert_eq!(kinds, [("most".to_owned(), false), ("done".to_owned(), true)]);
}

/// A key whose owner is cancelled ends too, once, after what was pending.
#[tokio::test(start_paused = true)]
async fn b09_a_cancelled_key_ends_once() {
    let bus = Bus::default();
    let mut sub = small(&bus, "job.*", 16);
    let coalescer = Coalescer::new(bus.clone(), WINDOW);
    let key = coalescer.open("7", Draft::new("job.7").kind("cancelled")).unwrap();
    let queued = tokio::spawn(async move {
        key.update(Draft::new("job.7").kind("half")).unwrap();
        std::future::pending::<()>().await;
        key.finish(Draft::new("job.7").kind("done")).unwrap().await
    });
    tokio::task::yield_now().await;
    queued.abort();
    assert!(queued.await.unwrap_err().is_cancelled());
    tokio::time::sleep(2 * WINDOW).await;
    let mut kinds = Vec::new();
    while let Ok(Delivery::Event(event)) = sub.try_recv() {
        kinds.push(event.kind().to_owned());
    }
    assert_eq!(kinds, ["half", "cancelled"]);
    // It may be opened again.
    coalescer.open("7", Draft::new("job.7")).unwrap();
}

/// Who flushes while the update is being published waits until it is.
#[test]
fn b09_a_flush_waits_for_a_write_in_progress() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap();
    let _guard = runtime.enter();
    let bus = Bus::default();
    let (entered, inside) = std::sync::mpsc::channel();
    let (release, gate) = std::sync::mpsc::channel();
    let gate = Mutex::new((entered, gate));

    /// Holds up the first publish until it is let go.
    #[derive(Debug)]
    struct Gate(Mutex<(std::sync::mpsc::Sender<()>, std::sync::mpsc::Receiver<()>)>);
    impl slotway_hub::bus::Sink for Gate {
        fn push(&self, _: &Event) {
            let gate = self.0.lock().unwrap();
            gate.0.send(()).unwrap();
            gate.1.recv_timeout(LIMIT).unwrap();
        }
    }
    let _tap = bus.tap(&["job.7"], Arc::new(Gate(gate))).unwrap();
    let coalescer = Coalescer::new(bus.clone(), Duration::ZERO);
    let key = coalescer.open("7", Draft::new("other")).unwrap();
    key.update(Draft::new("job.7")).unwrap();
    inside.recv_timeout(LIMIT).unwrap();
    // The task is in the middle of it.
    let flushed = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            key.flush().unwrap();
            flushed.store(true, Ordering::SeqCst);
        });
        thread::sleep(Duration::from_millis(20));
        assert!(!flushed.load(Ordering::SeqCst), "it did not wait");
        release.send(()).unwrap();
    });
    assert_eq!(bus.snapshot().published, 1);
}

/// What a test's subscriber of the log writes to.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Drops are logged at most once a second for a subscriber, with how many there were.
#[test]
fn b10_drops_are_logged_once_a_second() {
    let written = Written::default();
    let writer = written.clone();
    let log = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone());
    let _guard = tracing::subscriber::set_default(log.finish());
    let lines = || {
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let bus = Bus::default();
    let lossy = Lossy { capacity: 1, ..Lossy::default() };
    let slow = bus.subscribe(Interest::new("a").lossy(lossy).label("slow")).unwrap();
    let start = Instant::now();
    for _ in 0..1_001 {
        bus.publish(Draft::new("a")).unwrap();
    }
    let first = lines();
    if start.elapsed() < Duration::from_secs(1) {
        assert_eq!(first.len(), 1, "{first:?}");
    }
    assert!(first[0].contains("subscriber=\"slow\" lost=1 total=1"), "{first:?}");
    // What is tested is that time passes, so time has to.
    thread::sleep(Duration::from_millis(1_100));
    bus.publish(Draft::new("a")).unwrap();
    let second = lines();
    assert!(second.last().unwrap().contains("total=1001"), "{second:?}");
    // What is left is told when it leaves.
    drop(slow);
    let last = lines();
    assert_eq!(last.len(), second.len() + 1);
    assert!(last.last().unwrap().contains("lost=1 total=1002"), "{last:?}");
}
