//! Routed subscriptions of the event bus: a queue for each principal, served in turn.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use slotway_hub::bus::{
    Bus, Delivery, Draft, EVENT_OVERHEAD, Interest, Missed, Nothing, Refusal, Routed, Scope,
    Settings, Subscription,
};
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(30);

fn routed(bus: &Bus, pattern: &str, routed: Routed) -> Subscription {
    bus.subscribe(Interest::new(pattern).routed(routed)).unwrap()
}

fn publish(bus: &Bus, principal: &str, bytes: usize) {
    bus.publish(Draft::new("a.b").kind("").principal(principal).payload(vec![0; bytes])).unwrap();
}

/// What an event counts for that [`publish`] publishes.
fn size(bytes: usize) -> usize {
    EVENT_OVERHEAD + bytes
}

/// Who published what is there, in the order in which it comes; a gap is `-name:count`.
fn drain(subscription: &mut Subscription) -> Vec<String> {
    let mut got = Vec::new();
    while let Ok(delivery) = subscription.try_recv() {
        got.push(match delivery {
            Delivery::Event(event) => event.principal().unwrap_or("-").to_owned(),
            Delivery::Gap { missed, principal } => {
                format!("-{}:{}", principal.as_deref().unwrap_or(""), missed.count())
            }
        });
    }
    got
}

/// Each subscription has its own queues.
#[test]
fn e02_each_subscription_owns_its_queues() {
    let bus = Bus::default();
    let mut one = routed(&bus, "a.*", Routed::default());
    let mut other = routed(&bus, "a.*", Routed::default());
    let count = |sub: &mut Subscription| drain(sub).len();
    publish(&bus, "p", 1);
    publish(&bus, "q", 1);
    assert_eq!((count(&mut one), count(&mut other)), (2, 2));
    publish(&bus, "p", 1);
    drop(one);
    publish(&bus, "p", 1);
    assert_eq!(count(&mut other), 2);
}

/// Two hundred of one, then one of another: the one comes within the first few.
#[test]
fn e03_a_burst_does_not_starve_another() {
    let bus = Bus::default();
    let mut sub = routed(&bus, "a.*", Routed::default());
    for _ in 0..200 {
        publish(&bus, "loud", 16);
    }
    publish(&bus, "quiet", 16);
    let got = drain(&mut sub);
    assert_eq!(got.len(), 201);
    let place = got.iter().position(|name| name == "quiet").unwrap();
    assert!(place < 6, "{place}");
}

/// Five thousand principals, one drain, nothing lost; each one's events in order.
#[test]
fn e03_many_principals_lose_nothing() {
    let bus = Bus::default();
    let mut sub = routed(&bus, "#", Routed::default());
    for number in 0..10_000 {
        publish(&bus, &format!("p{}", number % 5_000), 1);
    }
    let mut deliveries = Vec::new();
    assert_eq!(sub.try_recv_many(&mut deliveries, usize::MAX, usize::MAX), 10_000);
    let mut last: HashMap<String, u64> = HashMap::new();
    for delivery in deliveries {
        let Delivery::Event(event) = delivery else { panic!("something was lost") };
        let before = last.insert(event.principal().unwrap().to_owned(), event.seq());
        assert!(before.is_none_or(|before| before < event.seq()));
    }
    assert_eq!(last.len(), 5_000);
    assert_eq!(sub.tally().dropped(), 0);
}

/// Bytes are shared, not events: who sends large ones has fewer of them delivered.
#[test]
fn e03_turns_are_worth_bytes() {
    let bus = Bus::default();
    let mut sub = routed(&bus, "#", Routed { budget: 8 << 20, ..Routed::default() });
    for _ in 0..100 {
        publish(&bus, "large", 10_000);
    }
    for _ in 0..2_000 {
        publish(&bus, "small", 36);
    }
    let got = drain(&mut sub);
    let half = &got[..1_000];
    let large = half.iter().filter(|name| *name == "large").count();
    let small = half.len() - large;
    let bytes = (large * size(10_000), small * size(36));
    assert!(bytes.0.abs_diff(bytes.1) <= 2 * size(10_000), "{bytes:?}");
}

