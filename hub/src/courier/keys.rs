//! Keys by which one worker's events are coalesced.

use std::collections::HashMap;

use slotway_core::control::{check_event_text, check_topic};
use slotway_core::record::RefusalReason;

use super::publish::key_reason;
use crate::bus::{Bus, Coalescer, Draft, Key, Published, WINDOW};

/// Keys of one worker that are open at a time.
const KEYS_MAX: usize = 1024;
/// The type of the event by which a key ends that its worker leaves open.
const CANCELLED: &str = "cancelled";

/// The open keys of one worker. Dropping them ends each.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Made for the first key: its task is for those who use it.
    coalescer: Option<Coalescer>,
    open: HashMap<Box<str>, Key>,
}

impl Keys {
    /// The key, opened if it is not. `blank` has the topic and the principal of the event
    /// by which it ends if the worker goes first.
    fn open(
        &mut self,
        bus: &Bus,
        name: &str,
        draft: &Draft<'_>,
        blank: Draft<'_>,
    ) -> Result<&Key, RefusalReason> {
        // An update is judged by the bus when its window ends; nobody would be told then.
        if check_topic(draft.topic()).is_err() || check_event_text(draft.kind_name()).is_err() {
            return Err(RefusalReason::Invalid);
        }
        if !self.open.contains_key(name) {
            if self.open.len() >= KEYS_MAX {
                return Err(RefusalReason::Keys);
            }
            let coalescer =
                self.coalescer.get_or_insert_with(|| Coalescer::new(bus.clone(), WINDOW));
            let key = coalescer.open(name, blank.kind(CANCELLED));
            self.open.insert(name.into(), key.map_err(|problem| key_reason(&problem))?);
        }
        Ok(&self.open[name])
    }

    /// The latest there is to say about a key.
    pub(super) fn update(
        &mut self,
        bus: &Bus,
        name: &str,
        draft: Draft<'_>,
        blank: Draft<'_>,
    ) -> Result<(), RefusalReason> {
        let key = self.open(bus, name, &draft, blank)?;
        key.update(draft).map_err(|problem| key_reason(&problem))
    }

    /// The last there is to say about a key. The future only waits for slow subscribers.
    pub(super) fn finish(
        &mut self,
        bus: &Bus,
        name: &str,
        draft: Draft<'_>,
        blank: Draft<'_>,
    ) -> Result<impl Future<Output = Published> + Send + use<>, RefusalReason> {
        let key = self.open(bus, name, &draft, blank)?;
        let finished = key.finish(draft).map_err(|problem| key_reason(&problem))?;
        self.open.remove(name);
        Ok(finished)
    }
}
