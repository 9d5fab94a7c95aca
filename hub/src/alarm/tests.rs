use std::future::poll_fn;
use std::time::Duration;

use super::*;

/// Goal: whatever it was set for before, it goes off when it is due and not before.
#[tokio::test(start_paused = true)]
async fn it_goes_off_when_it_is_due() {
    let mut alarm = Alarm::default();
    for seconds in [10, 1, 0, 60, 2] {
        let due = Instant::now() + Duration::from_secs(seconds);
        poll_fn(|cx| alarm.poll_at(cx, due)).await;
        assert!(Instant::now() >= due);
        assert!(Instant::now() < due + Duration::from_millis(5));
    }
}

/// Goal: one that was not waited out is pushed on, and an earlier time is kept too.
#[tokio::test(start_paused = true)]
async fn it_can_be_set_while_it_runs() {
    let mut alarm = Alarm::default();
    let start = Instant::now();
    let at = |seconds| start + Duration::from_secs(seconds);
    let looked = poll_fn(|cx| Poll::Ready(alarm.poll_at(cx, at(5)))).await;
    assert!(looked.is_pending());
    let looked = poll_fn(|cx| Poll::Ready(alarm.poll_at(cx, at(9)))).await;
    assert!(looked.is_pending());
    poll_fn(|cx| alarm.poll_at(cx, at(3))).await;
    assert!(Instant::now() >= at(3) && Instant::now() < at(4));
    poll_fn(|cx| alarm.poll_at(cx, at(9))).await;
    assert!(Instant::now() >= at(9));
}
