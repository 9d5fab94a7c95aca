//! HTTP/2 on one connection: many requests at a time, each in a task of its own.
//!
//! What one client can hold is bounded: streams, bytes of bodies that the hub has not
//! passed on, bytes of responses that the client does not take. What it can hold *for
//! ever* is nothing: a connection without a stream is told to go away, and a response
//! that does not move is reset.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};

use super::body::Body;
use super::connection::{Graceful, Peer, drive};
use super::handler::{Client, handle};
use super::pace::{Pace, Rest};
use super::socket::Socket;
use super::wire::Wire;
use crate::alarm::Alarm;
use crate::phase::Phases;
use crate::shared::Shared;

/// Bytes of one stream's response that wait for the client's window or its socket.
const SEND_BUFFER: usize = 64 << 10;
/// Streams that were reset before the hub looked at them, and streams that the hub reset
/// because of what the client sent: so many, then the connection ends. Far more than a
/// client that means well ever has.
const RESETS_UNSEEN: usize = 20;
const RESETS_OF_OURS: usize = 256;
/// How long a connection that was told to go away may take over it.
const GOODBYE: Duration = Duration::from_secs(5);

tokio::task_local! {
    /// How the stream of this task gets on.
    static STREAM: Arc<Pace>;
}

/// Serves requests, side by side.
pub(super) async fn serve(
    shared: &Arc<Shared>,
    mut wire: Wire<Socket>,
    peer: Peer,
    pace: Arc<Pace>,
    phases: Phases,
) -> hyper::Result<()> {
    let (limits, times) = {
        let config = shared.config();
        (config.limits.clone(), config.times.clone())
    };
    // The connection is told first, and cut off only if that does not help.
    wire.set_head_limit(times.header_read + GOODBYE);
    let service = service_fn(|request: http::Request<Incoming>| {
        let (mut parts, body) = request.into_parts();
        let (shared, peer) = (shared.clone(), peer.clone());
        async move {
            let client = Client { peer, pace: STREAM.with(Arc::clone) };
            let busy = client.pace.begin();
            Ok::<_, Infallible>(handle(&shared, &client, busy, &mut parts, body).await)
        }
    });
    let window = limits.http2_window_bytes;
    let head_bytes = u32::try_from(limits.head_bytes * 2).unwrap_or(u32::MAX);
    let connection = http2::Builder::new(Streams { pace: pace.clone(), idle: times.idle })
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.http2_streams)
        // Somewhat more than is allowed, so that what is a little too long is told so.
        .max_header_list_size(head_bytes)
        // One stream alone may use all of the connection's window: the connection's bounds
        // memory, and a stream's would only slow down whoever uploads one large body.
        .initial_connection_window_size(window)
        .initial_stream_window_size(window)
        .max_send_buf_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(RESETS_UNSEEN)
        .max_local_error_reset_streams(RESETS_OF_OURS)
        .keep_alive_interval(times.idle)
        .keep_alive_timeout(times.header_read)
        .serve_connection(TokioIo::new(wire), service);
    drive(connection, Some(Rest::new(pace, times.header_read)), phases).await
}

/// Spawns streams, and ends those that stand still.
#[derive(Debug, Clone)]
struct Streams {
    /// The connection's.
    pace: Arc<Pace>,
    idle: Duration,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        // From here on, so that a connection with a stream is never taken for an idle one.
        let busy = self.pace.begin();
        let (connection, idle) = (self.pace.clone(), self.idle);
        tokio::spawn(async move {
            let pace = Arc::new(connection.of_stream());
            let mut stream = pin!(STREAM.scope(pace.clone(), stream));
            let mut alarm = Alarm::default();
            poll_fn(|cx| {
                if stream.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                match pace.offered_since() {
                    // Dropping the stream resets it.
                    Some(since) => alarm.poll_at(cx, since + idle).map(|()| pace.stall()),
                    None => Poll::Pending,
                }
            })
            .await;
            drop(busy);
        });
    }
}

impl<S> Graceful for http2::Connection<TokioIo<Wire<Socket>>, S, Streams>
where
    S: HttpService<Incoming, ResBody = Body, Error = Infallible>,
    S::Future: Send + 'static,
{
    fn graceful_shutdown(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}
