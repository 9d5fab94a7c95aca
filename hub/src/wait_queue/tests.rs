use std::pin::pin;
use std::task::{Context, Waker};

use super::*;

fn is_called(turn: &Turn) -> bool {
    let mut called = pin!(turn.called());
    called.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

fn queue(length_max: usize) -> Arc<WaitQueue> {
    Arc::new(WaitQueue::new(length_max))
}

#[test]
fn the_first_in_line_is_called_at_once_and_the_others_are_not() {
    let queue = queue(8);
    let (first, second) = (queue.enter().unwrap(), queue.enter().unwrap());
    assert!(is_called(&first));
    assert!(!is_called(&first), "a call is used up by looking");
    assert!(!is_called(&second));
}

#[test]
fn a_call_goes_to_the_first_and_leaving_hands_it_on() {
    let queue = queue(8);
    let (first, second) = (queue.enter().unwrap(), queue.enter().unwrap());
    assert!(is_called(&first));
    queue.call();
    assert!(!is_called(&second));
    assert!(is_called(&first));
    drop(first);
    assert!(is_called(&second));
    drop(second);
    assert!(queue.is_empty());
}

#[test]
fn leaving_from_the_middle_disturbs_nobody() {
    let queue = queue(8);
    let turns: Vec<_> = (0..3).map(|_| queue.enter().unwrap()).collect();
    assert!(is_called(&turns[0]));
    let [first, middle, last] = <[Turn; 3]>::try_from(turns).unwrap();
    drop(middle);
    assert!(!is_called(&last) && !is_called(&first));
    assert_eq!(queue.len(), 2);
    drop(first);
    assert!(is_called(&last));
}

#[test]
fn h04_a_full_line_refuses_and_the_hint_follows_its_fill() {
    let queue = queue(2);
    assert_eq!(queue.retry_after(), Duration::from_millis(25));
    let _first = queue.enter().unwrap();
    assert_eq!(queue.retry_after(), Duration::from_millis(137));
    let _second = queue.enter().unwrap();
    assert_eq!(queue.retry_after(), Duration::from_millis(250));
    assert!(matches!(queue.enter(), Err(Full)));
}

#[test]
fn a_call_can_be_passed_on_and_everybody_can_be_called() {
    let queue = queue(8);
    let (first, second) = (queue.enter().unwrap(), queue.enter().unwrap());
    assert!(is_called(&first));
    first.pass();
    assert!(is_called(&second));
    queue.call_all();
    assert!(is_called(&first) && is_called(&second));
}

/// Goal: with fewer tokens than tasks, every task gets one in the end; a lost call hangs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_lost_between_takers_and_givers() {
    let queue = queue(1024);
    let tokens = Arc::new(AtomicUsize::new(2));
    let take = |tokens: &AtomicUsize| {
        let taken = tokens.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |n| n.checked_sub(1));
        taken.is_ok()
    };
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (queue, tokens) = (queue.clone(), tokens.clone());
            tokio::spawn(async move {
                for _ in 0..200 {
                    if !queue.is_empty() || !take(&tokens) {
                        let turn = queue.enter().unwrap();
                        turn.called().await;
                        while !take(&tokens) {
                            turn.called().await;
                        }
                    }
                    tokio::task::yield_now().await;
                    tokens.fetch_add(1, Ordering::AcqRel);
                    queue.call();
                }
            })
        })
        .collect();
    let all = async {
        for task in tasks {
            task.await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all).await.expect("a call was lost");
    assert_eq!(tokens.load(Ordering::Acquire), 2);
}
