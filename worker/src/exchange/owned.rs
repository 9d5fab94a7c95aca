//! A request's head, copied out of its slot.

use std::sync::Arc;

use slotway_core::head::{HeadError, RequestHead};

/// A head that outlives its exchange: for handlers that may hold the request longer than
/// the answer takes.
#[derive(Debug)]
pub(crate) struct OwnedHead {
    // Borrows from `bytes`: given out for no longer than both live.
    head: RequestHead<'static>,
    // An Arc, because moving it does not touch what it points to.
    _bytes: Arc<[u8]>,
}

impl OwnedHead {
    pub(super) fn new(bytes: &[u8]) -> Result<OwnedHead, HeadError> {
        let bytes: Arc<[u8]> = bytes.into();
        let copied: *const [u8] = &raw const *bytes;
        // SAFETY: the bytes are never written, and live until the Arc goes, which the
        // struct keeps; `get` gives out nothing that outlives the struct.
        let copied: &'static [u8] = unsafe { &*copied };
        Ok(OwnedHead { head: RequestHead::parse(copied)?, _bytes: bytes })
    }

    pub(crate) fn get(&self) -> &RequestHead<'_> {
        &self.head
    }
}
