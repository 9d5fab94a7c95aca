//! Registrations of a worker that is connected: how they stand, further ones, and fewer.

use std::time::Duration;

use sdk::{Error, RegistrationState};

use crate::error::Fault;
use crate::status::slotway_status;
use crate::types::timeout;
use crate::worker::{hold, slotway_worker};

const NOTHING_TO_ADD: &str =
    "there is no registration to add; call slotway_worker_register, and give it routes or queues";

/// Tells how a registration stands: SLOTWAY_OK when the hub has opened its routes and queues;
/// SLOTWAY_E_AGAIN while the hub is away, has not said, or waits for somebody's approval of it;
/// SLOTWAY_E_REFUSED when the hub refused it, and then slotway_last_error() says why. What may
/// be another answer later is offered again by itself.
///
/// From any thread.
/// Errors: those, SLOTWAY_E_INVALID_ARGUMENT (no such registration, or it was withdrawn),
/// SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_registered(
    worker: *mut slotway_worker,
    registration: u32,
) -> slotway_status {
    export!([worker] => {
        let held = hold(worker)?;
        let (connection, number) = (held.connection()?, registration as usize);
        match connection.wait_registered(number, Some(Duration::ZERO)) {
            Err(Error::Timeout) => Err(match connection.registration_state(number) {
                Some(RegistrationState::Waiting { reason }) => Fault::Waiting(reason),
                _ => Fault::Again,
            }),
            result => Ok(result?),
        }
    })
}

/// Gives the hub the registration that slotway_worker_register and what followed it have set
/// up since slotway_worker_connect, and waits until the hub has opened its routes and queues.
/// With SLOTWAY_WORKER_HOT_ADD only.
///
/// timeout_ms: negative waits for ever, also for a hub; 0 does not wait, and
/// slotway_worker_registered tells what the hub says.
///
/// After SLOTWAY_E_INVALID_ARGUMENT, as for a name and instance that the worker has already,
/// nothing was added, and what was set up is forgotten. After SLOTWAY_E_REFUSED and
/// SLOTWAY_E_TIMEOUT it is there: withdraw it, or let it be.
///
/// From one thread at a time; requests go on meanwhile.
/// Errors: those, SLOTWAY_E_OUT_OF_ORDER (nothing was set up, not connected yet, or without
/// SLOTWAY_WORKER_HOT_ADD), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_add(
    worker: *mut slotway_worker,
    timeout_ms: i64,
) -> slotway_status {
    export!([worker] => {
        let held = hold(worker)?;
        let connection = held.connection()?;
        let number = {
            let mut offer = held.offer()?;
            let added = offer.registrations.pop().ok_or(Fault::Order(NOTHING_TO_ADD))?;
            let number = connection.add(added)?;
            offer.next = u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
            number
        };
        match timeout(timeout_ms) {
            Some(Duration::ZERO) => Ok(()),
            timeout => Ok(connection.wait_registered(number, timeout)?),
        }
    })
}

/// Withdraws one registration and waits until nothing of it is in hand: the hub sends nothing
/// new for it, what no thread has taken goes to other workers, and the worker's other
/// registrations go on. Its index is never used again; slotway_worker_metrics still tells what
/// it has done.
///
/// timeout_ms: negative waits for ever; 0 does not wait, as an event loop, which has to answer
/// what is in hand meanwhile. After SLOTWAY_E_TIMEOUT it is withdrawn all the same, and is gone
/// later.
///
/// From any thread; other threads go on answering.
/// Errors: SLOTWAY_E_INVALID_ARGUMENT (no such registration, or it was withdrawn),
/// SLOTWAY_E_TIMEOUT, SLOTWAY_E_OUT_OF_ORDER (not connected yet), SLOTWAY_E_CLOSED.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn slotway_worker_withdraw(
    worker: *mut slotway_worker,
    registration: u32,
    timeout_ms: i64,
) -> slotway_status {
    export!([worker] => {
        let held = hold(worker)?;
        let (connection, number) = (held.connection()?, registration as usize);
        match timeout(timeout_ms) {
            Some(Duration::ZERO) => connection.begin_withdraw(number)?,
            timeout => drop(connection.withdraw(number, timeout)?),
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests;
