use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{FIRST, Kind, PLACES, Table};
use crate::error::Fault;

fn is_stale<T>(result: Result<T, Fault>) -> bool {
    matches!(result, Err(Fault::Stale(Kind::Request, _)))
}

/// A handle means its own tenant and nobody else, before and after it is closed.
#[test]
fn a_closed_handle_means_nobody() {
    let table = Table::new(Kind::Request);
    let first = table.insert("first").expect("room");
    assert_eq!(table.hold(first).ok().as_deref(), Some(&"first"));
    assert_eq!(table.remove(first).ok(), Some("first"));
    assert!(is_stale(table.hold(first)));
    assert!(is_stale(table.remove(first)));

    // The same place, another tenant.
    let second = table.insert("second").expect("room");
    assert_ne!(first, second);
    assert_eq!(first & 0xff_ffff, second & 0xff_ffff);
    assert!(is_stale(table.remove(first)));
    assert_eq!(table.hold(second).ok().as_deref(), Some(&"second"));
}

/// Numbers that are no handles are found out.
#[test]
fn made_up_handles_mean_nobody() {
    let table = Table::new(Kind::Request);
    let handle = table.insert(()).expect("room");
    let other_kind = handle & !0xf | Kind::Worker as usize;
    for made_up in [0, 1, 2, handle + 16, handle | 1 << 40, other_kind, usize::MAX, !0xd] {
        assert!(made_up == handle || is_stale(table.hold(made_up)), "{made_up:#x}");
    }
    assert!(table.hold(handle).is_ok());
}

/// Places through every chunk boundary are different places.
#[test]
fn a_table_grows() {
    let table = Table::new(Kind::Request);
    let count = FIRST * 20;
    let handles: Vec<usize> = (0..count).map(|n| table.insert(n).expect("room")).collect();
    assert_eq!(handles.iter().collect::<HashSet<_>>().len(), count as usize);
    for (n, &handle) in (0..).zip(&handles) {
        assert_eq!(table.hold(handle).ok().as_deref(), Some(&n));
    }
    for &handle in &handles {
        assert!(table.remove(handle).is_ok());
    }
    // What is free is used again.
    for n in 0..count {
        assert!(table.insert(n).is_ok());
    }
    assert_eq!(table.used.load(Ordering::Relaxed), count);
}

#[test]
fn a_full_table_says_so() {
    let table = Table::new(Kind::Request);
    table.used.store(PLACES, Ordering::Relaxed);
    assert!(matches!(table.insert(()), Err(Fault::Handles(Kind::Request))));
}

/// Threads that open and close at random never meet in one place.
#[test]
fn threads_share_a_table() {
    let table = Table::new(Kind::Request);
    let alive = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let run = |thread: usize| {
            let (table, alive) = (&table, &alive);
            scope.spawn(move || {
                let token = Arc::new(thread);
                let mut mine = Vec::new();
                for round in 0..20_000_usize {
                    if (round * 7 + thread).is_multiple_of(3) && !mine.is_empty() {
                        let handle = mine.swap_remove(round % mine.len());
                        let held = table.hold(handle).ok().map(|held| Arc::clone(&held));
                        assert_eq!(held.as_deref(), Some(&thread));
                        assert_eq!(table.remove(handle).ok().as_deref(), Some(&thread));
                        alive.fetch_sub(1, Ordering::Relaxed);
                    } else if mine.len() < 100 {
                        mine.push(table.insert(token.clone()).expect("room"));
                        alive.fetch_add(1, Ordering::Relaxed);
                    }
                }
                for handle in mine {
                    assert!(table.remove(handle).is_ok());
                    alive.fetch_sub(1, Ordering::Relaxed);
                }
                assert_eq!(Arc::strong_count(&token), 1);
            })
        };
        // Joined one by one: ThreadSanitizer sees that, and not the end of a scope.
        let threads = [0, 1, 2, 3].map(run);
        for thread in threads {
            thread.join().expect("the thread is content");
        }
    });
    assert_eq!(alive.load(Ordering::Relaxed), 0);
    assert!(table.used.load(Ordering::Relaxed) <= 400);
}
