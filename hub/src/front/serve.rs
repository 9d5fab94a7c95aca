//! The listener and its connections.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{debug, warn};

use super::handler::handle;
use super::stall::StallLimit;
use crate::error::HubError;
use crate::phase::{Phase, Phases};
use crate::shared::Shared;

/// How long to rest when the system has no descriptor left for a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Takes the address.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, HubError> {
    TcpListener::bind(address).await.map_err(|source| HubError::Listen { address, source })
}

/// Accepts connections until the hub drains. Each connection holds a clone of `phases`.
/// When there are as many as there may be, further ones wait in the system's backlog.
pub(crate) async fn serve(shared: Arc<Shared>, listener: TcpListener, mut phases: Phases) {
    let room = Arc::new(Semaphore::new(shared.config.limits.connections));
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &room) => accepted,
            () = phases.at_least(Phase::Draining) => return,
        };
        match accepted {
            Ok((stream, peer, place)) => {
                let connection = connection(shared.clone(), stream, peer, phases.clone());
                tokio::spawn(async move {
                    connection.await;
                    drop(place);
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
    let times = &shared.config.times;
    let stream = TokioIo::new(StallLimit::new(stream, times.idle));
    let service = service_fn(|request| {
        let shared = &shared;
        async move { Ok::<_, Infallible>(handle(shared, request, peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(times.header_read)
        .max_header_size(shared.config.limits.head_bytes)
        .max_buf_size(shared.config.limits.head_bytes.max(WRITE_BUFFER))
        .serve_connection(stream, service);
    let mut connection = pin!(connection);
    let mut next_phase = Phase::Draining;
    loop {
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = phases.at_least(next_phase) => match next_phase {
                Phase::Closed => return,
                _ => {
                    // What is in flight finishes; an idle connection closes now.
                    connection.as_mut().graceful_shutdown();
                    next_phase = Phase::Closed;
                    continue;
                }
            },
        };
        if let Err(error) = ended {
            debug!(%peer, %error, "a connection ended early");
        }
        return;
    }
}

/// Bytes of a response that hyper holds for a client at most, besides its head.
const WRITE_BUFFER: usize = 128 << 10;
