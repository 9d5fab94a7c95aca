//! An exchange as its Python objects share it: the request in hand, and whose turn it is.

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use pyo3::prelude::*;
use sdk::{ErrorCode, RawExchange};

use crate::error::coded;
use crate::fork::Maker;

/// The request in hand, and what its Python objects know of each other.
///
/// The fields are atomic so that they can be shared; what orders them is that every thread
/// that touches them is attached to the interpreter, one at a time. Hence `Relaxed`.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) raw: ManuallyDrop<RawExchange>,
    maker: Maker,
    /// The exchange may end from here on (P1, P2).
    closing: AtomicBool,
    /// A thread is at the answer.
    answering: AtomicBool,
    /// A thread waits for the request's body.
    reading: AtomicBool,
    /// The whole body was lent: it is not to be read in pieces as well.
    lent: AtomicBool,
    /// Buffers over the slot that are out.
    exports: AtomicUsize,
    /// How the exchange ends when the last of those comes back.
    owed: AtomicU8,
}

/// What is left to do when the last buffer over the slot comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Owed {
    Nothing = 0,
    Finish = 1,
    Abort = 2,
}

/// The right to answer, from one thread at a time.
#[derive(Debug)]
pub(crate) struct Answering<'a>(&'a Inner);

impl Drop for Answering<'_> {
    fn drop(&mut self) {
        self.0.answering.store(false, Ordering::Relaxed);
    }
}

/// The right to read the body, from one thread at a time.
#[derive(Debug)]
pub(crate) struct Reading<'a>(&'a Inner);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.reading.store(false, Ordering::Relaxed);
    }
}

impl Inner {
    pub(crate) fn new(raw: RawExchange) -> Inner {
        Inner {
            raw: ManuallyDrop::new(raw),
            maker: Maker::this(),
            closing: AtomicBool::new(false),
            answering: AtomicBool::new(false),
            reading: AtomicBool::new(false),
            lent: AtomicBool::new(false),
            exports: AtomicUsize::new(0),
            owed: AtomicU8::new(Owed::Nothing as u8),
        }
    }

    /// Whether the slot's memory may be looked at (P1, P4).
    #[inline]
    pub(crate) fn is_readable(&self) -> bool {
        !self.closing.load(Ordering::Relaxed) && self.maker.is_this()
    }

    /// As [`is_readable`](Self::is_readable), or the exception that says why not.
    #[inline]
    pub(crate) fn readable(&self, py: Python<'_>) -> PyResult<()> {
        if self.is_readable() {
            return Ok(());
        }
        self.maker.check(py)?;
        Err(coded(
            py,
            ErrorCode::AlreadyAnswered,
            "the request has been answered; keep what you need of it before you answer",
        ))
    }

    /// From here on the exchange may end, once no buffer is out (P2).
    #[inline]
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
    }

    /// It did not end: the answer was refused before anything of it was sent.
    pub(crate) fn reopen(&self) {
        self.closing.store(false, Ordering::Relaxed);
    }

    /// Takes the right to answer.
    #[inline]
    pub(crate) fn answering(&self, py: Python<'_>) -> PyResult<Answering<'_>> {
        self.maker.check(py)?;
        if self.answering.swap(true, Ordering::Relaxed) {
            return Err(coded(
                py,
                ErrorCode::OutOfOrder,
                "another thread is at this request's answer; answer from one at a time",
            ));
        }
        Ok(Answering(self))
    }

    /// Takes the right to read the body.
    #[inline]
    pub(crate) fn reading(&self, py: Python<'_>) -> PyResult<Reading<'_>> {
        self.readable(py)?;
        if self.reading.swap(true, Ordering::Relaxed) {
            return Err(coded(
                py,
                ErrorCode::OutOfOrder,
                "another thread waits for this request's body; read it from one at a time",
            ));
        }
        Ok(Reading(self))
    }

    pub(crate) fn is_lent(&self) -> bool {
        self.lent.load(Ordering::Relaxed)
    }

    pub(crate) fn set_lent(&self) {
        self.lent.store(true, Ordering::Relaxed);
    }

    /// A buffer over the slot goes out.
    pub(crate) fn export(&self) {
        self.exports.fetch_add(1, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn has_exports(&self) -> bool {
        self.exports.load(Ordering::Relaxed) != 0
    }

    /// The exchange is to end when the last buffer comes back.
    pub(crate) fn owe(&self, owed: Owed) {
        self.owed.store(owed as u8, Ordering::Relaxed);
    }

    /// Whether the exchange waits for buffers to come back.
    pub(crate) fn owes(&self) -> bool {
        self.owed.load(Ordering::Relaxed) != Owed::Nothing as u8
    }

    /// A buffer over the slot has come back.
    pub(crate) fn give_back(&self) {
        if self.exports.fetch_sub(1, Ordering::Relaxed) != 1 || !self.maker.is_this() {
            return;
        }
        let owed = self.owed.swap(Owed::Nothing as u8, Ordering::Relaxed);
        // Errors: the client has gone or the hub has, and nobody is left to be told.
        if owed == Owed::Finish as u8 {
            let _ = self.raw.finish();
        } else if owed == Owed::Abort as u8 {
            let _ = self.raw.abort();
        }
    }
}

impl Drop for Inner {
    /// Dropping an exchange in hand answers it, which is its maker's to do (P4).
    fn drop(&mut self) {
        if self.maker.is_this() {
            // SAFETY: nothing else drops it, and nobody has `self` any more.
            unsafe { ManuallyDrop::drop(&mut self.raw) };
        }
    }
}
