//! Setting a worker up: what it offers, and connecting.

use std::ffi::c_char;

use sdk::{Connect, Connection, Registration};

use crate::error::Fault;
use crate::options::{
    REGISTRATION_OPTIONS_FIRST, sized, slotway_registration_options, slotway_worker_options,
    worker_options,
};
use crate::status::slotway_status;
use crate::types::{put, text, timeout};
use crate::worker::{WORKERS, Worker, hold, lock, slotway_worker};

/// The request may be sent to another worker when the one that had it died and nothing
/// had been sent to the client yet. A flag of slotway_worker_route.
pub const SLOTWAY_ROUTE_IDEMPOTENT: u32 = 1;

/// Clients that ask for the route stay with the hub, which streams to them (Server-Sent
/// Events) what this worker pushes: see slotway_request_sse and slotway_worker_push. The
/// method is "GET". A flag of slotway_worker_route.
pub const SLOTWAY_ROUTE_SSE: u32 = 2;

pub(crate) const NO_REGISTRATION: &str =
    "there is no registration to add to; call slotway_worker_register first";

const ONE_AT_A_TIME: &str = "a registration is being set up already; slotway_worker_add gives it \
                             to the hub, and then there is room for the next";

const ALREADY_CONNECTED: &str = "the worker is connected already";

const QUEUES_BEGUN: &str = "the registration has a queue already, and its activities are numbered \
                            behind its routes; add routes before queues";

/// Makes a worker. Nothing is connected yet.
///
/// options may be NULL: the defaults.
///
/// Ownership: *worker is yours until slotway_worker_close.
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT (NULL, a size or field that cannot be).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_new(
    options: *const slotway_worker_options,
    worker: *mut *mut slotway_worker,
) -> slotway_status {
    export!([worker] => {
        // SAFETY: the header's contract.
        let (options, hot_add) = unsafe { worker_options(options)? };
        let handle = WORKERS.insert(Worker::new(options, hot_add))?;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(worker, std::ptr::without_provenance_mut(handle)) };
        Ok(())
    })
}

/// Adds a registration: a named set of routes, queues or both, whose load all workers that
/// register the same name share. Its routes and queues are those that slotway_worker_route and
/// slotway_worker_queue add next.
///
/// name is 1 to 128 letters, digits, '.', '_' or '-'; it is copied. A worker may have any
/// number of registrations that differ in name or instance, all over one connection and in one
/// memory region. options may be NULL. registration may be NULL, or gets the registration's
/// index, which a request's head gives again and no other registration of the worker ever has.
///
/// From one thread at a time, before slotway_worker_connect, which also judges the name; or
/// with SLOTWAY_WORKER_HOT_ADD after it, one by one, and then slotway_worker_add does.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_OUT_OF_ORDER (connected already, or one is
/// being set up), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_register(
    worker: *mut slotway_worker,
    name: *const c_char,
    options: *const slotway_registration_options,
    registration: *mut u32,
) -> slotway_status {
    export!([worker, name] => {
        let held = hold(worker)?;
        // SAFETY: the header's contract; it is not NULL.
        let name = unsafe { text("name", name)? };
        // SAFETY: the header's contract.
        let options = unsafe { sized("options", REGISTRATION_OPTIONS_FIRST, options)? };
        let mut added = Registration::new(name);
        if let Some(options) = options {
            if options.max_concurrent != 0 {
                added = added.max_concurrent(options.max_concurrent);
            }
            if !options.instance.is_null() {
                // SAFETY: the header's contract; it is not NULL.
                added = added.instance(unsafe { text("options.instance", options.instance)? });
            }
        }
        let mut offer = held.offer()?;
        if held.connection.get().is_some() && !offer.registrations.is_empty() {
            return Err(Fault::Order(ONE_AT_A_TIME));
        }
        let waiting = u32::try_from(offer.registrations.len()).unwrap_or(u32::MAX);
        let index = offer.next.saturating_add(waiting);
        offer.registrations.push(added);
        if !registration.is_null() {
            // SAFETY: the header's contract; it is not NULL.
            unsafe { put(registration, index) };
        }
        Ok(())
    })
}

