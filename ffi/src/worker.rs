//! The worker's handle: from its making to its end.

use std::collections::HashMap;
use std::ffi::c_char;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use sdk::{Connect, Connection, Error, Options, Registration, RegistrationState};

use crate::error::Fault;
use crate::handle::{Held, Kind, Table};
use crate::options::{sized, slotway_registration_options, slotway_worker_options, worker_options};
use crate::request::{self, slotway_request};
use crate::status::slotway_status;
use crate::types::{put, text, timeout};

/// A worker: what it offers, and its connection to the hub. Any number of threads may use
/// one at the same time, but for setting it up.
pub struct slotway_worker {
    _opaque: [u8; 0],
}

/// The request may be sent to another worker when the one that had it died and nothing
/// had been sent to the client yet. A flag of slotway_worker_route.
pub const SLOTWAY_ROUTE_IDEMPOTENT: u32 = 1;

/// What is behind a worker's handle.
pub(crate) struct Worker {
    offer: Mutex<Offer>,
    connection: OnceLock<Connection>,
    pub(crate) watched: Mutex<Watched>,
}

struct Offer {
    options: Options,
    registrations: Vec<Registration>,
}

/// Requests for which an event loop may wait, and notices that it did not take yet.
#[derive(Default)]
pub(crate) struct Watched {
    /// The handle of each request, by its token.
    pub(crate) requests: HashMap<u64, usize>,
    /// Handles that `slotway_worker_take_notices` had no room for.
    pub(crate) left: Vec<usize>,
}

static WORKERS: Table<Worker> = Table::new(Kind::Worker);

const NOT_CONNECTED: &str = "the worker is not connected; call slotway_worker_connect first";
const CONNECTED: &str =
    "the worker is connected; register names and routes before slotway_worker_connect";
const NO_REGISTRATION: &str =
    "there is no registration to add a route to; call slotway_worker_register first";

/// What may be behind a lock is whole between any two statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[inline]
pub(crate) fn hold(worker: *const slotway_worker) -> Result<Held<'static, Worker>, Fault> {
    hold_number(worker.addr())
}

#[inline]
pub(crate) fn hold_number(worker: usize) -> Result<Held<'static, Worker>, Fault> {
    WORKERS.hold(worker)
}

impl Worker {
    #[inline]
    pub(crate) fn connection(&self) -> Result<&Connection, Fault> {
        self.connection.get().ok_or(Fault::Order(NOT_CONNECTED))
    }

    fn offer(&self) -> Result<MutexGuard<'_, Offer>, Fault> {
        let offer = lock(&self.offer);
        match self.connection.get() {
            None => Ok(offer),
            Some(_) => Err(Fault::Order(CONNECTED)),
        }
    }
}

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
        let options = unsafe { worker_options(options)? };
        let handle = WORKERS.insert(Worker {
            offer: Mutex::new(Offer { options, registrations: Vec::new() }),
            connection: OnceLock::new(),
            watched: Mutex::default(),
        })?;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(worker, std::ptr::without_provenance_mut(handle)) };
        Ok(())
    })
}

/// Adds a registration: a named set of routes, whose load all workers that register the
/// same name share. The routes are those that slotway_worker_route adds next.
///
/// name is 1 to 128 letters, digits, '.', '_' or '-'; it is copied. options may be NULL.
/// registration may be NULL, or gets the registration's index, which a request's head
/// gives again.
///
/// From one thread at a time, before slotway_worker_connect, which also judges the name.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_OUT_OF_ORDER (connected already),
/// SLOTWAY_E_CLOSED.
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
        let first_size = size_of::<slotway_registration_options>();
        // SAFETY: the header's contract.
        let options = unsafe { sized("options", first_size, options)? };
        let mut offer = held.offer()?;
        let index = u32::try_from(offer.registrations.len()).unwrap_or(u32::MAX);
        let mut added = Registration::new(name);
        if let Some(options) = options.filter(|options| options.max_concurrent != 0) {
            added = added.max_concurrent(options.max_concurrent);
        }
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
/// rest. Both are copied. flags are 0 or SLOTWAY_ROUTE_IDEMPOTENT. route may be NULL, or
/// gets the route's index in its registration, which a request's head gives again.
///
/// From one thread at a time, before slotway_worker_connect, which also judges method and
/// pattern.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT, SLOTWAY_E_OUT_OF_ORDER (nothing registered, or
/// connected already), SLOTWAY_E_CLOSED.
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
        if flags & !SLOTWAY_ROUTE_IDEMPOTENT != 0 {
            return Err(Fault::Argument(format!(
                "flags is {flags:#x}; a route's flags are 0 or SLOTWAY_ROUTE_IDEMPOTENT"
            )));
        }
        let mut offer = held.offer()?;
        let last = offer.registrations.pop().ok_or(Fault::Order(NO_REGISTRATION))?;
        let index = u32::try_from(last.routes().len()).unwrap_or(u32::MAX);
        offer.registrations.push(match flags & SLOTWAY_ROUTE_IDEMPOTENT {
            0 => last.route(method, pattern),
            _ => last.idempotent_route(method, pattern),
        });
        if !route.is_null() {
            // SAFETY: the header's contract; it is not NULL.
            unsafe { put(route, index) };
        }
        Ok(())
    })
}

