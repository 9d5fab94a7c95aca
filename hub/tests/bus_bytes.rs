//! Lossy subscriptions are bounded in bytes as well as in events.

use std::task::{Context, Waker};
use std::time::Duration;

use slotway_hub::bus::{
    Bus, Delivery, Draft, EVENT_OVERHEAD, Interest, Lossy, Overflow, Settings, Subscription,
};

fn subscribe(bus: &Bus, bytes: usize, overflow: Overflow) -> Subscription {
    let lossy = Lossy { bytes, overflow, ..Lossy::default() };
    bus.subscribe(Interest::new("a").lossy(lossy)).unwrap()
}

fn publish(bus: &Bus, payload: usize) {
    bus.publish(Draft::new("a").payload(vec![b'x'; payload])).unwrap();
}

/// What one event with such a payload counts for.
fn size(payload: usize) -> usize {
    EVENT_OVERHEAD + "message".len() + payload
}

/// What comes out: payload sizes, and gaps as negative numbers.
fn drain(subscription: &mut Subscription) -> Vec<i64> {
    let mut got = Vec::new();
    while let Ok(delivery) = subscription.try_recv() {
        got.push(match delivery {
            Delivery::Event(event) => event.payload().len() as i64,
            Delivery::Gap { missed, .. } => -(missed.count() as i64),
        });
    }
    got
}

fn adds_up(subscription: &Subscription) {
    let (tally, queued) = (subscription.tally(), subscription.queued() as u64);
    assert_eq!(tally.delivered() + tally.dropped() + queued, tally.matched(), "{tally:?}");
}

/// Nobody holds more than its bytes, whatever the size of the events; who asks for nothing
/// has a MiB.
#[test]
fn e04_a_lossy_subscriber_holds_no_more_than_its_bytes() {
    let bus = Bus::default();
    let plain = bus.subscribe(Interest::new("a")).unwrap();
    let newest = subscribe(&bus, 1 << 20, Overflow::Newest);
    for _ in 0..40 {
        publish(&bus, 100_000);
    }
    for subscription in [&plain, &newest] {
        assert_eq!(subscription.queued(), 10);
        assert_eq!(subscription.tally().dropped(), 30);
        adds_up(subscription);
    }
    for standing in bus.snapshot().subscribers {
        assert!(standing.bytes <= 1 << 20, "{} bytes", standing.bytes);
    }
}

/// What goes when the bytes are used up is what the subscriber has chosen.
#[test]
fn b01_bytes_overflow_as_events_do() {
    let bus = Bus::default();
    let mut oldest = subscribe(&bus, 3 * size(100), Overflow::Oldest);
    let mut newest = subscribe(&bus, 3 * size(100), Overflow::Newest);
    for payload in [100, 101, 102, 20, 21] {
        publish(&bus, payload);
    }
    // 100 and 101 fit beside each other and 20, but not beside 102.
    assert_eq!(drain(&mut oldest), [-2, 102, 20, 21]);
    assert_eq!(drain(&mut newest), [100, 101, -1, 20, -1]);
    adds_up(&oldest);
    adds_up(&newest);
}

/// One that is too large by itself is lost, told in its place, and pushes nothing out: to
/// members of a shared queue at any place in it, and to one that chose to lose the newest.
#[test]
fn e04_one_event_over_the_bytes_is_a_loss_in_band() {
    let bus = Bus::default();
    let bytes = 2 * size(50);
    let mut ahead = subscribe(&bus, bytes, Overflow::Oldest);
    let mut behind = subscribe(&bus, bytes, Overflow::Oldest);
    let mut newest = subscribe(&bus, bytes, Overflow::Newest);
    let mut large = subscribe(&bus, 1 << 20, Overflow::Oldest);
    publish(&bus, 10);
    assert_eq!(drain(&mut ahead), [10]);
    for payload in [500, 11, 501, 502] {
        publish(&bus, payload);
    }
    let mut late = subscribe(&bus, bytes, Overflow::Oldest);
    for subscription in [&ahead, &behind, &newest] {
        assert_eq!(subscription.tally().lossy.dropped, 3);
        adds_up(subscription);
    }
    assert_eq!(drain(&mut ahead), [-1, 11, -2]);
    assert_eq!(drain(&mut behind), [10, -1, 11, -2]);
    assert_eq!(drain(&mut newest), [10, -1, 11, -2]);
    assert_eq!(drain(&mut large), [10, 500, 11, 501, 502]);
    assert_eq!(drain(&mut late), [0; 0]);
    publish(&bus, 503);
    publish(&bus, 12);
    assert_eq!(drain(&mut late), [-1, 12]);
    assert_eq!(bus.snapshot().total.dropped(), 3 + 3 + 3 + 4 + 1 - 1);
}

