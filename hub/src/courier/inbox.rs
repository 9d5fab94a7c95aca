//! Writing into a worker's inbox: one at a time, many records at once, and never more than
//! one that is half written.

use std::time::SystemTime;

use slotway_core::record::{self, RecordError};
use slotway_core::{Violation, Watch};
use tracing::warn;

use crate::bus::{Delivery, Event, Missed};
use crate::instance::Instance;

/// Who has it writes.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// The ring's memory is there.
    reserved: bool,
}

/// The worker is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone;

/// What is to be written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Load<'l> {
    /// What a subscription gave.
    Deliveries(u32, &'l [Delivery]),
    /// One record that is encoded.
    Record(&'l [u8]),
}

/// Writes it all, and waits for room where there is none.
pub(super) async fn send(instance: &Instance, load: Load<'_>) -> Result<(), Gone> {
    let mut turn = instance.courier().inbox.lock().await;
    if !turn.reserved {
        if let Err(error) = instance.region().reserve_inbox() {
            let (worker, pid) = instance.who.ids();
            warn!(worker, pid, %error, "no memory for events to the worker");
            instance.fail();
            return Err(Gone);
        }
        turn.reserved = true;
    }
    let mut at = 0;
    loop {
        match fill(instance, load, &mut at) {
            Ok(Filled::All) => return Ok(()),
            Ok(Filled::NoRoom) => room(instance).await?,
            Ok(Filled::Long) => {
                let (head, payload) = apart(load, at);
                flow(instance, &head).await?;
                flow(instance, payload).await?;
                at += 1;
            }
            Err(violation) => {
                instance.violated(violation);
                return Err(Gone);
            }
        }
    }
}

/// How far a load came.
enum Filled {
    All,
    NoRoom,
    /// The next record is longer than the ring.
    Long,
}

/// Puts in as many records as there is room for, and has them seen together.
fn fill(instance: &Instance, load: Load<'_>, at: &mut usize) -> Result<Filled, Violation> {
    let side = instance.side();
    let mut space = side.inbox_space()?;
    let filled = loop {
        let Some(mail) = load.get(*at) else { break Filled::All };
        let length = mail.length();
        if length > space.capacity() {
            break Filled::Long;
        }
        if length > space.room() {
            break Filled::NoRoom;
        }
        mail.encode(|piece| space.put(piece));
        *at += 1;
    };
    instance.ring(side.publish_inbox(space));
    Ok(filled)
}

/// A record that is longer than the ring, as its payload and what comes before it: only the
/// latter is copied.
fn apart(load: Load<'_>, at: usize) -> (Vec<u8>, &[u8]) {
    match load {
        Load::Record(record) => (Vec::new(), record),
        Load::Deliveries(_, deliveries) => {
            let payload = match deliveries.get(at) {
                Some(Delivery::Event(event)) => &event.payload()[..],
                _ => &[],
            };
            let mut head = Vec::new();
            if let Some(mail) = load.get(at) {
                let length = mail.length() - payload.len();
                mail.encode(|piece| {
                    if head.len() < length {
                        head.extend_from_slice(piece);
                    }
                });
            }
            (head, payload)
        }
    }
}

/// Lets bytes flow through the ring.
async fn flow(instance: &Instance, mut bytes: &[u8]) -> Result<(), Gone> {
    while !bytes.is_empty() {
        let count = piece(instance, bytes).map_err(|violation| {
            instance.violated(violation);
            Gone
        })?;
        if count == 0 {
            room(instance).await?;
        }
        bytes = &bytes[count..];
    }
    Ok(())
}

fn piece(instance: &Instance, bytes: &[u8]) -> Result<usize, Violation> {
    let mut space = instance.side().inbox_space()?;
    let count = space.room().min(bytes.len());
    space.put(&bytes[..count]);
    instance.ring(instance.side().publish_inbox(space));
    Ok(count)
}

/// Waits until there may be more room.
async fn room(instance: &Instance) -> Result<(), Gone> {
    if instance.is_dead() {
        return Err(Gone);
    }
    if instance.side().watch_inbox() == Watch::Armed {
        instance.courier().room.notified().await;
    }
    Ok(())
}

/// One record.
enum Mail<'m> {
    Event(record::Delivery<'m>),
    Gap(record::Gap<'m>),
    Encoded(&'m [u8]),
}

impl<'l> Load<'l> {
    fn get(self, at: usize) -> Option<Mail<'l>> {
        match self {
            Load::Record(record) => (at == 0).then_some(Mail::Encoded(record)),
            Load::Deliveries(subscription, deliveries) => Some(match deliveries.get(at)? {
                Delivery::Event(event) => of_event(subscription, event),
                Delivery::Gap { missed, principal } => {
                    let at_least = !matches!(missed, Missed::Exactly(_));
                    let (missed, principal) = (missed.count(), principal.as_deref());
                    Mail::Gap(record::Gap { subscription, missed, at_least, principal })
                }
            }),
        }
    }
}

fn of_event(subscription: u32, event: &Event) -> Mail<'_> {
    let since = event.at().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let delivery = record::Delivery {
        subscription,
        seq: event.seq(),
        time_us: u64::try_from(since.as_micros()).unwrap_or(u64::MAX),
        topic: event.topic(),
        kind: event.kind(),
        id: event.own_id().unwrap_or_default(),
        principal: event.principal(),
        payload: event.payload(),
    };
    match delivery.length() {
        Ok(_) => Mail::Event(delivery),
        // A payload that only this hub's configuration allows.
        Err(_) => {
            let gap = record::Gap { subscription, missed: 1, at_least: false, principal: None };
            Mail::Gap(gap)
        }
    }
}

impl Mail<'_> {
    fn length(&self) -> usize {
        match self {
            // It was checked when it was made.
            Mail::Event(delivery) => delivery.length().unwrap_or(0),
            Mail::Gap(gap) => gap.length().unwrap_or(0),
            Mail::Encoded(record) => record.len(),
        }
    }

    fn encode(&self, mut put: impl FnMut(&[u8])) {
        let encoded: Result<(), RecordError> = match self {
            Mail::Event(delivery) => delivery.encode(put),
            Mail::Gap(gap) => gap.encode(put),
            Mail::Encoded(record) => {
                put(record);
                Ok(())
            }
        };
        // Nothing is put in then, and its length was taken for 0.
        let _ = encoded;
    }
}
