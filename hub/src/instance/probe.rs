//! Asking a worker whether it is there, again and again.
//!
//! A worker that dies is noticed at once; one that hangs is alive to the kernel. Its
//! session drives one prober, so that all workers are asked at their own times and none
//! waits for another.

use std::future::{pending, poll_fn};
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use slotway_core::Violation;
use slotway_core::hub::{NotEnded, Progress, Ticket};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::Instance;
use crate::config::Health;

/// Where the asking stands.
#[derive(Debug)]
pub(crate) struct Prober {
    /// The probe that the worker has not answered yet.
    asked: Option<Ticket>,
    /// Until when the answer is awaited.
    due: Option<Instant>,
    /// When to ask next; never, if the worker does not know probes.
    next: Option<Instant>,
    /// Somebody waits for the answer, also where hanging workers are left alone.
    wanted: bool,
}

/// What came of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Probed {
    /// The worker answered in time.
    Answered,
    /// It did not, so many times in a row.
    Missed(u32),
}

impl Prober {
    /// One whose first probe comes after the interval.
    pub(crate) fn new(instance: &Instance, health: &Health) -> Prober {
        let known = instance.side().probe_slot().is_some();
        let next = known.then(|| Instant::now() + health.interval);
        Prober { asked: None, due: None, next, wanted: false }
    }

    /// Asks as soon as possible, whatever the interval.
    pub(crate) fn ask_now(&mut self) {
        if self.next.is_some() {
            (self.next, self.wanted) = (Some(Instant::now()), true);
        }
    }

    /// Asks when it is time to, and waits for what comes of it. May be dropped and called
    /// again without losing anything.
    ///
    /// # Errors
    ///
    /// The worker broke the protocol.
    pub(crate) async fn probed(
        &mut self,
        instance: &Instance,
        health: impl Fn() -> Health,
    ) -> Result<Probed, Violation> {
        loop {
            let Some(due) = self.due else {
                let Some(next) = self.next else { return pending().await };
                sleep_until(next).await;
                self.ask(instance, &health())?;
                continue;
            };
            let answered = {
                let Some(asked) = &self.asked else { return pending().await };
                let answer = poll_fn(|cx| instance.poll_probe(cx, asked));
                // It looks at the answer once more when the time is over: the hub itself
                // may have been away.
                timeout_at(due, answer).await
            };
            self.due = None;
            return match answered {
                Ok(found) => {
                    found?;
                    self.settle(instance)?;
                    self.wanted = false;
                    // Relaxed: a number for people; only this task writes it.
                    instance.misses.store(0, Ordering::Relaxed);
                    Ok(Probed::Answered)
                }
                Err(_) => {
                    // Relaxed: as above.
                    let before = instance.misses.fetch_add(1, Ordering::Relaxed);
                    Ok(Probed::Missed(before + 1))
                }
            };
        }
    }

    fn ask(&mut self, instance: &Instance, health: &Health) -> Result<(), Violation> {
        let now = Instant::now();
        self.next = Some(now + health.interval);
        if health.misses == 0 && !self.wanted {
            return Ok(());
        }
        // What was answered too late stays missed, and its slot is free again.
        if self.asked.as_ref().is_some_and(|asked| instance.is_probe_done(asked) != Ok(false)) {
            self.settle(instance)?;
        }
        // What is not answered at all is asked once: the worker finds it when it wakes.
        if self.asked.is_none()
            && let Some((ticket, rung)) = instance.side().probe()?
        {
            instance.ring(rung);
            self.asked = Some(ticket);
        }
        self.due = Some(now + health.timeout);
        Ok(())
    }

    /// Gives the slot of an answered probe back.
    fn settle(&mut self, instance: &Instance) -> Result<(), Violation> {
        match self.asked.take().map(|asked| instance.side().release(asked)) {
            None | Some(Ok(())) => Ok(()),
            Some(Err(NotEnded::Busy(asked))) => {
                self.asked = Some(asked);
                Ok(())
            }
            Some(Err(NotEnded::Violated(violation))) => Err(violation),
        }
    }
}

impl Instance {
    fn is_probe_done(&self, asked: &Ticket) -> Result<bool, Violation> {
        let progress = self.side().progress(asked)?;
        Ok(matches!(progress, Progress::Done { .. }))
    }

    fn poll_probe(&self, cx: &mut Context<'_>, asked: &Ticket) -> Poll<Result<(), Violation>> {
        // Before the look, so that no answer goes unnoticed; a completion always calls.
        self.wakers(asked.slot()).wait_answer(cx.waker());
        match self.is_probe_done(asked) {
            Ok(false) => Poll::Pending,
            Ok(true) => Poll::Ready(Ok(())),
            Err(violation) => Poll::Ready(Err(violation)),
        }
    }
}
