//! One request, from its task's start to its answer.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use super::wakers::Wakers;
use super::{AsyncRequest, AsyncWriter, Boxed, Handler, Writing};
use crate::exchange::{Exchange, Header, RawExchange};
use crate::problem::Problem;
use crate::response::{Body, Response, problem};
use crate::worker::{Handlers, find, not_sent, panic_message, route as route_of, send};

/// Runs the request's handler and answers, whatever happens.
pub(super) async fn serve(
    exchange: Exchange,
    handlers: Arc<Handlers<Handler>>,
    wakers: Arc<Wakers>,
) {
    let over = Over { token: exchange.token(), wakers: wakers.clone() };
    let (registration, route) = (exchange.registration(), exchange.route_index());
    let raw = Arc::new(exchange.into_raw());
    let response = match (find(&handlers, registration, route), raw.copy_head()) {
        (Some(handler), Some(head)) => {
            let request = AsyncRequest::new(head, raw.clone(), wakers.clone());
            let answer = catch_unwind(AssertUnwindSafe(|| handler(request)));
            match answer {
                Ok(answer) => guarded(answer).await,
                Err(panic) => Err(panic),
            }
            .unwrap_or_else(|panic| {
                let panic = panic_message(&*panic);
                tracing::error!(registration, route, panic, "a handler panicked");
                problem(Problem::Panic, "The handler panicked; the worker's log says where.")
            })
        }
        _ => problem(Problem::NoAnswer, "The worker does not know this route."),
    };
    answer(raw, response, wakers).await;
    drop(over);
}

/// Wakes whoever still waits for something of the exchange, however its task ends.
struct Over {
    token: u64,
    wakers: Arc<Wakers>,
}

impl Drop for Over {
    fn drop(&mut self) {
        self.wakers.wake(self.token);
    }
}

/// The future's output, or its panic.
async fn guarded<T>(mut future: Boxed<T>) -> std::thread::Result<T> {
    poll_fn(move |cx| {
        // A future that has panicked is not polled again.
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::as_mut(&mut future).poll(cx)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

async fn answer(raw: Arc<RawExchange>, response: Response, wakers: Arc<Wakers>) {
    let Response { status, headers, body } = response;
    match body {
        Body::Async(write) => {
            let fields = headers.iter().map(|(name, value)| -> Header<'_> { (name, value) });
            match raw.start(status, fields) {
                Ok(()) => stream(&raw, write, wakers).await,
                Err(error) => not_sent(&raw, &error),
            }
        }
        // What fits the slot is sent without waiting for anybody.
        Body::Whole(bytes) if bytes.len() <= raw.response_capacity() => {
            let response = Response { status, headers, body: Body::Whole(bytes) };
            send(&raw, response);
        }
        Body::Whole(bytes) => {
            let mut headers = headers;
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(b"content-length")) {
                let length = bytes.len().to_string().into_bytes();
                headers.push((b"content-length".into(), length.into()));
            }
            let fields = headers.iter().map(|(name, value)| -> Header<'_> { (name, value) });
            let write: Writing =
                Box::new(move |mut writer| Box::pin(async move { writer.write(&bytes).await }));
            match raw.start(status, fields) {
                Ok(()) => stream(&raw, write, wakers).await,
                Err(error) => not_sent(&raw, &error),
            }
        }
        // A body that is written by a thread gets one.
        body @ Body::Stream(_) => {
            let response = Response { status, headers, body };
            let sending = tokio::task::spawn_blocking(move || {
                send(&raw, response);
            });
            let _ = sending.await;
        }
    }
}

async fn stream(raw: &Arc<RawExchange>, write: Writing, wakers: Arc<Wakers>) {
    let writer = AsyncWriter::new(raw.clone(), wakers);
    let written = match catch_unwind(AssertUnwindSafe(|| write(writer))) {
        Ok(written) => guarded(written).await,
        Err(panic) => Err(panic),
    };
    let ended = match written {
        Ok(Ok(())) => raw.finish(),
        Ok(Err(error)) => {
            if raw.cancelled() {
                tracing::debug!(%error, "nobody reads the response any more");
            } else {
                tracing::error!(route = route_of(raw), %error, "a response broke off");
            }
            raw.abort()
        }
        Err(panic) => {
            let panic = panic_message(&*panic);
            tracing::error!(route = route_of(raw), panic, "a response's writer panicked");
            raw.abort()
        }
    };
    if let Err(error) = ended {
        tracing::error!(%error, "a response broke off");
    }
}
