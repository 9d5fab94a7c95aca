//! The listener and its connections.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{debug, warn};

use super::handler::{Client, handle};
use super::pace::Pace;
use super::wire::Wire;
use crate::config::Address;
use crate::error::HubError;
use crate::phase::{Phase, Phases};
use crate::shared::Shared;

/// How long to rest when the system has no descriptor left for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Takes the address.
pub(crate) async fn bind(address: &Address) -> Result<TcpListener, HubError> {
    let Address::Tcp(address) = *address else {
        return Err(HubError::Config(format!("{address}: only TCP so far")));
    };
    TcpListener::bind(address).await.map_err(|source| HubError::Listen { address, source })
}

/// Accepts connections until the hub drains. Each connection holds a clone of `phases`.
/// When there are as many as there may be, further ones wait in the system's backlog.
pub(crate) async fn serve(shared: Arc<Shared>, listener: TcpListener, mut phases: Phases) {
    let room = Arc::new(Semaphore::new(shared.config().limits.connections));
    let name = listener.local_addr().map_or_else(|_| String::new(), |address| address.to_string());
    let counted = shared.metrics.connections.listener(&name);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            () = phases.at_least(Phase::Draining) => return,
        };
        match accepted {
            Ok((stream, peer, place)) => {
                let connection = connection(shared.clone(), stream, peer, phases.clone());
                let connected = counted.connected();
                tokio::spawn(async move {
                    connection.await;
                    drop((place, connected));
                });
            }
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                // Out of descriptors, most likely; connections that end give some back.
                warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = room.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}

fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

async fn connection(shared: Arc<Shared>, stream: TcpStream, peer: SocketAddr, mut phases: Phases) {
    // An answer is written whole; waiting for more of it would only delay it.
    let _ = stream.set_nodelay(true);
    let (times, head_bytes) = {
        let config = shared.config();
        (config.times.clone(), config.limits.head_bytes)
    };
    let client = Client { peer, pace: Arc::new(Pace::new(shared.metrics.clone())) };
    // Somewhat more than is allowed, so that what is a little too long is told so and the
    // connection goes on.
    let head_bytes = head_bytes * 2;
    let wire = Wire::new(stream, client.pace.clone(), times.idle, times.header_read);
    let wire = wire.guarded(head_bytes);
    let service = service_fn(|request| {
        let (shared, client) = (&shared, &client);
        async move { Ok::<_, Infallible>(handle(shared, client, request).await) }
    });
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_header_size(head_bytes)
        // One more, because hyper refuses a head that fills its buffer.
        .max_buf_size((head_bytes + 1).max(WRITE_BUFFER))
        .serve_connection(TokioIo::new(wire), service);
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
        let Some(ended) = ended else {
            // What is in flight finishes; an idle connection closes now.
            connection.as_mut().graceful_shutdown();
            continue;
        };
        if let Err(error) = ended {
            debug!(%peer, %error, "a connection ended early");
        }
        return;
    }
}

/// Bytes of a response that hyper holds for a client at most, besides its head.
const WRITE_BUFFER: usize = 128 << 10;