/// One floods a million events while another sends a thousand: all of the thousand come,
/// each within a few of the flood's, and what was lost is told exactly.
#[test]
fn e03_e04_a_flood_harms_only_itself() {
    const FLOOD: u64 = 1_000_000;
    const QUIET: u64 = 1_000;
    /// Between two looks the quiet one has sent so many at most.
    const AT_ONCE: u64 = 10;
    let bus = Bus::default();
    let mut sub = routed(&bus, "a.*", Routed::default());
    let (mut got_quiet, mut got_flood, mut lost) = (Vec::new(), 0u64, HashMap::new());
    let mut worst = 0u64;
    thread::scope(|scope| {
        let flood = scope.spawn(|| (0..FLOOD).for_each(|_| publish(&bus, "flood", 8)));
        let mut sent = 0;
        loop {
            let over = flood.is_finished();
            // The flood goes on in its thread while this one publishes and reads.
            for _ in 0..AT_ONCE.min(QUIET - sent) {
                let payload = sent.to_string();
                bus.publish(Draft::new("a.b").principal("quiet").payload(payload)).unwrap();
                sent += 1;
            }
            // What is read until the quiet one's have come is what they waited for.
            let mut before = 0;
            while (got_quiet.len() as u64) < sent || (over && sub.queued() > 0) {
                match sub.try_recv().unwrap() {
                    Delivery::Event(event) if event.principal() == Some("quiet") => {
                        got_quiet.push(event.payload().clone());
                        worst = worst.max(before);
                        before = 0;
                    }
                    Delivery::Event(_) => {
                        got_flood += 1;
                        before += 1;
                    }
                    Delivery::Gap { missed, principal } => {
                        assert!(matches!(missed, Missed::Exactly(_)));
                        *lost.entry(principal.unwrap().to_string()).or_insert(0) += missed.count();
                    }
                }
            }
            if over && sent == QUIET {
                break;
            }
            // The flood fills the queue meanwhile.
            let seen = bus.last_seq();
            while !flood.is_finished() && sent < QUIET && bus.last_seq() < seen + FLOOD / 150 {
                thread::yield_now();
            }
        }
    });
    let expected: Vec<String> = (0..QUIET).map(|number| number.to_string()).collect();
    assert!(got_quiet.iter().eq(expected.iter().map(String::as_bytes)), "all, in order");
    assert!(worst <= 5, "{worst} of the flood came before one that waited");
    let tally = sub.tally();
    assert_eq!(tally.matched(), FLOOD + QUIET);
    assert_eq!(tally.delivered(), got_flood + QUIET);
    assert_eq!(tally.delivered() + tally.dropped(), FLOOD + QUIET);
    let lost_of_flood = lost.remove("flood").unwrap_or(0);
    assert_eq!(got_flood + lost_of_flood, FLOOD);
    assert_eq!(tally.dropped(), lost_of_flood);
    assert!(lost_of_flood > 0, "the flood was too small to be one");
    assert!(lost.is_empty(), "only the flood lost something: {lost:?}");
}

/// Over the budget the principal with most bytes loses its oldest; who has little keeps it,
/// however old it is.
#[test]
fn e04_the_largest_loses_its_oldest() {
    let bus = Bus::default();
    let budget = 10 * size(100);
    let mut sub = routed(&bus, "#", Routed { budget, ..Routed::default() });
    publish(&bus, "quiet", 100);
    for _ in 0..20 {
        publish(&bus, "loud", 100);
    }
    publish(&bus, "late", 100);
    publish(&bus, "late", 100);
    assert_eq!(bus.snapshot().subscribers[0].bytes, budget);
    let got = drain(&mut sub);
    let count = |name: &str| got.iter().filter(|other| *other == name).count();
    assert_eq!((count("quiet"), count("late"), count("loud")), (1, 2, 7));
    // 9 fit beside the quiet one, then two went for the late one's.
    assert_eq!(count("-loud:13"), 1, "{got:?}");
    assert_eq!(sub.tally().dropped(), 13);
}

/// A large event of one who has nothing queued does not drive out many small ones.
#[test]
fn e04_the_one_that_comes_is_weighed_too() {
    let bus = Bus::default();
    let mut sub = routed(&bus, "#", Routed { budget: 10 * size(100), ..Routed::default() });
    for number in 0..10 {
        publish(&bus, &format!("p{number}"), 100);
    }
    publish(&bus, "large", 800);
    let got = drain(&mut sub);
    assert_eq!(got.len(), 11);
    assert!(got.contains(&"-large:1".to_owned()), "{got:?}");
}

