//! What is counted is counted, and nothing else: the other tests' zeros mean something.

use std::hint::black_box;

use slotway_counting::{
    Counting, Counts, count_this_thread, counts, counts_of_this_thread, remember_sites, sites,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[inline(never)]
fn asks_for_memory() {
    let mut bytes: Vec<u8> = black_box(Vec::with_capacity(100));
    bytes.reserve_exact(200);
    drop(black_box(bytes));
    drop(black_box(vec![0_u8; 50]));
}

#[test]
fn a_counted_thread_is_counted_and_others_are_not() {
    asks_for_memory();
    assert_eq!((counts(), counts_of_this_thread()), Default::default());
    count_this_thread();
    remember_sites(true);
    asks_for_memory();
    remember_sites(false);
    let found = Counts { allocations: 3, bytes: 350 };
    assert_eq!((counts(), counts_of_this_thread()), (found, found));
    let sites = sites(1);
    let named = sites.iter().filter(|site| site.frames[0].contains("asks_for_memory"));
    assert_eq!(named.map(|site| site.allocations).sum::<u64>(), 3, "{sites:?}");
}
