//! What is measured of an event bus, for any bus: the same code drives ours and the peer's.
//!
//! What is counted is events that have been received by whom they were for: publishing into
//! queues that nobody empties would measure half of the work.

use std::time::{Duration, Instant};

/// Bytes of a payload.
pub(crate) const PAYLOAD: usize = 64;

/// Events published before they are received: below every bus's capacity.
const BURST: usize = 256;

/// A bus as it is used here. Topics are `bench.N.event`, patterns are `bench.N.*`.
pub(crate) trait Bus {
    /// Gets every event.
    type Plain;
    /// Gets the events of a pattern, by a queue for each principal.
    type Routed;

    fn new() -> Self;
    fn plain(&self) -> Self::Plain;
    fn routed(&self, pattern: &str) -> Self::Routed;
    /// An event of topic `bench.0.event`, ready to be published again and again.
    fn prepare(&mut self, principals: usize);
    /// Publishes it, by one of the principals.
    fn publish(&self, principal: usize);
    /// Receives what there is, and gives how many events.
    fn take_plain(plain: &mut Self::Plain) -> usize;
    fn take_routed(routed: &mut Self::Routed) -> usize;
    /// Waits for one event in a task of a runtime.
    fn next(plain: &mut Self::Plain) -> impl Future<Output = ()> + Send;
}

/// What is measured, as it is named on a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// 1,000 routed subscriptions of which 10 match.
    Routed,
    /// So many that get everything.
    Broadcast(usize),
    /// One routed subscription that matches, and so many that do not.
    Nonmatching(usize),
    /// One routed subscription at its budget of bytes, with so many principals.
    Budget(usize),
    /// One subscriber in a task that sleeps until the event comes.
    Wake,
}

impl Case {
    pub(crate) const ALL: [Case; 7] = [
        Case::Routed,
        Case::Broadcast(1),
        Case::Broadcast(100),
        Case::Nonmatching(1_000),
        Case::Nonmatching(10_000),
        Case::Budget(1_000),
        Case::Wake,
    ];

    pub(crate) fn argument(self) -> String {
        match self {
            Case::Routed => "routed".to_owned(),
            Case::Broadcast(subscribers) => format!("broadcast-{subscribers}"),
            Case::Nonmatching(others) => format!("nonmatching-{others}"),
            Case::Budget(principals) => format!("budget-{principals}"),
            Case::Wake => "wake".to_owned(),
        }
    }

    #[allow(dead_code, reason = "only a peer is told by its command line")]
    pub(crate) fn parse(argument: &str) -> Option<Case> {
        Case::ALL.into_iter().find(|case| case.argument() == argument)
    }
}

/// One round: events a second, or microseconds for a wake-up.
pub(crate) fn measure<B: Bus + Send + Sync + 'static>(case: Case, limit: Duration) -> f64
where
    B::Plain: Send + 'static,
{
    let mut bus = B::new();
    bus.prepare(if let Case::Budget(principals) = case { principals } else { 1 });
    match case {
        Case::Routed => {
            let mut routed: Vec<_> =
                (0..1_000).map(|at| bus.routed(&format!("bench.{}.*", at / 10))).collect();
            rate(&bus, &mut routed[..10], B::take_routed, limit)
        }
        Case::Broadcast(subscribers) => {
            let mut plain: Vec<_> = (0..subscribers).map(|_| bus.plain()).collect();
            rate(&bus, &mut plain, B::take_plain, limit)
        }
        Case::Nonmatching(others) => {
            let mut routed: Vec<_> =
                (0..=others).map(|at| bus.routed(&format!("bench.{at}.*"))).collect();
            rate(&bus, &mut routed[..1], B::take_routed, limit)
        }
        Case::Budget(principals) => at_budget(&bus, principals, limit),
        Case::Wake => wake(bus, limit),
    }
}

/// Publishes and receives in turn; everybody must get everything.
fn rate<B: Bus, S>(
    bus: &B,
    subscribers: &mut [S],
    take: impl Fn(&mut S) -> usize,
    limit: Duration,
) -> f64 {
    let mut turn = || {
        for _ in 0..BURST {
            bus.publish(0);
        }
        for subscriber in subscribers.iter_mut() {
            assert_eq!(take(subscriber), BURST, "a subscriber did not get everything");
        }
    };
    turn();
    let begin = Instant::now();
    let mut turns = 0;
    while begin.elapsed() < limit {
        turn();
        turns += 1;
    }
    (turns * BURST) as f64 / begin.elapsed().as_secs_f64()
}

/// Publishes to a subscription that is full, so that each event costs another one its place.
fn at_budget<B: Bus>(bus: &B, principals: usize, limit: Duration) -> f64 {
    let mut routed = bus.routed("bench.0.*");
    // Two megabytes of payload, for a budget of one.
    for at in 0..(2 << 20) / PAYLOAD {
        bus.publish(at % principals);
    }
    let begin = Instant::now();
    let mut published = 0;
    while begin.elapsed() < limit {
        for _ in 0..BURST {
            bus.publish(published % principals);
            published += 1;
        }
    }
    let rate = published as f64 / begin.elapsed().as_secs_f64();
    let held = B::take_routed(&mut routed);
    assert!(held * PAYLOAD <= 1 << 20, "{held} events are more than the budget");
    assert!(held > principals, "only {held} events were held");
    rate
}

/// From publishing until a task that slept has received: the median in microseconds.
fn wake<B: Bus + Send + Sync + 'static>(bus: B, limit: Duration) -> f64
where
    B::Plain: Send + 'static,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build();
    let runtime = runtime.expect("a runtime of one thread");
    let mut plain = bus.plain();
    let (done, received) = std::sync::mpsc::channel();
    runtime.spawn(async move {
        loop {
            B::next(&mut plain).await;
            if done.send(Instant::now()).is_err() {
                return;
            }
        }
    });
    let mut times = Vec::new();
    let begin = Instant::now();
    while begin.elapsed() < limit {
        // Long enough for the thread to fall asleep.
        std::thread::sleep(Duration::from_micros(300));
        let start = Instant::now();
        bus.publish(0);
        let at = received.recv().expect("the task goes on");
        times.push(at.duration_since(start).as_nanos() as f64 / 1000.0);
    }
    drop(received);
    runtime.shutdown_background();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
