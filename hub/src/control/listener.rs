//! Accepting workers.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use slotway_core::control::RefusalCode;
use tokio::net::UnixStream;
use tokio::sync::Semaphore;
use tracing::warn;

use super::link::Link;
use super::session::{Peer, session};
use super::{BoundSocket, our_uid};
use crate::accept;
use crate::phase::Phases;
use crate::shared::Shared;

/// Accepts workers until the hub drains. Each session holds a clone of `phases`.
pub(crate) async fn listen(shared: Arc<Shared>, socket: BoundSocket, phases: Phases) {
    let room = Arc::new(Semaphore::new(shared.config().workers.max));
    let mut last_id = 0;
    let mut meet = |stream| {
        last_id += 1;
        tokio::spawn(admit(shared.clone(), stream, last_id, room.clone(), phases.clone()));
    };
    let mut ending = phases.clone();
    while let Some(stream) = accept::next(&socket, "workers", &mut ending).await {
        meet(stream);
    }
    // Whoever has connected already is told why it comes too late.
    while let Poll::Ready(Ok((stream, _))) =
        poll_fn(|cx| Poll::Ready(socket.listener().poll_accept(cx))).await
    {
        meet(stream);
    }
}

/// Looks at who it is before a byte is read.
async fn admit(
    shared: Arc<Shared>,
    stream: UnixStream,
    id: u64,
    room: Arc<Semaphore>,
    phases: Phases,
) {
    let cred = stream.peer_cred();
    let mut link = Link::new(stream, shared.config().times.control);
    let peer = match cred {
        Ok(cred) => Peer { id, pid: cred.pid().filter(|&pid| pid > 0), uid: cred.uid() },
        Err(error) => {
            warn!(%error, "a worker's user is not known");
            return;
        }
    };
    // A refusal that cannot be delivered is one all the same.
    if peer.uid != our_uid() && !shared.config().control.allow_uids.contains(&peer.uid) {
        warn!(worker = id, uid = peer.uid, pid = peer.pid, "a worker of another user was refused");
        let reason = format!(
            "user {} may not connect to this hub; run the worker as user {}, or allow its user \
             with --allow-uid",
            peer.uid,
            our_uid()
        );
        let _ = link.refuse(None, RefusalCode::NotAllowed, reason).await;
        return;
    }
    let Ok(_place) = room.try_acquire() else {
        let workers = shared.config().workers.max;
        warn!(worker = id, pid = peer.pid, workers, "a worker was refused: there are too many");
        let reason = format!(
            "the hub serves {workers} workers, as many as it may; raise --workers, or stop one"
        );
        let _ = link.refuse(None, RefusalCode::TooManyWorkers, reason).await;
        return;
    };
    session(shared, link, peer, phases).await;
}
