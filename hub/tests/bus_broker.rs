//! The delivery classes of the event bus, on their own, without HTTP.

use slotway_hub::bus::{Bus, Delivery, Draft, Interest, Lossy, Missed, Nothing, Overflow};

/// A queue of k, n published, nobody reads: n − k are lost, in that subscription alone, and
/// the loss is told in its place.
#[test]
fn b01_a_full_subscriber_loses_alone() {
    const N: u64 = 50;
    const K: usize = 8;
    for overflow in [Overflow::Oldest, Overflow::Newest] {
        let bus = Bus::default();
        let mut small =
            bus.subscribe(Interest::new("a.b").lossy(Lossy { capacity: K, overflow })).unwrap();
        let mut large = bus.subscribe(Interest::new("a.*")).unwrap();
        for number in 0..N {
            bus.publish(Draft::new("a.b").payload(number.to_string())).unwrap();
        }
        assert_eq!(small.tally().lossy.dropped, N - K as u64);
        assert_eq!(small.tally().lossy.matched, N);
        assert_eq!(large.tally().dropped(), 0);
        assert_eq!(bus.snapshot().total.dropped(), N - K as u64);

        let mut got = Vec::new();
        while let Ok(delivery) = small.try_recv() {
            got.push(match delivery {
                Delivery::Event(event) => event.seq(),
                Delivery::Gap { missed, .. } => {
                    assert_eq!(missed, Missed::Exactly(N - K as u64));
                    0
                }
            });
        }
        let k = K as u64;
        let expected: Vec<u64> = match overflow {
            Overflow::Oldest => std::iter::once(0).chain(N - k + 1..=N).collect(),
            Overflow::Newest => (1..=k).chain(std::iter::once(0)).collect(),
        };
        assert_eq!(got, expected, "{overflow:?}");
        assert_eq!(small.tally().delivered() + small.tally().dropped(), N);
        assert_eq!(small.try_recv(), Err(Nothing::Empty));

        let mut buffer = Vec::new();
        assert_eq!(large.try_recv_many(&mut buffer, usize::MAX, usize::MAX), N as usize);
    }
}
