use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::*;

fn later() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

#[tokio::test]
async fn as_many_as_the_limit_are_in_and_the_next_comes_when_one_leaves() {
    let gate = Arc::new(Gate::new(2, 8));
    let first = gate.enter(later()).await.unwrap();
    let _second = gate.enter(later()).await.unwrap();
    assert!(gate.try_enter().is_none());
    let mut third = pin!(gate.enter(later()));
    let mut fourth = pin!(gate.enter(later()));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(third.as_mut().poll(&mut cx).is_pending());
    assert!(fourth.as_mut().poll(&mut cx).is_pending());
    drop(first);
    assert!(gate.try_enter().is_none(), "a newcomer does not overtake");
    assert!(fourth.as_mut().poll(&mut cx).is_pending(), "first come first served");
    let Poll::Ready(Ok(third)) = third.as_mut().poll(&mut cx) else { panic!("there is room") };
    assert!(fourth.as_mut().poll(&mut cx).is_pending());
    drop(third);
    assert!(matches!(fourth.as_mut().poll(&mut cx), Poll::Ready(Ok(_))));
}

#[tokio::test(start_paused = true)]
async fn a_line_has_an_end_and_a_wait_too() {
    let gate = Arc::new(Gate::new(1, 1));
    let pass = gate.enter(later()).await.unwrap();
    let until = Instant::now() + Duration::from_millis(20);
    let mut second = pin!(gate.enter(until));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(second.as_mut().poll(&mut cx).is_pending());
    assert_eq!(gate.enter(until).await.unwrap_err(), Refused::Full);
    assert_eq!(second.await.unwrap_err(), Refused::Late);
    drop(pass);
    assert!(gate.try_enter().is_some(), "who gave up holds nothing");
}

#[tokio::test]
async fn a_higher_limit_lets_those_in_who_wait() {
    let gate = Arc::new(Gate::new(1, 8));
    let _first = gate.enter(later()).await.unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let mut second = pin!(gate.enter(later()));
    let mut third = pin!(gate.enter(later()));
    assert!(second.as_mut().poll(&mut cx).is_pending());
    assert!(third.as_mut().poll(&mut cx).is_pending());
    gate.set_limits(3, 8);
    let second = second.as_mut().poll(&mut cx);
    assert!(matches!(second, Poll::Ready(Ok(_))));
    assert!(matches!(third.as_mut().poll(&mut cx), Poll::Ready(Ok(_))));
}
