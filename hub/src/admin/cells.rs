//! The slots of a worker in a few characters: runs of equal cells, as in `3c1C12f`.
//!
//! A cell is a letter: free, writing, ready, claimed, streaming, done or abandoned; a
//! capital one has been in use for long. Slots are reused last in, first out, so
//! runs are long and thousands of slots take little.

use std::fmt::Write;
use std::time::Duration;

use slotway_core::hub::SlotState;

use super::verdict::STUCK;
use crate::instance::{Instance, Taken};

/// From here on a cell is shown as old.
const OLD: Duration = Duration::from_secs(10);

/// What a look at all slots gives.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) text: String,
    pub(super) slots: u32,
    pub(super) in_use: u32,
    /// Those whose answer has not begun.
    pub(super) owed: u32,
    pub(super) stuck: u32,
    pub(super) owed_for: Option<Duration>,
    run: u32,
    letter: Option<char>,
}

impl Cells {
    /// Looks at every slot.
    pub(super) fn of(instance: &Instance, now_ns: u64) -> Cells {
        let mut cells = Cells::default();
        for slot in 0..instance.capacity() {
            let taken = instance.taken(slot);
            cells.add(instance.side().slot_state(slot), taken, now_ns);
        }
        cells.flush();
        cells
    }

    fn add(&mut self, state: SlotState, taken: Taken, now_ns: u64) {
        self.slots += 1;
        let age = Duration::from_nanos(now_ns.saturating_sub(taken.at_ns));
        let letter = match state {
            SlotState::Free => return self.push('f'),
            SlotState::Writing => 'w',
            SlotState::Ready => 'r',
            SlotState::Claimed if taken.streams => 's',
            SlotState::Claimed => 'c',
            SlotState::Done => 'd',
            SlotState::Abandoned => 'a',
        };
        self.in_use += 1;
        if matches!(letter, 'r' | 'c' | 'a') {
            self.owed += 1;
            self.stuck += u32::from(age >= STUCK);
            self.owed_for = self.owed_for.max(Some(age));
        }
        self.push(if age >= OLD { letter.to_ascii_uppercase() } else { letter });
    }

    fn push(&mut self, letter: char) {
        if self.letter != Some(letter) {
            self.flush();
            self.letter = Some(letter);
        }
        self.run += 1;
    }

    fn flush(&mut self) {
        if let Some(letter) = self.letter.take() {
            // Writing to a string does not fail.
            let _ = write!(self.text, "{}{letter}", self.run);
        }
        self.run = 0;
    }
}

#[cfg(test)]
mod tests;