/// A batch ends where something was lost, and goes on behind it.
#[test]
fn e08_batches_tell_a_loss_in_its_place() {
    let bus = Bus::default();
    let mut sub = subscribe(&bus, 10 * size(9), Overflow::Oldest);
    for payload in [1, 2, 5_000, 3, 5_000, 5_000, 4] {
        publish(&bus, payload);
    }
    let mut batch = Vec::new();
    sub.try_recv_many(&mut batch, usize::MAX, usize::MAX);
    let told = batch.iter().map(|delivery| match delivery {
        Delivery::Event(event) => event.payload().len() as i64,
        Delivery::Gap { missed, .. } => -(missed.count() as i64),
    });
    assert_eq!(told.collect::<Vec<_>>(), [1, 2, -1, 3, -2, 4]);
}

/// A must-deliver event that has its place is not lost to bytes that come, and one that is
/// too large by itself has nothing to wait for.
#[tokio::test]
async fn b02_must_deliver_counts_in_bytes() {
    let bus = Bus::new(Settings { must_deadline: Duration::from_secs(60), ..Settings::default() });
    for overflow in [Overflow::Oldest, Overflow::Newest] {
        let mut sub = subscribe(&bus, 2 * size(100), overflow);
        publish(&bus, 10);
        let must = Draft::new("a").payload(vec![0; 150]);
        assert_eq!(bus.publish_must(must).await.unwrap().dropped, 0);
        // There is no room for it beside what may not be lost, so it is what goes.
        publish(&bus, 160);
        let huge = Draft::new("a").payload(vec![0; 1_000]);
        assert_eq!(bus.publish_must(huge).await.unwrap().dropped, 1);
        adds_up(&sub);
        assert_eq!(drain(&mut sub), [10, 150, -2], "{overflow:?}");
        assert_eq!((sub.tally().lossy.dropped, sub.tally().must.dropped), (1, 1));
    }
}

/// A large event that waits for room, and is taken back, lets a small one behind it in.
#[tokio::test]
async fn b04_who_goes_makes_way_for_who_waits_behind() {
    let bus = Bus::new(Settings { must_deadline: Duration::from_secs(60), ..Settings::default() });
    let mut sub = subscribe(&bus, 2 * size(100), Overflow::Oldest);
    bus.publish_must(Draft::new("a").payload(vec![0; 100])).await.unwrap();
    let mut context = Context::from_waker(Waker::noop());
    let mut large = Box::pin(bus.publish_must(Draft::new("a").payload(vec![0; 200])));
    assert!(large.as_mut().poll(&mut context).is_pending());
    let mut little = Box::pin(bus.publish_must(Draft::new("a").payload(vec![0; 1])));
    assert!(little.as_mut().poll(&mut context).is_pending(), "it overtook one that came before");
    drop(large);
    assert_eq!(little.await.unwrap().dropped, 0);
    assert_eq!(drain(&mut sub), [100, -1, 1]);
    adds_up(&sub);
}

/// Members of one shared queue that lose by events, by bytes and by size at once: what they
/// count is exact, also when they have left.
#[test]
fn b03_counts_are_exact_whatever_the_loss() {
    let bus = Bus::default();
    let member = |capacity| {
        let lossy = Lossy { capacity, bytes: 20 * size(40), ..Lossy::default() };
        bus.subscribe(Interest::new("a").lossy(lossy)).unwrap()
    };
    let mut members: Vec<_> = (0..100).map(|number| member(1 + number % 30)).collect();
    for number in 0..2_000 {
        publish(&bus, [0, 40, 90, 5_000][number % 4]);
        let reader = &mut members[number % 100];
        if number % 3 == 0 {
            let _ = reader.try_recv();
        }
    }
    members.iter().for_each(adds_up);
    let mut dropped = 0;
    for member in members {
        let (queued, tally) = (member.queued() as u64, member.tally());
        let left = member.close();
        assert_eq!(left.matched(), 2_000);
        assert_eq!(left.dropped(), tally.dropped() + queued);
        dropped += left.dropped();
    }
    assert_eq!(bus.snapshot().total.dropped(), dropped);
}
