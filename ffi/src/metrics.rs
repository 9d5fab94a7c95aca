//! What a registration has done and met.

use std::ffi::{CStr, c_char};
use std::time::Duration;

use sdk::{Ending, RegistrationMetrics, RegistrationState};

use crate::error::Fault;
use crate::options::{Sized32, put_sized};
use crate::status::slotway_status;
use crate::worker::{hold, slotway_worker};

/// How a registration stands. A value of slotway_metrics.state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum slotway_registration_state {
    /// The hub has not said anything about it, or is away.
    SLOTWAY_REGISTRATION_PENDING = 0,
    /// It waits until somebody at the hub approves it.
    SLOTWAY_REGISTRATION_WAITING = 1,
    /// Its routes and queues are open.
    SLOTWAY_REGISTRATION_LIVE = 2,
    /// It was withdrawn and finishes what is in hand.
    SLOTWAY_REGISTRATION_WITHDRAWING = 3,
    /// The hub refused it. What may be another answer later is offered again by itself.
    SLOTWAY_REGISTRATION_REFUSED = 4,
    /// It was withdrawn and is gone.
    SLOTWAY_REGISTRATION_WITHDRAWN = 5,
}

/// Why a registration, or the connection while it was live, ended. A value of
/// slotway_metrics.last_disconnect and .ending. A number is never changed and never used again
/// for something else; a library that is newer than this header may give numbers that are not
/// listed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum slotway_ending {
    /// It has not.
    SLOTWAY_ENDING_NONE = 0,
    /// This side shut down.
    SLOTWAY_ENDING_SHUTDOWN = 1,
    /// This side withdrew it.
    SLOTWAY_ENDING_WITHDRAWN = 2,
    /// The hub refused it.
    SLOTWAY_ENDING_REFUSED = 3,
    /// A newer generation serves instead.
    SLOTWAY_ENDING_REPLACED = 4,
    /// The hub closed the connection, or is gone.
    SLOTWAY_ENDING_HUB_CLOSED = 5,
    /// The hub broke the protocol.
    SLOTWAY_ENDING_PROTOCOL_ERROR = 6,
    /// The hub did not answer in time that it is there.
    SLOTWAY_ENDING_HEARTBEAT_TIMEOUT = 7,
    /// There was no hub, or the system refused something.
    SLOTWAY_ENDING_FAILED = 8,
}

use slotway_ending::*;
use slotway_registration_state::*;

/// What a registration has done and met, at one moment: received is processed, failed and
/// in_flight together. Begin with SLOTWAY_METRICS_INIT.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_metrics {
    /// sizeof(slotway_metrics).
    pub size: u32,
    /// How it stands: a slotway_registration_state.
    pub state: i32,
    /// Requests, activities among them, that were taken in hand.
    pub received: u64,
    /// Those that were answered with a status below 500, or given up by their clients.
    pub processed: u64,
    /// Those that were answered with 500 or more, broken off, or closed without an answer.
    pub failed: u64,
    /// Those in hand.
    pub in_flight: u64,
    /// Bytes of requests' bodies that came.
    pub bytes_in: u64,
    /// Bytes of responses' bodies that were given.
    pub bytes_out: u64,
    /// How often it came back after it had been live.
    pub reconnects: u64,
    /// How often the hub went away while it was live.
    pub disconnects: u64,
    /// How long the hub took to answer the last heartbeat, in nanoseconds; 0 if there was none.
    pub heartbeat_rtt_ns: u64,
    /// How long the wait is before it is offered again, while there is one; else 0.
    pub backoff_ms: u32,
    /// Why the hub went away the last time: a slotway_ending.
    pub last_disconnect: i32,
    /// Why it does not come back by itself, if so: a slotway_ending.
    pub ending: i32,
    /// 0.
    pub reserved: u32,
}

const _: () = assert!(size_of::<slotway_metrics>() == 8 + 9 * 8 + 16);

// SAFETY: `repr(C)`; integers, laid out without gaps (asserted above).
unsafe impl Sized32 for slotway_metrics {}

impl slotway_registration_state {
    fn of(state: &RegistrationState) -> slotway_registration_state {
        match state {
            RegistrationState::Waiting { .. } => SLOTWAY_REGISTRATION_WAITING,
            RegistrationState::Live => SLOTWAY_REGISTRATION_LIVE,
            RegistrationState::Withdrawing => SLOTWAY_REGISTRATION_WITHDRAWING,
            RegistrationState::Refused { .. } => SLOTWAY_REGISTRATION_REFUSED,
            // Pending: the library and the SDK are built together, and a test has them all.
            _ => SLOTWAY_REGISTRATION_PENDING,
        }
    }
}

impl slotway_ending {
    /// Every one, in order.
    const ALL: [slotway_ending; 9] = [
        SLOTWAY_ENDING_NONE,
        SLOTWAY_ENDING_SHUTDOWN,
        SLOTWAY_ENDING_WITHDRAWN,
        SLOTWAY_ENDING_REFUSED,
        SLOTWAY_ENDING_REPLACED,
        SLOTWAY_ENDING_HUB_CLOSED,
        SLOTWAY_ENDING_PROTOCOL_ERROR,
        SLOTWAY_ENDING_HEARTBEAT_TIMEOUT,
        SLOTWAY_ENDING_FAILED,
    ];

