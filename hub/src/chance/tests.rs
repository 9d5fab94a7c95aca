use std::collections::HashSet;

use super::*;

#[test]
fn threads_do_not_repeat_each_other() {
    let draw = || (0..10_000).map(|_| chance_bytes()).collect::<Vec<_>>();
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(draw)).collect();
    let drawn = threads.into_iter().flat_map(|thread| thread.join().unwrap());
    let all: HashSet<_> = drawn.collect();
    assert_eq!(all.len(), 40_000);
}

#[test]
fn every_bit_comes_up_about_half_of_the_time() {
    let mut counts = [0_u32; 64];
    for _ in 0..10_000 {
        let drawn = chance();
        for (bit, count) in counts.iter_mut().enumerate() {
            *count += (drawn >> bit & 1) as u32;
        }
    }
    // Ten standard deviations.
    assert!(counts.iter().all(|count| (4_500..5_500).contains(count)), "{counts:?}");
}