/// One principal's events are bounded in number too.
#[test]
fn e04_a_principal_has_a_count_of_its_own() {
    let bus = Bus::default();
    let budget = 1 << 30;
    let mut sub = routed(&bus, "#", Routed { budget, ..Routed::default() });
    publish(&bus, "other", 0);
    for _ in 0..16_384 + 5 {
        publish(&bus, "many", 0);
    }
    assert_eq!(sub.queued(), 16_384 + 1);
    assert_eq!(sub.tally().dropped(), 5);
    let got = drain(&mut sub);
    assert!(got.contains(&"-many:5".to_owned()));
    assert_eq!(got.iter().filter(|name| *name == "other").count(), 1);
}

/// An event that is larger than the budget is refused there, and goes to all others.
#[test]
fn e04_larger_than_the_budget_is_refused_there_only() {
    let bus = Bus::default();
    let mut tight = routed(&bus, "#", Routed { budget: size(100), ..Routed::default() });
    let mut wide = routed(&bus, "#", Routed::default());
    publish(&bus, "p", 100);
    publish(&bus, "p", 101);
    publish(&bus, "q", 101);
    assert_eq!(drain(&mut tight), ["p", "-p:1", "-q:1"]);
    assert_eq!(drain(&mut wide).len(), 3);
    assert_eq!(tight.tally().dropped(), 2);
}

/// An event counts for its payload, its type, its id and a fixed part, once for everybody.
#[test]
fn e04_size_is_what_is_documented() {
    let bus = Bus::default();
    let mut sub = routed(&bus, "#", Routed::default());
    bus.publish(Draft::new("a.b").kind("type").id("12").payload("payload")).unwrap();
    let Ok(Delivery::Event(event)) = sub.try_recv() else { panic!("no event") };
    assert_eq!(event.size(), EVENT_OVERHEAD + 4 + 2 + 7);
}

/// Foreign events cost a scoped subscription nothing: not a byte, not a wake-up.
#[tokio::test]
async fn e05_scope_is_judged_before_anything_is_kept() {
    let bus = Bus::default();
    let scoped = |scope| routed(&bus, "#", Routed { scope, ..Routed::default() });
    let mut own = scoped(Scope::Principal("own".into()));
    let mut system = scoped(Scope::System);
    let mut all = scoped(Scope::All);
    let wakes = Arc::new(Wakes::default());
    let waker = std::task::Waker::from(wakes.clone());
    let mut cx = std::task::Context::from_waker(&waker);
    assert!(own.poll_recv(&mut cx).is_pending());
    publish(&bus, "foreign", 10);
    bus.publish(Draft::new("a")).unwrap();
    bus.publish_must(Draft::new("a").principal("foreign")).await.unwrap();
    assert_eq!(wakes.count(), 0);
    assert_eq!(bus.snapshot().subscribers[0].bytes, 0);
    publish(&bus, "own", 10);
    assert_eq!(wakes.count(), 1);
    assert!(own.poll_recv(&mut cx).is_ready());
    assert_eq!(drain(&mut own), Vec::<String>::new());
    assert_eq!(own.tally().matched(), 1);
    assert_eq!(drain(&mut system), ["-"]);
    assert_eq!(drain(&mut all).len(), 4);
}

#[derive(Default)]
struct Wakes(std::sync::atomic::AtomicUsize);

