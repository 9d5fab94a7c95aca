//! A client's place in the book, from before its worker hears of it to the end of its
//! response.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::client::Heard;
use super::{Book, Client};
use crate::sse::{Lag, Opening, Seat, Stream};

/// A place in the book, until this is dropped.
#[derive(Debug)]
struct Guest {
    client: Arc<Client>,
    book: Arc<Book>,
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.book.leave(&self.client);
    }
}

/// A client whose worker has not answered. Dropped, it is one that has left.
#[derive(Debug)]
pub(crate) struct Connecting {
    guest: Guest,
    worker: Heard,
    seat: Seat,
}

impl Connecting {
    pub(super) fn new(
        client: Arc<Client>,
        worker: Heard,
        seat: Seat,
        book: Arc<Book>,
    ) -> Connecting {
        Connecting { guest: Guest { client, book }, worker, seat }
    }

    /// Its worker may have heard of it from here on.
    pub(crate) fn told(&self) {
        self.guest.client.set_heard(Some(self.worker.clone()));
    }

    /// Who it is. Whoever holds it puts off that its worker is told that it is gone.
    pub(crate) fn client(&self) -> &Arc<Client> {
        &self.guest.client
    }

    /// The worker would not have it.
    pub(crate) fn refuse(self) {
        let client = &self.guest.client;
        client.unheard();
        client.path.counts.refused.add_one();
    }

    /// The worker takes it: its stream, which begins with what was pushed since it connected.
    /// `retry`: how long it waits before it comes back, if its connection breaks.
    pub(crate) fn accept(self, retry: Duration, peer: Option<SocketAddr>) -> Stream {
        let Connecting { guest, seat, .. } = self;
        let (client, what) = (&guest.client, guest.client.path.text.clone());
        let opening = Opening {
            id: None,
            retry,
            ready: format!("{{\"connection\":\"{}\"}}", client.id()).into(),
            lag: Lag::Drop,
            client: peer,
            what,
        };
        guest.book.accept(client);
        Stream::new(seat, opening).on_end(move |_| drop(guest))
    }
}
