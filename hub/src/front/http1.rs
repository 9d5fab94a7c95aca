//! HTTP/1.0 and 1.1 on one connection.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioIo;

use super::body::Body;
use super::connection::{Graceful, Peer, drive};
use super::handler::{Client, handle};
use super::pace::Pace;
use super::socket::Socket;
use super::wire::Wire;
use crate::phase::Phases;
use crate::shared::Shared;

/// Bytes of a response that hyper holds for a client at most, besides its head.
const WRITE_BUFFER: usize = 128 << 10;

/// Serves requests, one after another.
pub(super) async fn serve(
    shared: &Shared,
    wire: Wire<Socket>,
    peer: Peer,
    pace: Arc<Pace>,
    phases: Phases,
) -> hyper::Result<()> {
    // Somewhat more than is allowed, so that what is a little too long is told so and the
    // connection goes on.
    let head_bytes = shared.config().limits.head_bytes * 2;
    let mut wire = wire.guarded(head_bytes);
    let is_heard = wire.inner_mut().is_heard();
    let client = Client { peer, pace };
    let service = service_fn(|request: http::Request<Incoming>| {
        let client = &client;
        // At once: hyper reads on before it polls.
        let busy = client.pace.begin();
        let (mut parts, body) = request.into_parts();
        async move { Ok::<_, Infallible>(handle(shared, client, busy, &mut parts, body).await) }
    });
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        // The wire finds out itself.
        .half_close(is_heard)
        .max_header_size(head_bytes)
        // One more, because hyper refuses a head that fills its buffer.
        .max_buf_size((head_bytes + 1).max(WRITE_BUFFER))
        .serve_connection(TokioIo::new(wire), service);
    drive(connection, None, phases).await
}

impl<S> Graceful for http1::Connection<TokioIo<Wire<Socket>>, S>
where
    S: HttpService<Incoming, ResBody = Body, Error = Infallible>,
{
    fn graceful_shutdown(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}
