//! One client's connection: what it speaks, then requests until it ends.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tracing::debug;

use super::forwarded::Via;
use super::listen::Spoken;
use super::pace::{Pace, Rest};
use super::proxy_protocol::{self, Source};
use super::socket::{Raw, Socket};
use super::wire::Wire;
use super::{http1, http2, tls};
use crate::config::HttpVersions;
use crate::metrics;
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

/// One connection, before it is known who speaks what.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
    pub(super) spoken: Arc<Spoken>,
    pub(super) counted: Arc<metrics::Listener>,
    pub(super) phases: Phases,
}

impl Connection {
    /// Serves it to its end.
    pub(super) async fn run(self, stream: Raw, address: Option<SocketAddr>) {
        let Connection { shared, spoken, phases, .. } = &self;
        let plain = !spoken.proxy_protocol && spoken.tls.is_none();
        let greeted = if plain {
            Ok((Socket::Plain(stream), address))
        } else {
            self.greet(stream, address).await
        };
        let (socket, address) = match greeted {
            Ok(greeted) => greeted,
            Err(error) => return debug!(?address, %error, "a connection ended before it began"),
        };
        let pace = Arc::new(Pace::new(shared.metrics.clone()));
        let (idle, header_read) = {
            let times = &shared.config().times;
            (times.idle, times.header_read)
        };
        let secure = spoken.tls.is_some();
        let chosen = match (&socket, spoken.http) {
            (Socket::Tls(stream), _) => Some(tls_version(stream)),
            (_, HttpVersions::One) => Some(Version::One),
            (_, HttpVersions::Two) => Some(Version::Two),
            (_, HttpVersions::Both) => None,
        };
        let mut wire = Wire::new(socket, pace.clone(), idle, header_read);
        let version = match chosen {
            Some(version) => Ok(version),
            None => sniff(&mut wire, phases).await,
        };
        let via = Arc::new(Via::new(address.map(|address| address.ip()), secure));
        let peer = Peer { address, via };
        let phases = phases.clone();
        let ended = match version {
            Ok(Version::One) => http1::serve(shared, wire, peer, pace, phases).await,
            Ok(Version::Two) => http2::serve(shared, wire, peer, pace, phases).await,
            Err(error) => return debug!(?address, %error, "a connection ended before it began"),
        };
        if let Err(error) = ended {
            debug!(?address, secure, %error, "a connection ended early");
        }
    }

    /// What comes before HTTP, all of it within the time that a request's head has: a
    /// proxy's word about its client, then a handshake.
    async fn greet(
        &self,
        stream: Raw,
        address: Option<SocketAddr>,
    ) -> io::Result<(Socket, Option<SocketAddr>)> {
        let limit = self.shared.config().times.header_read;
        let mut ending = self.phases.clone();
        tokio::select! {
            greeted = timeout(limit, self.greet_slowly(stream, address)) => match greeted {
                Ok(greeted) => greeted,
                Err(_) => {
                    self.count_failure();
                    Err(io::ErrorKind::TimedOut.into())
                }
            },
            () = ending.at_least(Phase::Draining) => Err(io::ErrorKind::Interrupted.into()),
        }
    }

    async fn greet_slowly(
        &self,
        mut stream: Raw,
        mut address: Option<SocketAddr>,
    ) -> io::Result<(Socket, Option<SocketAddr>)> {
        if self.spoken.proxy_protocol {
            match proxy_protocol::read(&mut stream).await? {
                Source::Proxy => {}
                Source::Client(client) => address = Some(client),
                Source::Unix => address = None,
            }
        }
        let Some(server) = &self.spoken.tls else { return Ok((Socket::Plain(stream), address)) };
        let shaken = match begin_tls(stream).await {
            Ok(stream) => server.accept(stream).await,
            Err(error) => Err(error),
        };
        match shaken {
            Ok(stream) => Ok((Socket::Tls(Box::new(stream)), address)),
            Err(error) => {
                self.count_failure();
                Err(error)
            }
        }
    }

    fn count_failure(&self) {
        if self.spoken.tls.is_some() {
            self.counted.handshakes_failed.add_one();
        }
    }
}

fn tls_version(stream: &TlsStream<Raw>) -> Version {
    let negotiated = stream.get_ref().1.alpn_protocol();
    if tls::chose_http2(negotiated) { Version::Two } else { Version::One }
}

/// What a client is told that speaks HTTP where TLS is spoken.
const WANTS_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\
    content-type: text/plain\r\ncontent-length: 34\r\n\r\n\
    This port speaks TLS; use https.\r\n";

/// Waits for a connection's first bytes. Who speaks HTTP without TLS is told so in a way
/// that it understands.
async fn begin_tls(mut stream: Raw) -> io::Result<Raw> {
    let mut bytes = BytesMut::with_capacity(SNIFFED_BYTES);
    if stream.read_buf(&mut bytes).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    if tls::begins_tls(bytes[0]) {
        stream.unread(bytes.freeze());
        return Ok(stream);
    }
    if bytes[0].is_ascii_uppercase() {
        stream.write_all(WANTS_TLS).await?;
        stream.shutdown().await?;
        // Closing with bytes unread would take the answer back.
        while bytes.len() < UNREAD_BYTES_MAX && stream.read_buf(&mut bytes).await? > 0 {}
    }
    Err(io::Error::new(io::ErrorKind::InvalidData, "it does not begin as TLS does"))
}

/// Bytes that are read of a client that is mistaken about the port.
const UNREAD_BYTES_MAX: usize = 64 << 10;

/// What an HTTP/2 client says first (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes that are read to find out: most requests whole, so that it costs no further read.
const SNIFFED_BYTES: usize = 2048;

/// Finds the version by the client's first bytes, which are given back.
async fn sniff(wire: &mut Wire<Socket>, phases: &Phases) -> io::Result<Version> {
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