impl Wakes {
    fn count(&self) -> usize {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

impl std::task::Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

/// A burst to a receiver that sleeps: all of it comes, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e06_a_burst_to_a_parked_receiver() {
    for mode in [Some(Routed::default()), None] {
        let bus = Bus::default();
        let interest = Interest::new("a.*");
        let interest = match mode.clone() {
            Some(mode) => interest.routed(mode),
            None => interest,
        };
        let mut sub = bus.subscribe(interest).unwrap();
        let (parked, is_parked) = tokio::sync::oneshot::channel();
        let receiver = tokio::spawn(async move {
            let mut parked = Some(parked);
            let mut got = Vec::new();
            while got.len() < 100 {
                let delivery = std::future::poll_fn(|cx| {
                    let polled = sub.poll_recv(cx);
                    if let (true, Some(parked)) = (polled.is_pending(), parked.take()) {
                        parked.send(()).unwrap();
                    }
                    polled
                });
                match timeout(LIMIT, delivery).await.unwrap().unwrap() {
                    Delivery::Event(event) => got.push(event.seq()),
                    gap => panic!("{gap:?}"),
                }
            }
            got
        });
        timeout(LIMIT, is_parked).await.unwrap().unwrap();
        (0..100).for_each(|_| publish(&bus, "p", 1));
        let got = timeout(LIMIT, receiver).await.unwrap().unwrap();
        assert_eq!(got, (1..=100).collect::<Vec<u64>>());
    }
}

/// A drain that is smaller than what comes next takes it all the same.
#[tokio::test]
async fn e06_a_small_drain_makes_progress() {
    let bus = Bus::default();
    let mut sub = routed(&bus, "#", Routed { budget: 64 << 20, ..Routed::default() });
    publish(&bus, "p", 5 << 20);
    publish(&bus, "p", 10);
    publish(&bus, "q", 10);
    let mut got = Vec::new();
    for expected in 1..=3 {
        assert_eq!(sub.recv_many(&mut got, 10, 1).await, 1);
        assert_eq!(got.len(), expected);
    }
    assert_eq!(sub.try_recv(), Err(Nothing::Empty));
    // And as many as fit, otherwise.
    (0..10).for_each(|_| publish(&bus, "p", 36));
    assert_eq!(sub.try_recv_many(&mut got, 100, 4 * size(36)), 4);
    assert_eq!(sub.try_recv_many(&mut got, 3, usize::MAX), 3);
    assert_eq!(sub.try_recv_many(&mut got, 0, 0), 1, "at least one");
}

/// Huge events beside each other are served in turn, at once.
#[test]
fn e06_huge_events_are_served_in_turn() {
    let bus = Bus::default();
    let mut sub = routed(&bus, "#", Routed { budget: 64 << 20, quantum: 1, ..Routed::default() });
    for _ in 0..4 {
        for name in ["p", "q", "r"] {
            publish(&bus, name, 4 << 20);
        }
    }
    let got = drain(&mut sub);
    for turn in got.chunks(3) {
        let mut turn = turn.to_vec();
        turn.sort();
        assert_eq!(turn, ["p", "q", "r"], "{got:?}");
    }
}

/// A principal whose queue is empty is forgotten, after a drain and without one.
#[test]
fn e07_empty_queues_are_gone() {
    let bus = Bus::default();
    let mut sub = routed(&bus, "#", Routed { budget: 10 * size(0), ..Routed::default() });
    let principals = || bus.snapshot().subscribers[0].principals;
    for number in 0..10 {
        publish(&bus, &format!("p{number}"), 0);
    }
    assert_eq!(principals(), 10);
    assert_eq!(drain(&mut sub).len(), 10);
    assert_eq!(principals(), 0);
    assert_eq!(bus.snapshot().subscribers[0].bytes, 0);
    // A foreign event makes none.
    let scoped = Routed { scope: Scope::System, ..Routed::default() };
    let _other = routed(&bus, "#", scoped);
    publish(&bus, "p", 0);
    assert_eq!(bus.snapshot().subscribers[1].principals, 0);
}

/// However many principals there are that only lose, what is kept of them is bounded.
#[test]
fn e07_principals_that_only_lose_are_bounded() {
    let bus = Bus::new(Settings { topics_max: 4, ..Settings::default() });
    let mut sub = routed(&bus, "#", Routed { budget: 1, ..Routed::default() });
    const PRINCIPALS: usize = 70_000;
    for number in 0..PRINCIPALS {
        publish(&bus, &number.to_string(), 0);
    }
    assert!(bus.snapshot().subscribers[0].principals < PRINCIPALS);
    let mut missed = 0;
    while let Ok(Delivery::Gap { missed: gap, .. }) = sub.try_recv() {
        missed += gap.count();
    }
    assert_eq!(missed as usize, PRINCIPALS);
    assert_eq!(bus.snapshot().subscribers[0].principals, 0);
}

/// A loss is told where it was, by principal, and counted by label and class.
#[test]
fn e08_a_gap_is_where_the_loss_was() {
    let bus = Bus::new(Settings { labels_max: 2, ..Settings::default() });
    let mode = || Routed { budget: 4 * size(10), ..Routed::default() };
    let interest = |label: String| Interest::new("#").routed(mode()).label(label);
    let mut subs: Vec<_> =
        (0..5).map(|number| bus.subscribe(interest(format!("label-{number}"))).unwrap()).collect();
    for _ in 0..3 {
        publish(&bus, "p", 10);
    }
    // Of p, once its first has been delivered, the second is lost.
    for sub in &mut subs {
        assert!(matches!(sub.try_recv(), Ok(Delivery::Event(event)) if event.seq() == 1));
    }
    for _ in 0..3 {
        publish(&bus, "p", 10);
    }
    bus.publish(Draft::new("a").kind("").payload(vec![0; 10])).unwrap();
    for sub in &mut subs {
        let got: Vec<_> = std::iter::from_fn(|| sub.try_recv().ok()).collect();
        let mut seqs = Vec::new();
        let mut gaps = Vec::new();
        for delivery in got {
            match delivery {
                Delivery::Event(event) => seqs.push(event.seq()),
                Delivery::Gap { missed, principal } => gaps.push((seqs.len(), missed, principal)),
            }
        }
        assert_eq!(seqs, [4, 5, 6, 7]);
        assert_eq!(gaps, [(0, Missed::Exactly(2), Some("p".into()))]);
        assert_eq!(sub.tally().dropped_of_principals, 2);
    }
    let labels = bus.snapshot().labels;
    let names: Vec<&str> = labels.keys().map(String::as_str).collect();
    assert_eq!(names, ["label-0", "label-1", "other"]);
    assert_eq!(labels["other"].subscriptions, 3);
    assert_eq!(labels["other"].tally.dropped(), 6);
    assert_eq!(labels["label-0"].tally.gaps, 1);
    drop(subs);
    let labels = bus.snapshot().labels;
    assert_eq!(labels["other"].tally.dropped(), 6, "also when they have left");
    assert_eq!(labels["other"].subscriptions, 0);
}

/// Must-deliver to a routed subscription waits for its budget, and keeps its order.
#[tokio::test]
async fn b02_routed_subscribers_make_room_too() {
    let bus = Bus::new(Settings { must_deadline: LIMIT, ..Settings::default() });
    let mut sub = routed(&bus, "#", Routed { budget: 2 * size(10), ..Routed::default() });
    publish(&bus, "p", 10);
    publish(&bus, "q", 10);
    let publisher = bus.clone();
    let publish_must = async move {
        let draft = Draft::new("a").kind("").principal("p").payload(vec![0; 10]);
        publisher.publish_must(draft).await
    };
    let waits = tokio::spawn(publish_must);
    while sub.queued() < 3 {
        tokio::task::yield_now().await;
    }
    // It may not be overtaken by its own principal's later ones.
    publish(&bus, "p", 10);
    let mut got = drain(&mut sub);
    got.retain(|name| name != "q");
    assert_eq!(got, ["p", "p", "-p:1"]);
    assert_eq!(waits.await.unwrap().unwrap().dropped, 0);
    let too_large = bus.publish_must(Draft::new("a").payload(vec![0; 1_000])).await.unwrap();
    assert_eq!(too_large.dropped, 1, "at once: it will never fit");
}

/// What is refused to a principal says why, and how long to wait.
#[test]
fn e12_quotas_of_a_principal() {
    let settings = Settings { principal_bytes_per_second: Some(1_000), ..Settings::default() };
    let bus = Bus::new(Settings { principals_max: 2, ..settings });
    let send = |principal: &str, bytes: usize| {
        bus.publish(Draft::new("a").principal(principal).payload(vec![0; bytes]))
    };
    send("p", 600).unwrap();
    send("p", 300).unwrap();
    let Err(Refusal::RateExceeded { principal, bytes_per_second, retry_after }) = send("p", 600)
    else {
        panic!("it was not refused")
    };
    assert_eq!((principal.as_str(), bytes_per_second), ("p", 1_000));
    assert!(retry_after > Duration::ZERO && retry_after <= Duration::from_millis(500));
    // Another's is another bucket, and the system has none.
    send("q", 1_000).unwrap();
    bus.publish(Draft::new("a").payload(vec![0; 5_000])).unwrap();
    thread::sleep(retry_after);
    send("p", 600).unwrap();
    assert_eq!(bus.snapshot().refused, 1);

    let bus = Bus::default();
    let max = 5 << 20;
    bus.publish(Draft::new("a").payload(vec![0; max])).unwrap();
    assert_eq!(
        bus.publish(Draft::new("a").payload(vec![0; max + 1])),
        Err(Refusal::PayloadTooLarge { bytes: max + 1, max })
    );
}
