//! Publishing: many events in one call, or one.
//!
//! JavaScript hands over one string with all texts, some numbers and one array with all
//! payloads, which costs it less than a call for each of their parts costs here.

use sdk::{Error, Event};

use crate::call::Call;
use crate::core::Core;
use crate::env::Value;
use crate::error::{Failure, Result};

/// Between texts. None of them may hold it; [`publish`] counts.
const SEPARATOR: char = '\0';
/// Texts of an event: topic, type, id, principal, key. Empty where there is none.
const TEXTS: usize = 5;
/// Numbers of an event: what follows, where its payload begins and how long it is.
const INTS: usize = 3;

/// The hub waits for subscribers that are full.
const MUST_DELIVER: i32 = 1;
/// It has no principal.
const SYSTEM: i32 = 2;
/// It is the last of its key.
const TERMINAL: i32 = 4;

/// There is no hub now.
pub(crate) const NO_HUB: i32 = -1;

/// `publish(count, texts, ints, payloads)`: publishes as many events as there is room for now,
/// gives how many. -1: there is no hub now. All are checked before the first is published.
pub(crate) fn publish<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let env = call.env;
    let count = usize::try_from(call.int(0)?).unwrap_or(0);
    let texts = &mut core.scratch.borrow_mut().body;
    texts.clear();
    env.utf8_into(call.argument(1), texts)?;
    // SAFETY: no code of JavaScript runs before this function returns.
    let ints = unsafe { env.ints_mut(call.argument(2)) }?;
    // SAFETY: as above.
    let payloads = unsafe { env.bytes(call.argument(3)) }?;
    // It was made as UTF-8.
    let texts = str::from_utf8(texts).unwrap_or_default();
    let parts = 1 + texts.bytes().filter(|&byte| byte == 0).count();
    if parts != count * TEXTS {
        let what = "a topic, type, id, principal or key holds the byte 0x00, which none may";
        return Err(Failure::from(Error::InvalidArgument(what.to_owned())));
    }
    let mut texts = texts.split(SEPARATOR);
    let mut text = || texts.next().unwrap_or_default();
    let mut events = Vec::with_capacity(count);
    for ints in ints.chunks_exact(INTS).take(count) {
        let (flags, begin, length) = (ints[0], ints[1] as usize, ints[2] as usize);
        let (topic, kind, id, principal, key) = (text(), text(), text(), text(), text());
        let payload = payloads.get(begin..).and_then(|from| from.get(..length));
        let payload = payload
            .ok_or_else(|| Failure::Type("payloads within the array are expected".into()))?;
        let mut event = Event::new(topic).kind(kind).id(id).payload(payload);
        if !principal.is_empty() {
            event = event.principal(principal);
        }
        if !key.is_empty() {
            event = event.key(key);
        }
        if flags & MUST_DELIVER != 0 {
            event = event.must_deliver();
        }
        if flags & SYSTEM != 0 {
            event = event.system();
        }
        if flags & TERMINAL != 0 {
            event = event.terminal();
        }
        events.push(event);
    }
    match core.events.borrow().publisher.try_publish_many(&events) {
        Ok(count) => env.int(count as i32),
        Err(Error::HubGone) => env.int(NO_HUB),
        Err(error) => Err(blame(&events, error)),
    }
}

/// Says which of several events it was.
#[cold]
fn blame(events: &[Event<'_>], error: Error) -> Failure {
    let code = error.code();
    match events.iter().position(|event| event.check().is_err()) {
        Some(index) if events.len() > 1 => {
            Failure::Coded(code, format!("of {} events number {index}: {error}", events.len()))
        }
        _ => Failure::from(error),
    }
}

/// `room()`: 1, there may be room for an event that found none; 0, a notice comes when there
/// is; -1, there is no hub now.
pub(crate) fn room<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    match core.events.borrow().publisher.poll_room() {
        Ok(room) => call.env.int(room.into()),
        Err(Error::HubGone) => call.env.int(NO_HUB),
        Err(error) => Err(error.into()),
    }
}

/// `refusals()`: what the hub did not publish of what it was given: reasons and how many events
/// in turn.
pub(crate) fn refusals<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let mut told = Vec::new();
    core.events.borrow().publisher.take_refusals(|refusal| {
        told.push((refusal.reason.to_string(), refusal.count));
    });
    let array = call.env.array(2 * told.len())?;
    for (index, (reason, count)) in (0u32..).step_by(2).zip(told) {
        call.env.set_element(array, index, call.env.text(&reason)?)?;
        call.env.set_element(array, index + 1, call.env.double(count.into())?)?;
    }
    Ok(array)
}
