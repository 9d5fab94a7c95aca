//! One client's connection: what it speaks, then requests until it ends.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use tracing::debug;

use super::forwarded::Via;
use super::pace::{Pace, Rest};
use super::socket::Raw;
use super::wire::Wire;
use super::{http1, http2};
use crate::config::{HttpVersions, Listen};
use crate::phase::{Phase, Phases};
use crate::shared::Shared;

/// A client, as all requests of its connection see it.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    /// Its address; none on a Unix socket.
    pub(super) address: Option<SocketAddr>,
    /// What workers are told of it.
    pub(super) via: Arc<Via>,
}

/// A version of HTTP, as far as framing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// Serves one connection to its end.
pub(super) async fn connection(
    shared: Arc<Shared>,
    spoken: Arc<Listen>,
    stream: Raw,
    address: Option<SocketAddr>,
    phases: Phases,
) {
    let pace = Arc::new(Pace::new(shared.metrics.clone()));
    let mut wire = {
        let config = shared.config();
        Wire::new(stream, pace.clone(), config.times.idle, config.times.header_read)
    };
    let version = match spoken.http {
        HttpVersions::One => Ok(Version::One),
        HttpVersions::Two => Ok(Version::Two),
        HttpVersions::Both => sniff(&mut wire, &phases).await,
    };
    let secure = spoken.tls.is_some();
    let via = Arc::new(Via::new(address.map(|address| address.ip()), secure));
    let peer = Peer { address, via };
    let ended = match version {
        Ok(Version::One) => http1::serve(&shared, wire, peer, pace, phases).await,
        Ok(Version::Two) => http2::serve(&shared, wire, peer, pace, phases).await,
        Err(error) => return debug!(?address, %error, "a connection ended before it began"),
    };
    if let Err(error) = ended {
        debug!(?address, secure, %error, "a connection ended early");
    }
}

/// What an HTTP/2 client says first (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes that are read to find out: most requests whole, so that it costs no further read.
const SNIFFED_BYTES: usize = 2048;

/// Finds the version by the client's first bytes, which are given back.
async fn sniff(wire: &mut Wire<Raw>, phases: &Phases) -> io::Result<Version> {
    let mut bytes = BytesMut::with_capacity(SNIFFED_BYTES);
    let mut ending = phases.clone();
    let version = loop {
        let count = tokio::select! {
            biased;
            count = wire.read_buf(&mut bytes) => count?,
            () = ending.at_least(Phase::Draining) => return Err(io::ErrorKind::Interrupted.into()),
        };
        let same = bytes.iter().zip(PREFACE).take_while(|(one, other)| one == other).count();
        if same == PREFACE.len() {
            break Version::Two;
        }
        if count == 0 || same < bytes.len() {
            break Version::One;
        }
    };
    wire.inner_mut().unread(bytes.freeze());
    Ok(version)
}

/// A connection of hyper's.
pub(super) trait Graceful: Future<Output = hyper::Result<()>> {
    /// Lets what is in flight finish and takes nothing new; an idle connection closes now.
    fn graceful_shutdown(self: Pin<&mut Self>);
}

/// Drives a connection until it ends or the hub does. `rest`: it is told to end when it
/// has been idle for that long.
pub(super) async fn drive<C: Graceful>(
    connection: C,
    mut rest: Option<Rest>,
    mut phases: Phases,
) -> hyper::Result<()> {
    let mut connection = pin!(connection);
    let now = phases.now();
    for next in [Phase::Draining, Phase::Closed] {
        let ended = {
            let mut next_phase = pin!(phases.at_least(next));
            let mut watched = false;
            poll_fn(|cx| {
                if let Poll::Ready(ended) = connection.as_mut().poll(cx) {
                    return Poll::Ready(Some(ended));
                }
                if let Some(resting) = &mut rest
                    && resting.poll_over(cx).is_ready()
                {
                    rest = None;
                    connection.as_mut().graceful_shutdown();
                    // Polled again, so that it sees to its own end.
                    cx.waker().wake_by_ref();
                }
                // One poll leaves this task's waker there; each further one would take a
                // lock that all connections share.
                if !watched || now.is_at_least(next) {
                    watched = true;
                    return next_phase.as_mut().poll(cx).map(|()| None);
                }
                Poll::Pending
            })
            .await
        };
        match ended {
            Some(ended) => return ended,
            None => connection.as_mut().graceful_shutdown(),
        }
    }
    Ok(())
}
