use super::{TOGETHER, Wakers};

fn made(wakers: &Wakers) -> usize {
    wakers.pieces.iter().filter(|piece| piece.get().is_some()).count()
}

#[test]
fn a_slot_that_is_not_used_costs_nothing_and_was_never_taken() {
    let wakers = Wakers::new(4096);
    assert_eq!(wakers.taken(4095).at_ns, 0);
    assert_eq!(made(&wakers), 0);
    wakers.of(0).taken_at(7);
    assert_eq!((wakers.taken(0).at_ns, wakers.taken(1).at_ns), (7, 0));
    assert_eq!(made(&wakers), 1);
}

#[test]
fn every_slot_has_its_own() {
    let wakers = Wakers::new(TOGETHER as u32 + 3);
    for slot in 0..TOGETHER as u32 + 3 {
        wakers.of(slot).taken_at(u64::from(slot) + 1);
    }
    let taken: Vec<u64> = wakers.all().map(|one| one.taken().at_ns).collect();
    assert_eq!(taken, (1..=TOGETHER as u64 + 3).collect::<Vec<_>>());
}
