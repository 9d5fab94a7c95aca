//! The probe: an exchange of its own kind, which asks a worker whether it still turns.
//!
//! It has the region's last slot to itself, so that traffic cannot use it up, and does not
//! go through the submission queue, whose readers may all be busy with handlers that are
//! slow and healthy. The hub raises the slot's notice; the worker's library, in whichever
//! of its threads listens to the doorbell, claims the slot and completes it. So an answer
//! says that the process runs, has the region and looks at it, and that its event loop, if
//! it has one, turns; and it passes through the same words as every answer.

use super::lease::Status;
use super::{HubSide, Lease, Ticket};
use crate::Violation;
use crate::bell::Rung;
use crate::region::RegionRef;
use crate::wait::Wait;

impl<R: RegionRef, L: AsRef<[Lease]>, W: Wait> HubSide<R, L, W> {
    /// The hub's side of a fresh region whose last slot is for probes.
    ///
    /// # Panics
    ///
    /// As for [`new`](Self::new); and when there is no other slot.
    pub fn with_probe(region: R, leases: L) -> HubSide<R, L, W> {
        let last = region.region().slots() - 1;
        assert!(last > 0, "a region has a slot beside the one for probes");
        HubSide::build(region, leases, Some(last))
    }

    /// The slot that only probes use, if there is one.
    pub fn probe_slot(&self) -> Option<u32> {
        self.probe_slot
    }

    /// Asks the worker whether it is there: its answer is [`Progress::Done`] without a
    /// head, and the ticket ends like any other. `None`: there is no slot for it, or the
    /// last probe still has it. By one thread at a time.
    ///
    /// # Errors
    ///
    /// A violation when the slot's word is not free; the slot is not given out again.
    ///
    /// [`Progress::Done`]: super::Progress::Done
    pub fn probe(&self) -> Result<Option<(Ticket, Rung)>, Violation> {
        let Some(slot) = self.probe_slot.filter(|&slot| self.lease(slot).get().0 == Status::Free)
        else {
            return Ok(None);
        };
        let mut ticket = self.begin(slot)?;
        let word = self.slot(&ticket).word();
        word.publish(ticket.generation).map_err(|found| self.violation(&ticket, found))?;
        ticket.published = true;
        // Nobody sleeps on the map. The doorbell is rung whether its owner has announced
        // that he sleeps or not: a thread may listen to it that never announces anything.
        let _ = self.region().notice().raise(slot);
        Ok(Some((ticket, Rung::DOORBELL)))
    }
}
