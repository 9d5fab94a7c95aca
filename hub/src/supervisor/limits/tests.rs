use super::*;

/// Goal: the fields of /proc are those that are meant.
#[test]
fn the_memory_of_our_own_group_is_about_what_the_system_says() {
    let filled = std::hint::black_box(vec![1_u8; 64 << 20]);
    let group = rustix::process::getpgrp().as_raw_nonzero().get().cast_unsigned();
    let bytes = resident_bytes()[&group];
    assert!(bytes >= filled.len() as u64, "{bytes}");
    assert!(bytes < 1 << 40, "{bytes}");
}

#[test]
fn jitter_is_spread_over_its_whole_range_and_never_beyond() {
    assert_eq!(up_to(0), 0);
    let seen: std::collections::BTreeSet<_> = (0..1000).map(|_| up_to(3)).collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3]);
    up_to(u64::MAX);
}
