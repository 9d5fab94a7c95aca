//! Calling activities that other workers do, and taking what became of it.

use std::time::Duration;

use sdk::{Call as Activity, Error, Reply};

use crate::call::Call;
use crate::core::Core;
use crate::env::Value;
use crate::error::{Failure, Result};
use crate::events::Called;
use crate::publish::NO_HUB;
use crate::push::payload;

/// Texts: queue, activity, content type, key. Empty where there is none.
const TEXTS: usize = 4;
/// Numbers of a call: flags; how long it may take, in milliseconds, 0 for the hub's default; how
/// often it may be begun; the pause before the second time, in milliseconds.
const ASKED: usize = 4;

/// To do it twice does no more than to do it once.
const IDEMPOTENT: i32 = 1;

/// There is no room now.
const FULL: i32 = 0;

/// Numbers of an outcome: what it is; the answer's status; how often it was begun; how long to
/// hold back, in milliseconds; whether it is an earlier one's; how many bytes its body has.
const TOLD: usize = 6;

const ANSWERED: i32 = 0;
const FAILED: i32 = 1;
/// The body does not fit.
const TOO_LONG: i32 = 2;
const UNKNOWN: i32 = 3;

fn millis(given: i32) -> Duration {
    Duration::from_millis(given.max(0) as u64)
}

/// `call(texts, payload, numbers)`: calls if there is room now. A number for `outcome` and
/// `hangUp`, -2 or less. 0: there is no room. -1: there is no hub now.
pub(crate) fn call<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let env = call.env;
    let scratch = &mut core.scratch.borrow_mut().body;
    scratch.clear();
    env.utf8_into(call.argument(0), scratch)?;
    let end = scratch.len();
    // SAFETY: no code of JavaScript runs before this function returns.
    let given = unsafe { payload(env, call.argument(1), scratch) }?;
    // SAFETY: as above; the arrays are two.
    let numbers = unsafe { env.ints_mut(call.argument(2)) }?;
    let Some(&mut [flags, timeout, attempts, backoff]) = numbers.first_chunk_mut::<ASKED>() else {
        return Err(Failure::Type(format!("an Int32Array of {ASKED} at least is expected")));
    };
    let (texts, rest) = scratch.split_at(end);
    // It was made as UTF-8.
    let texts = str::from_utf8(texts).unwrap_or_default();
    if 1 + texts.bytes().filter(|&byte| byte == 0).count() != TEXTS {
        let what = "a queue, activity, content type or key holds the byte 0x00, which none may";
        return Err(Failure::from(Error::InvalidArgument(what.to_owned())));
    }
    let mut texts = texts.split('\0');
    let mut text = || texts.next().unwrap_or_default();
    let (queue, activity, content_type, key) = (text(), text(), text(), text());
    let attempts = u16::try_from(attempts).unwrap_or(u16::MAX);
    let mut asked = Activity::new(queue, activity, given.unwrap_or(rest))
        .content_type(content_type)
        .retry(attempts, millis(backoff));
    if timeout > 0 {
        asked = asked.timeout(millis(timeout));
    }
    if flags & IDEMPOTENT != 0 {
        asked = asked.idempotent();
    }
    if !key.is_empty() {
        asked = asked.key(key);
    }
    // Whether or not there is a hub.
    asked.check()?;
    let mut events = core.events.borrow_mut();
    match events.caller.try_begin(&asked) {
        Ok(Some(calling)) => env.int(events.call(calling)),
        Ok(None) => env.int(FULL),
        // Nothing was called.
        Err(Error::HubGone) => env.int(NO_HUB),
        Err(error) => Err(error.into()),
    }
}

/// `outcome(number, numbers, bytes, from)`: what became of a call: the text that belongs to it,
/// with numbers; see above. `null`: it is not known yet, and a notice comes when it is; or its body
/// does not fit. It is told once.
pub(crate) fn outcome<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let env = call.env;
    let number = call.int(0)?;
    // SAFETY: no code of JavaScript runs before this function returns.
    let numbers = unsafe { env.ints_mut(call.argument(1)) }?;
    // SAFETY: as above; the arrays are two.
    let bytes = unsafe { env.bytes_mut(call.argument(2)) }?;
    let from = usize::try_from(call.int(3)?).unwrap_or(usize::MAX);
    let Some(numbers) = numbers.first_chunk_mut::<TOLD>() else {
        return Err(Failure::Type(format!("an Int32Array of {TOLD} at least is expected")));
    };
    let mut events = core.events.borrow_mut();
    let told = taken(events.calling(number)?);
    match told {
        Ok(None) => {
            numbers[0] = UNKNOWN;
            env.null()
        }
        Ok(Some(reply)) => {
            let length = reply.body().len();
            *numbers = [
                ANSWERED,
                reply.status().into(),
                reply.attempts().into(),
                reply.delay_hint().map_or(0, whole_millis),
                reply.is_replayed().into(),
                // It has 5 MiB at most.
                length as i32,
            ];
            match bytes.get_mut(from..).and_then(|bytes| bytes.get_mut(..length)) {
                Some(into) => into.copy_from_slice(reply.body()),
                None => {
                    numbers[0] = TOO_LONG;
                    events.calling(number)?.held = Some(reply);
                    return env.null();
                }
            }
            events.remove(number);
            env.text(reply.content_type())
        }
        Err(Error::Call { end, reason, retry_after }) => {
            events.remove(number);
            *numbers = [FAILED, 0, 0, retry_after.map_or(0, whole_millis), 0, 0];
            env.text(&format!("{end}\0{reason}"))
        }
        Err(error) => {
            events.remove(number);
            Err(error.into())
        }
    }
}

fn taken(called: &mut Called) -> sdk::Result<Option<Reply>> {
    match called.held.take() {
        Some(reply) => Ok(Some(reply)),
        None => called.calling.poll(),
    }
}

fn whole_millis(time: Duration) -> i32 {
    i32::try_from(time.as_millis()).unwrap_or(i32::MAX)
}

/// `hangUp(number)`: nobody waits for what becomes of a call.
pub(crate) fn hang_up<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    core.events.borrow_mut().remove(call.int(0)?);
    call.env.undefined()
}
