//! The answer's body on its way out of the slot.
//!
//! A task of its own moves it into the spool, at the client's pace and a bounded number
//! of bytes ahead of it, and ends the exchange as soon as the worker's part is read.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use slotway_core::{End, Watch};
use tokio::task::AbortHandle;
use tracing::warn;

use super::spool::Room;
use super::upload::Idle;
use super::{Exchange, LOOKS_MAX, Spool, SpoolError, Upload};

/// The rest of an answer.
#[derive(Debug)]
pub(crate) struct Download {
    exchange: Arc<Exchange>,
    spool: Arc<Spool>,
    /// Bytes that the head still promises, if it promised a length.
    remaining: Option<u64>,
    idle: Idle,
    /// Ends with the answer: nothing of the request is wanted then.
    upload: Option<UploadTask>,
}

/// The task that goes on pushing a request while its answer is under way.
#[derive(Debug)]
pub(crate) struct UploadTask(AbortHandle);

impl UploadTask {
    pub(crate) fn spawn(mut upload: Upload, exchange: Arc<Exchange>) -> UploadTask {
        let task = tokio::spawn(async move {
            // However it ends, the worker has been told.
            let _ = poll_fn(|cx| upload.poll(cx, &exchange)).await;
        });
        UploadTask(task.abort_handle())
    }
}

impl Drop for UploadTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What one look at the slot came to.
enum Step {
    /// Bytes were moved.
    Moved,
    /// The worker has moved meanwhile.
    Again,
    /// The client has enough for now.
    ClientBusy,
    /// The worker has no more for now.
    WorkerBusy,
    /// It is over.
    Over(Result<(), SpoolError>),
    /// Nobody reads it any more.
    ReaderGone,
}

impl Download {
    pub(crate) fn new(
        exchange: Arc<Exchange>,
        spool: Arc<Spool>,
        length: Option<u64>,
        idle: Duration,
        upload: Option<UploadTask>,
    ) -> Download {
        let idle = Idle::new(idle);
        Download { exchange, spool, remaining: length, idle, upload }
    }

    /// Moves the answer until it is over or nobody reads it.
    pub(crate) async fn run(mut self) {
        let end = poll_fn(|cx| self.poll_move(cx)).await;
        let Some(end) = end else { return };
        if let Err(error) = end {
            let registration = self.exchange.registration();
            warn!(
                worker = registration.instance.who.id,
                name = registration.service.name(),
                %error,
                "a response broke off"
            );
        }
        // The client must not be told of the end before the slot is on its way back: its
        // next request may be there at once.
        let Download { exchange, spool, upload, .. } = self;
        drop(upload);
        drop(exchange);
        spool.end(end);
    }

    fn poll_move(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(), SpoolError>>> {
        self.exchange.wait_answer(cx);
        for _ in 0..LOOKS_MAX {
            match self.step(cx) {
                Step::Moved => self.idle.rest(),
                Step::Again => {}
                Step::Over(end) => return Poll::Ready(Some(end)),
                Step::ReaderGone => return Poll::Ready(None),
                // The connection's own limit ends a client that has stopped reading.
                Step::ClientBusy => {
                    self.idle.rest();
                    return Poll::Pending;
                }
                Step::WorkerBusy => {
                    return self.idle.poll_over(cx).map(|()| Some(Err(SpoolError::Idle)));
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn step(&mut self, cx: &Context<'_>) -> Step {
        let room = match self.spool.room(cx) {
            Room::ReaderGone => return Step::ReaderGone,
            Room::None => 0,
            Room::Bytes(room) => room,
        };
        // Before the look: what a worker did before it died counts.
        let dead = self.exchange.instance().is_dead();
        let Ok(readable) = self.exchange.readable() else {
            return Step::Over(Err(SpoolError::Worker));
        };
        if readable.length > 0 {
            return self.take(readable.length.min(room), readable.end);
        }
        match readable.end {
            End::Finished => Step::Over(self.check_end()),
            End::Aborted => Step::Over(Err(SpoolError::Worker)),
            End::Open if dead => Step::Over(Err(SpoolError::Worker)),
            End::Open if self.exchange.watch_answer() == Watch::Armed => Step::WorkerBusy,
            // A hostile worker can make this look again for ever; the caller counts.
            End::Open => Step::Again,
        }
    }

    fn take(&mut self, length: usize, end: End) -> Step {
        if length == 0 {
            return Step::ClientBusy;
        }
        if let Some(remaining) = self.remaining
            && (length as u64) > remaining
        {
            return Step::Over(Err(SpoolError::Length));
        }
        let Some(reserved) = self.spool.reserve(length) else { return Step::ClientBusy };
        let Ok(bytes) = self.exchange.read_body(length) else {
            self.spool.cancel(reserved);
            return Step::Over(Err(SpoolError::Worker));
        };
        if end == End::Open {
            self.exchange.tell_room();
        }
        self.remaining = self.remaining.map(|remaining| remaining - bytes.len() as u64);
        self.spool.push(reserved, Bytes::from(bytes));
        Step::Moved
    }

    fn check_end(&self) -> Result<(), SpoolError> {
        if self.remaining.is_none_or(|remaining| remaining == 0) {
            Ok(())
        } else {
            Err(SpoolError::Length)
        }
    }
}