    fn of(ending: Option<&Ending>) -> slotway_ending {
        match ending {
            None => SLOTWAY_ENDING_NONE,
            Some(Ending::Shutdown) => SLOTWAY_ENDING_SHUTDOWN,
            Some(Ending::Withdrawn) => SLOTWAY_ENDING_WITHDRAWN,
            Some(Ending::Refused { .. }) => SLOTWAY_ENDING_REFUSED,
            Some(Ending::Replaced) => SLOTWAY_ENDING_REPLACED,
            Some(Ending::HubClosed) => SLOTWAY_ENDING_HUB_CLOSED,
            Some(Ending::Protocol(_)) => SLOTWAY_ENDING_PROTOCOL_ERROR,
            Some(Ending::HeartbeatTimeout) => SLOTWAY_ENDING_HEARTBEAT_TIMEOUT,
            // Failed; as above.
            Some(_) => SLOTWAY_ENDING_FAILED,
        }
    }

    const fn name(self) -> &'static CStr {
        match self {
            SLOTWAY_ENDING_NONE => c"none",
            SLOTWAY_ENDING_SHUTDOWN => c"shutdown",
            SLOTWAY_ENDING_WITHDRAWN => c"withdrawn",
            SLOTWAY_ENDING_REFUSED => c"refused",
            SLOTWAY_ENDING_REPLACED => c"replaced",
            SLOTWAY_ENDING_HUB_CLOSED => c"hub_closed",
            SLOTWAY_ENDING_PROTOCOL_ERROR => c"protocol_error",
            SLOTWAY_ENDING_HEARTBEAT_TIMEOUT => c"heartbeat_timeout",
            SLOTWAY_ENDING_FAILED => c"failed",
        }
    }
}

impl slotway_metrics {
    fn of(size: u32, metrics: &RegistrationMetrics) -> slotway_metrics {
        let gone = metrics.ending == Some(Ending::Withdrawn);
        let state = match slotway_registration_state::of(&metrics.state) {
            _ if gone => SLOTWAY_REGISTRATION_WITHDRAWN,
            state => state,
        };
        let rtt = metrics.heartbeat_rtt.map_or(0, |rtt| rtt.as_nanos());
        slotway_metrics {
            size,
            state: state as i32,
            received: metrics.received,
            processed: metrics.processed,
            failed: metrics.failed,
            in_flight: metrics.in_flight,
            bytes_in: metrics.bytes_in,
            bytes_out: metrics.bytes_out,
            reconnects: metrics.reconnects,
            disconnects: metrics.disconnects,
            heartbeat_rtt_ns: u64::try_from(rtt).unwrap_or(u64::MAX),
            backoff_ms: milliseconds(metrics.backoff),
            last_disconnect: slotway_ending::of(metrics.last_disconnect.as_ref()) as i32,
            ending: slotway_ending::of(metrics.ending.as_ref()) as i32,
            reserved: 0,
        }
    }
}

/// A wait that there is takes a millisecond at least, since 0 is none.
fn milliseconds(time: Option<Duration>) -> u32 {
    time.map_or(0, |time| u32::try_from(time.as_millis()).unwrap_or(u32::MAX).max(1))
}

/// Tells what a registration has done and met so far. It holds up no request. Of the
/// registrations that were withdrawn the last 1024 are remembered. After slotway_worker_drain
/// has come to its end, and before slotway_worker_close, this is the worker's report.
///
/// metrics->size says how much of the struct the caller knows; the rest of it is written.
///
/// From any thread.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT (NULL, no such size, no such registration),
/// SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_metrics(
    worker: *mut slotway_worker,
    registration: u32,
    metrics: *mut slotway_metrics,
) -> slotway_status {
    export!([worker, metrics] => {
        let held = hold(worker)?;
        let connection = held.connection()?;
        let find = |all: Vec<RegistrationMetrics>| {
            all.into_iter().find(|found| found.index == registration as usize)
        };
        // In this order, so that one that leaves meanwhile is found.
        let found = find(connection.metrics()).or_else(|| find(connection.departed()));
        let found = found.ok_or_else(|| {
            Fault::Argument(format!(
                "registration is {registration}, and the worker has and remembers none of that index"
            ))
        })?;
        // SAFETY: the header's contract; it is not NULL, and the size comes first.
        let size = unsafe { metrics.cast::<u32>().read() };
        let filled = slotway_metrics::of(size, &found);
        // SAFETY: the header's contract: as many writable bytes as `size` says.
        unsafe { put_sized("metrics", metrics, size as usize, &filled) }
    })
}

/// The stable name of an ending, such as "hub_closed"; "unknown" for a number that is none.
///
/// From any thread. Cannot fail. The text lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn slotway_ending_name(ending: i32) -> *const c_char {
    export!(or c"unknown".as_ptr() => {
        let known = slotway_ending::ALL.into_iter().find(|known| *known as i32 == ending);
        known.map_or(c"unknown", slotway_ending::name).as_ptr()
    })
}

#[cfg(test)]
mod tests;