/// Adds a route to the registration that was added last.
///
/// method is an HTTP method, or "*" for every method that no other route of the pattern
/// names. In pattern, a path, {name} stands for one segment and a closing {*name} for the
/// rest. Both are copied. flags are 0, SLOTWAY_ROUTE_IDEMPOTENT or SLOTWAY_ROUTE_SSE. route
/// may be NULL, or gets the route's index in its registration, which a request's head gives
/// again.
///
/// From one thread at a time, before slotway_worker_connect, which also judges method and
/// pattern.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_OUT_OF_ORDER (nothing registered, connected
/// already, or the registration has a queue), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_route(
    worker: *mut slotway_worker,
    method: *const c_char,
    pattern: *const c_char,
    flags: u32,
    route: *mut u32,
) -> slotway_status {
    export!([worker, method, pattern] => {
        let held = hold(worker)?;
        // SAFETY: the header's contract; it is not NULL.
        let method = unsafe { text("method", method)? };
        // SAFETY: as above.
        let pattern = unsafe { text("pattern", pattern)? };
        if !matches!(flags, 0 | SLOTWAY_ROUTE_IDEMPOTENT | SLOTWAY_ROUTE_SSE) {
            return Err(Fault::Argument(format!(
                "flags is {flags:#x}; a route's flags are 0, SLOTWAY_ROUTE_IDEMPOTENT or \
                 SLOTWAY_ROUTE_SSE"
            )));
        }
        if flags == SLOTWAY_ROUTE_SSE && method != "GET" {
            return Err(Fault::Argument(format!(
                "method is {method:?}; that of a route with SLOTWAY_ROUTE_SSE is \"GET\""
            )));
        }
        let mut offer = held.offer()?;
        let last = offer.registrations.last().ok_or(Fault::Order(NO_REGISTRATION))?;
        if !last.queues().is_empty() {
            return Err(Fault::Order(QUEUES_BEGUN));
        }
        let index = u32::try_from(last.routes().len()).unwrap_or(u32::MAX);
        let last = offer.registrations.pop().ok_or(Fault::Order(NO_REGISTRATION))?;
        offer.registrations.push(match flags {
            SLOTWAY_ROUTE_IDEMPOTENT => last.idempotent_route(method, pattern),
            SLOTWAY_ROUTE_SSE => last.sse_route(pattern),
            _ => last.route(method, pattern),
        });
        if !route.is_null() {
            // SAFETY: the header's contract; it is not NULL.
            unsafe { put(route, index) };
        }
        Ok(())
    })
}

/// Limits the routes that are added to this registration from here on to one host, as in
/// "api.example", or to every host below a domain, as in "*.example". A registration
/// begins with routes of every host. Requests for a host go to its own routes first, then
/// to those of the longest "*.", then to those of every host. host is copied.
///
/// From one thread at a time, before slotway_worker_connect, which also judges host.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_OUT_OF_ORDER (nothing registered, or
/// connected already), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_host(
    worker: *mut slotway_worker,
    host: *const c_char,
) -> slotway_status {
    export!([worker, host] => {
        let held = hold(worker)?;
        // SAFETY: the header's contract; it is not NULL.
        let host = unsafe { text("host", host)? };
        let mut offer = held.offer()?;
        let last = offer.registrations.pop().ok_or(Fault::Order(NO_REGISTRATION))?;
        offer.registrations.push(last.host(host));
        Ok(())
    })
}

/// Connects to the hub and registers, and waits until the hub has opened the routes of at
/// least one registration; of a worker that has none, which is there to publish, to subscribe
/// and to call, until the hub has welcomed it.
///
/// timeout_ms: negative waits through as many attempts as it takes; 0 does not wait at
/// all, the connection is made in the background; otherwise the call fails after so long
/// with what the last attempt met, and may be repeated. Once it has succeeded the worker
/// keeps the connection up by itself: when the hub goes away it connects again, with
/// growing pauses.
///
/// From one thread at a time. slotway_worker_close waits for a call that is under way.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT (a name, method, pattern or size that cannot be),
/// SLOTWAY_E_REFUSED, SLOTWAY_E_PROTOCOL, SLOTWAY_E_IO, SLOTWAY_E_TIMEOUT,
/// SLOTWAY_E_OUT_OF_ORDER (connected already), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_connect(
    worker: *mut slotway_worker,
    timeout_ms: i64,
) -> slotway_status {
    export!([worker] => {
        let held = hold(worker)?;
        let mut offer = lock(&held.offer);
        if held.connection.get().is_some() {
            return Err(Fault::Order(ALREADY_CONNECTED));
        }
        let connect = match timeout(timeout_ms) {
            None => Connect::UntilLive,
            Some(timeout) if timeout.is_zero() => Connect::Background,
            Some(timeout) => Connect::Within(timeout),
        };
        let options = offer.options.clone().connect(connect);
        let connection = Connection::open(options, offer.registrations.clone())?;
        offer.next = u32::try_from(offer.registrations.len()).unwrap_or(u32::MAX);
        offer.registrations.clear();
        // The lock on the offer makes this the only one who sets it.
        let _ = held.connection.set(connection);
        Ok(())
    })
}
