//! The end of a connection whose client may still be sending.
//!
//! A socket that is closed with bytes unread answers with an RST, which takes from the
//! client what it has not read yet: the answer that says why. So the hub ends its sending
//! first and reads on for a while (RFC 9112, section 9.6).

use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

use crate::alarm::Alarm;

/// How long, and how much is thrown away at most.
const TIME: Duration = Duration::from_secs(5);
const BYTES: usize = 64 << 20;
/// How much at a time, and how often before others get their turn.
const PIECE: usize = 16 << 10;
const PIECES: usize = 16;

/// One connection's last reads.
#[derive(Debug)]
pub(super) struct Linger {
    until: Instant,
    left: usize,
    alarm: Alarm,
}

impl Linger {
    pub(super) fn new() -> Linger {
        Linger { until: Instant::now() + TIME, left: BYTES, alarm: Alarm::default() }
    }

    /// Throws away what comes, until the client ends or there was enough of it.
    pub(super) fn poll_over<T: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut T,
    ) -> Poll<()> {
        for _ in 0..PIECES {
            if self.alarm.poll_at(cx, self.until).is_ready() {
                return Poll::Ready(());
            }
            let mut piece = [const { MaybeUninit::uninit() }; PIECE];
            let mut piece = ReadBuf::uninit(&mut piece);
            let read = ready!(Pin::new(&mut *from).poll_read(cx, &mut piece));
            let count = piece.filled().len();
            if read.is_err() || count == 0 || count >= self.left {
                return Poll::Ready(());
            }
            self.left -= count;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
