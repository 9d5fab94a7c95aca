//! Accepting connections, the same for every socket of the hub.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tracing::warn;

use crate::control::BoundSocket;
use crate::phase::{Phase, Phases};

/// How long to rest when the system has no descriptor left for a connection; those that
/// end give some back.
const PAUSE: Duration = Duration::from_millis(50);

/// A listening socket.
pub(crate) trait Accept {
    /// What it accepts.
    type Connection;

    /// The next connection in its backlog.
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Self::Connection>>;
}

/// The next connection; `None` once the hub drains. `whose` is for the log.
pub(crate) async fn next<L: Accept>(
    listener: &L,
    whose: &str,
    phases: &mut Phases,
) -> Option<L::Connection> {
    let mut told = false;
    loop {
        let accepted = tokio::select! {
            accepted = poll_fn(|cx| listener.poll_accept(cx)) => accepted,
            () = phases.at_least(Phase::Draining) => return None,
        };
        match accepted {
            Ok(connection) => return Some(connection),
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                // It may stay like that for long; one line says so.
                if !std::mem::replace(&mut told, true) {
                    warn!(%error, whose, "cannot accept a connection");
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whether only that connection is lost and the next may be accepted at once.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

impl Accept for TcpListener {
    type Connection = (TcpStream, std::net::SocketAddr);

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Self::Connection>> {
        self.poll_accept(cx)
    }
}

impl Accept for UnixListener {
    type Connection = UnixStream;

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<UnixStream>> {
        self.poll_accept(cx).map_ok(|(stream, _)| stream)
    }
}

impl Accept for BoundSocket {
    type Connection = UnixStream;

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<UnixStream>> {
        Accept::poll_accept(self.listener(), cx)
    }
}
