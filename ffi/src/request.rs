//! The request's handle and what is behind it.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use sdk::RawExchange;

use crate::error::Fault;
use crate::handle::{Held, Kind, Table};
use crate::worker::{WORKERS, lock};

/// A request in hand and the duty to answer it. Its two directions may be used by
/// different threads at the same time: one that reads the request's body, and one that
/// answers; whatever else concerns the request, by any thread.
pub struct slotway_request {
    _opaque: [u8; 0],
}

/// What is behind a request's handle.
pub(crate) struct Request {
    pub(crate) raw: RawExchange,
    /// The handle of the worker it came from.
    worker: usize,
    /// Whether that worker knows this handle by the request's token.
    watched: AtomicBool,
    pub(crate) userdata: AtomicPtr<c_void>,
}

pub(crate) static REQUESTS: Table<Request> = Table::new(Kind::Request);

/// Gives an exchange a handle. If there is none left the exchange answers for itself.
#[inline]
pub(crate) fn open(raw: RawExchange, worker: usize) -> Result<usize, Fault> {
    let userdata = AtomicPtr::new(std::ptr::null_mut());
    REQUESTS.insert(Request { raw, worker, watched: AtomicBool::new(false), userdata })
}

#[inline]
pub(crate) fn hold(request: *const slotway_request) -> Result<Held<'static, Request>, Fault> {
    REQUESTS.hold(request.addr())
}

impl Request {
    /// Makes the handle known to the worker, before the region is asked for a notice: it
    /// may come at once.
    pub(crate) fn watch(&self, request: *const slotway_request) {
        // Relaxed: the lock orders what matters, and a second insertion is the same one.
        if self.watched.load(Ordering::Relaxed) {
            return;
        }
        if let Ok(worker) = WORKERS.hold(self.worker) {
            lock(&worker.watched).requests.watch(self.raw.token(), request.addr());
        }
        self.watched.store(true, Ordering::Relaxed);
    }

    /// Undoes [`watch`](Self::watch).
    pub(crate) fn unwatch(&self, handle: usize) {
        if !self.watched.load(Ordering::Relaxed) {
            return;
        }
        if let Ok(worker) = WORKERS.hold(self.worker) {
            // Once it was answered its token may mean the slot's next request.
            lock(&worker.watched).requests.unwatch(self.raw.token(), handle);
        }
    }
}
