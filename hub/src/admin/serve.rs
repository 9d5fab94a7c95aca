//! The admin surface's sockets.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::guard::Way;
use super::{Token, router};
use crate::accept::{self, Accept};
use crate::config::{Address, Admin};
use crate::control::BoundSocket;
use crate::error::HubError;
use crate::phase::{Phase, Phases};
use crate::shared::Shared;

/// Connections at a time, for each of the two: enough for people and their programs.
const CONNECTIONS_MAX: usize = 128;

/// How long an answer may still take when the hub ends.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Takes the TCP address and reads its token, if there is one.
pub(crate) async fn bind(config: &Admin) -> Result<Option<(TcpListener, Token)>, HubError> {
    let (Some(address), Some(path)) = (config.listen, &config.token_file) else { return Ok(None) };
    let token = Token::read(path).map_err(HubError::Config)?;
    let listener = TcpListener::bind(address).await;
    let listener =
        listener.map_err(|source| HubError::Listen { address: Address::Tcp(address), source })?;
    Ok(Some((listener, token)))
}

/// Where it listens.
#[derive(Debug)]
pub(crate) enum Surface {
    /// On its Unix socket.
    Socket(BoundSocket),
    /// On its TCP address.
    Tcp(TcpListener),
}

/// A connection of either.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

impl Accept for Surface {
    type Connection = Box<dyn Stream>;

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Box<dyn Stream>>> {
        fn boxed<S: Stream + 'static>(stream: S) -> Box<dyn Stream> {
            Box::new(stream)
        }
        match self {
            Surface::Socket(socket) => socket.poll_accept(cx).map_ok(boxed),
            Surface::Tcp(listener) => Accept::poll_accept(listener, cx).map_ok(|(s, _)| boxed(s)),
        }
    }
}

/// Serves it until the hub drains.
pub(crate) async fn serve(shared: Arc<Shared>, surface: Surface, mut phases: Phases) {
    let way = match surface {
        Surface::Socket(_) => Way::Socket,
        Surface::Tcp(_) => Way::Tcp(shared.clone()),
    };
    let router = router(shared, way);
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let place = tokio::select! {
            place = room.clone().acquire_owned() => place,
            () = phases.at_least(Phase::Draining) => return,
        };
        let Some(stream) = accept::next(&surface, "the admin surface", &mut phases).await else {
            return;
        };
        let connection = connection(stream, router.clone(), phases.clone());
        tokio::spawn(async move {
            connection.await;
            drop(place);
        });
    }
}

async fn connection(stream: Box<dyn Stream>, router: Router, mut phases: Phases) {
    let connection = hyper::server::conn::http1::Builder::new()
        // With it goes hyper's limit on the time for a head.
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = phases.at_least(Phase::Draining) => {}
    }
    // What listens to the bus has its last lines now; the dashboard's stream has no end.
    connection.as_mut().graceful_shutdown();
    let _ = timeout(LAST_WORDS, connection).await;
}