/// Connects to the hub and registers, and waits until the hub has opened the routes of at
/// least one registration.
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
        let offer = held.offer()?;
        let connect = match timeout(timeout_ms) {
            None => Connect::UntilLive,
            Some(timeout) if timeout.is_zero() => Connect::Background,
            Some(timeout) => Connect::Within(timeout),
        };
        let options = offer.options.clone().connect(connect);
        let connection = Connection::open(options, offer.registrations.clone())?;
        // The lock on the offer makes this the only one who sets it.
        let _ = held.connection.set(connection);
        Ok(())
    })
}

/// Tells how a registration stands: SLOTWAY_OK when the hub has opened its routes,
/// SLOTWAY_E_AGAIN while the hub is away or has not said, SLOTWAY_E_REFUSED when the hub
/// refused it, and then slotway_last_error() says why.
///
/// From any thread.
/// Errors: those, SLOTWAY_E_INVALID_ARGUMENT (no such registration),
/// SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_registered(
    worker: *mut slotway_worker,
    registration: u32,
) -> slotway_status {
    export!([worker] => {
        let held = hold(worker)?;
        let connection = held.connection()?;
        let states = connection.registration_states();
        let state = states.into_iter().nth(registration as usize).ok_or_else(|| {
            Fault::Argument(format!(
                "registration is {registration}, and the worker has {}",
                connection.registrations().len()
            ))
        })?;
        match state {
            RegistrationState::Live => Ok(()),
            RegistrationState::Refused { code, reason } => {
                let name = connection.registrations()[registration as usize].name();
                let registration = Some(name.to_owned());
                Err(Error::Refused { registration, code, reason }.into())
            }
            _ => Err(Fault::Again),
        }
    })
}

/// Waits for the next request.
///
/// timeout_ms: negative waits for ever, 0 only looks. While the hub is away this waits
/// too.
///
/// Ownership: *request is yours until slotway_request_close. Answer it first; a request
/// that is closed without an answer is answered with 500.
/// From any number of threads at once; each request goes to one of them.
/// Errors: SLOTWAY_E_TIMEOUT; SLOTWAY_E_CLOSED after slotway_worker_drain or
/// slotway_worker_close, when nothing more will come; SLOTWAY_E_REFUSED when the hub will
/// not have this worker any more; SLOTWAY_E_OUT_OF_ORDER (not connected yet).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_next(
    worker: *mut slotway_worker,
    timeout_ms: i64,
    request: *mut *mut slotway_request,
) -> slotway_status {
    export!([worker, request] => {
        let held = hold(worker)?;
        let exchange = held.connection()?.next(timeout(timeout_ms))?.ok_or(Fault::Timeout)?;
        let handle = request::open(exchange.into_raw(), worker.addr())?;
        // SAFETY: the header's contract; it is not NULL.
        unsafe { put(request, std::ptr::without_provenance_mut(handle)) };
        Ok(())
    })
}

/// Begins a shutdown and does not wait for it. The hub sends nothing new, and what no
/// thread has taken goes to other workers. Requests in hand go on until they are answered,
/// drain_timeout_ms (of the options) at most; then slotway_worker_next gives
/// SLOTWAY_E_CLOSED in every thread. So go on calling it until it does.
///
/// From any thread. Not from a signal handler.
/// Errors: SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_drain(worker: *mut slotway_worker) -> slotway_status {
    export!([worker] => {
        hold(worker)?.connection()?.begin_shutdown();
        Ok(())
    })
}

/// Closes the worker: at once, unless slotway_worker_drain has come to its end before.
/// Threads in slotway_worker_next come back with SLOTWAY_E_CLOSED, and this waits for
/// them. The hub answers for requests that are still in hand; their handles stay good until
/// slotway_request_close, and answers to them go nowhere.
///
/// NULL is fine and does nothing.
///
/// Ownership: takes the worker. Its handle is never used again for another one; using it
/// is an error, SLOTWAY_E_CLOSED.
/// From any thread.
/// Errors: SLOTWAY_E_CLOSED (it was closed before).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_close(worker: *mut slotway_worker) -> slotway_status {
    export!([] => {
        if worker.is_null() {
            return Ok(());
        }
        {
            let held = hold(worker)?;
            // A call of slotway_worker_connect that is under way ends first.
            let _offer = lock(&held.offer);
            if let Some(connection) = held.connection.get() {
                // Everybody who waits in it comes back, so that there is nobody to wait for.
                connection.close();
            }
        }
        WORKERS.remove(worker.addr()).map(drop)
    })
}
