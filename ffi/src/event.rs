//! An event that C publishes, and the shape in which one comes back.

use sdk::{Delivery, Event};

use crate::error::Fault;
use crate::options::Sized32;
use crate::types::{slotway_view, view_bytes, view_text};

/// Subscribers that are full are waited for, 50 ms at most for all of them together unless
/// the hub is told otherwise, before they lose the event. What this worker publishes next
/// waits behind it. A flag of slotway_event.
pub const SLOTWAY_EVENT_MUST_DELIVER: u32 = 1;

/// The event is the system's own: nobody is its principal. A flag of slotway_event.
pub const SLOTWAY_EVENT_SYSTEM: u32 = 2;

/// The event is the last of its key: what waits of the key is published before it, and it
/// is not held back. A flag of slotway_event.
pub const SLOTWAY_EVENT_TERMINAL: u32 = 4;

/// An event that is to be published. Begin with SLOTWAY_EVENT_INIT and set what you need;
/// a view that is absent or empty means its default. Texts are UTF-8.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_event {
    /// sizeof(slotway_event).
    pub size: u32,
    /// 0, or SLOTWAY_EVENT_MUST_DELIVER, _SYSTEM and _TERMINAL, added up.
    pub flags: u32,
    /// What it is about: 1 to 20 segments with dots between them, 255 bytes at most, without
    /// white space and control characters, and no segment "*" or "#". It has no default.
    pub topic: slotway_view,
    /// Its type: 255 bytes at most, without CR, LF and NUL; "message" otherwise.
    pub r#type: slotway_view,
    /// An id of your own, by the rule of types; its sequence number otherwise.
    pub id: slotway_view,
    /// On whose behalf it is published, by the rule of types; the name of the worker's first
    /// registration otherwise, or, of a worker that has none, nobody.
    pub principal: slotway_view,
    /// Of the events with one key that come close together (33 ms, unless the hub is told
    /// otherwise) only the latest reaches subscribers. By the rule of types; none otherwise.
    pub key: slotway_view,
    /// What it says, any bytes, 5 MiB of them at most; nothing otherwise.
    pub payload: slotway_view,
    /// What slotway_worker_take_refusals repeats if the hub does not publish it; otherwise
    /// the refusal has 0.
    pub ticket: u32,
    /// 0.
    pub reserved: u32,
}

/// Events were lost at this place of a subscription. A flag of slotway_delivery.
pub const SLOTWAY_DELIVERY_GAP: u32 = 1;

/// There may have been more of them than the gap says. A flag of slotway_delivery.
pub const SLOTWAY_DELIVERY_AT_LEAST: u32 = 2;

/// What comes out of a subscription: an event, or, with SLOTWAY_DELIVERY_GAP, word that
/// events were lost at this place.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct slotway_delivery {
    /// The event's place in the order of all events of the hub; 0 for a gap.
    pub seq: u64,
    /// When it was published, in microseconds since 1970; 0 for a gap.
    pub time_us: u64,
    /// How many events a gap stands for; 0 for an event.
    pub missed: u64,
    /// 0 for an event; else SLOTWAY_DELIVERY_GAP, and _AT_LEAST where that is so.
    pub flags: u32,
    /// 0.
    pub reserved: u32,
    /// What it is about.
    pub topic: slotway_view,
    /// Its type; "message" unless its publisher gave one.
    pub r#type: slotway_view,
    /// The id that its publisher gave; absent where that is its sequence number.
    pub id: slotway_view,
    /// Who published it; absent for the system. Whose events a gap stands for, if they are
    /// of one principal and the hub knows.
    pub principal: slotway_view,
    /// What it says.
    pub payload: slotway_view,
    /// 0.
    pub reserved_more: [u64; 2],
}

const _: () = assert!(size_of::<slotway_event>() == 112);
const _: () = assert!(size_of::<slotway_delivery>() == 128);

// SAFETY: `repr(C)`; integers and raw pointers, laid out without gaps (asserted above).
unsafe impl Sized32 for slotway_event {}

impl slotway_event {
    /// What the caller means.
    ///
    /// # Safety
    ///
    /// Every view points to as many bytes as it says, which stay as they are during `'a`.
    pub(crate) unsafe fn read<'a>(&self, index: usize) -> Result<Event<'a>, Fault> {
        const FLAGS: u32 =
            SLOTWAY_EVENT_MUST_DELIVER | SLOTWAY_EVENT_SYSTEM | SLOTWAY_EVENT_TERMINAL;
        let flags = self.flags;
        if flags & !FLAGS != 0 {
            return Err(Fault::Argument(format!(
                "events[{index}].flags is {flags:#x}; an event's flags are SLOTWAY_EVENT_MUST_DELIVER, \
                 SLOTWAY_EVENT_SYSTEM and SLOTWAY_EVENT_TERMINAL"
            )));
        }
        // SAFETY: the caller's promise.
        let text = |part, view| unsafe { view_text(format_args!("events[{index}].{part}"), view) };
        let mut event = Event::new(text("topic", self.topic)?);
        for (part, view, set) in [
            ("type", self.r#type, Event::kind as fn(Event<'a>, &'a str) -> Event<'a>),
            ("id", self.id, Event::id),
            ("principal", self.principal, Event::principal),
            ("key", self.key, Event::key),
        ] {
            let given = text(part, view)?;
            if !given.is_empty() {
                event = set(event, given);
            }
        }
        let name = format_args!("events[{index}].payload");
        // SAFETY: the caller's promise.
        let payload = unsafe { view_bytes(name, self.payload)? };
        event = event.payload(payload).ticket(self.ticket);
        if flags & SLOTWAY_EVENT_MUST_DELIVER != 0 {
            event = event.must_deliver();
        }
        if flags & SLOTWAY_EVENT_SYSTEM != 0 {
            if self.principal.length > 0 {
                return Err(Fault::Argument(format!(
                    "events[{index}] has a principal and SLOTWAY_EVENT_SYSTEM, which says that it has \
                     none"
                )));
            }
            event = event.system();
        }
        if flags & SLOTWAY_EVENT_TERMINAL != 0 {
            event = event.terminal();
        }
        Ok(event)
    }
}

impl slotway_delivery {
    /// Shows what was received, where it lies.
    pub(crate) fn of(delivery: &Delivery) -> slotway_delivery {
        let mut shown = slotway_delivery {
            seq: 0,
            time_us: 0,
            missed: 0,
            flags: 0,
            reserved: 0,
            topic: slotway_view::ABSENT,
            r#type: slotway_view::ABSENT,
            id: slotway_view::ABSENT,
            principal: slotway_view::ABSENT,
            payload: slotway_view::ABSENT,
            reserved_more: [0; 2],
        };
        match delivery {
            Delivery::Event(event) => {
                shown.seq = event.seq();
                shown.time_us = event.time_us();
                shown.topic = slotway_view::new(event.topic().as_bytes());
                shown.r#type = slotway_view::new(event.kind().as_bytes());
                shown.id = slotway_view::optional(event.id().map(str::as_bytes));
                shown.principal = slotway_view::optional(event.principal().map(str::as_bytes));
                shown.payload = slotway_view::new(event.payload());
            }
            Delivery::Gap(gap) => {
                shown.missed = gap.missed;
                shown.flags =
                    SLOTWAY_DELIVERY_GAP | if gap.at_least { SLOTWAY_DELIVERY_AT_LEAST } else { 0 };
                let principal = gap.principal.as_deref().map(str::as_bytes);
                shown.principal = slotway_view::optional(principal);
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests;
