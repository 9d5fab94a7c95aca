//! From what a handler gave back, or did not, to an answered exchange.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{BodyWriter, Handler, Request};
use crate::error::Error;
use crate::exchange::{Exchange, Header, RawExchange};
use crate::problem::Problem;
use crate::response::{Body, Response, Writing, problem};

/// Runs a handler and answers, whatever happens.
pub(crate) fn serve(handler: Option<&Handler>, exchange: Exchange) {
    let mut request = Request::new(exchange);
    let response = match handler {
        Some(handler) => {
            // A handler that panics leaves behind what it leaves behind; the next request
            // is another call.
            catch_unwind(AssertUnwindSafe(|| handler(&mut request)))
                .unwrap_or_else(|panic| panicked(&request, &*panic))
        }
        None => problem(Problem::NoAnswer, "The worker does not know this route."),
    };
    let exchange = request.into_exchange().into_raw();
    if exchange.is_open() && !exchange.is_started() {
        send(&exchange, response);
    }
    // What the handler began itself and did not finish is broken off by the drop.
}

fn panicked(request: &Request, panic: &(dyn Any + Send)) -> Response {
    let (method, route) = (request.method(), request.route());
    tracing::error!(method, route, panic = panic_message(panic), "a handler panicked");
    problem(Problem::Panic, "The handler panicked; the worker's log says where.")
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "a panic without a message",
    }
}

/// Sends a response. Blocks while a body that does not fit waits for its client.
pub(crate) fn send(exchange: &RawExchange, response: Response) {
    let Response { status, headers, body } = response;
    let fields = headers.iter().map(|(name, value)| -> Header<'_> { (name, value) });
    let sent = match body {
        Body::Whole(bytes) => exchange.respond(status, fields, &bytes),
        Body::Stream(write) => {
            let started = exchange.start(status, fields);
            if started.is_ok() {
                return stream(exchange, write);
            }
            started
        }
        #[cfg(feature = "tokio")]
        Body::Async(_) => Err(Error::OutOfOrder(
            "an asynchronous body needs an asynchronous worker; use Response::stream",
        )),
    };
    if let Err(error) = sent {
        not_sent(exchange, &error);
    }
}

/// The route, for the log.
pub(crate) fn route(exchange: &RawExchange) -> String {
    exchange.with_head(|head| head.route().to_owned()).unwrap_or_default()
}

/// A response that could not be sent: answer that, if there is still somebody.
pub(crate) fn not_sent(exchange: &RawExchange, error: &Error) {
    if !exchange.is_open() {
        tracing::debug!(%error, "nobody waits for the response");
        return;
    }
    let route = route(exchange);
    tracing::error!(route, %error, "a handler's answer cannot be sent");
    if exchange.is_started() {
        let _ = exchange.abort();
        return;
    }
    let problem = problem(Problem::BadAnswer, &format!("The answer cannot be sent: {error}."));
    let fields = problem.headers.iter().map(|(name, value)| -> Header<'_> { (name, value) });
    if let Body::Whole(bytes) = &problem.body
        && exchange.respond(problem.status, fields, bytes).is_err()
    {
        let _ = exchange.abort();
    }
}

fn stream(exchange: &RawExchange, write: Writing) {
    let written = catch_unwind(AssertUnwindSafe(|| write(&mut BodyWriter::new(exchange))));
    let ended = match written {
        Ok(Ok(())) => exchange.finish(),
        Ok(Err(error)) => {
            if exchange.cancelled() {
                tracing::debug!(%error, "nobody reads the response any more");
            } else {
                tracing::error!(route = route(exchange), %error, "a response broke off");
            }
            exchange.abort()
        }
        Err(panic) => {
            let route = route(exchange);
            tracing::error!(route, panic = panic_message(&*panic), "a response's writer panicked");
            exchange.abort()
        }
    };
    if let Err(error) = ended {
        tracing::error!(%error, "a response broke off");
    }
}
