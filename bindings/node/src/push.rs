//! Pushing to clients of streams that the worker owns.

use napi_sys as sys;
use sdk::{Error, Offer, Push, PushTo};

use crate::call::Call;
use crate::core::Core;
use crate::env::{Env, Value};
use crate::error::{Failure, Result};
use crate::publish::NO_HUB;

/// What the target is, and whether their streams end: the rest of the number is how many
/// parameters there are.
const KINDS: i32 = 8;
const CLOSE: i32 = 4;
const PATH: i32 = 0;
const PATTERN: i32 = 1;
/// Texts before the parameters: target, type, id.
const TEXTS: usize = 3;

/// There is no room now.
const FULL: i32 = 0;
const PUSHED: i32 = 1;
/// There is no answer yet.
const AGAIN: i32 = -1;

/// The bytes of a payload; what is text comes to lie behind the others in `scratch`.
///
/// # Safety
///
/// As for [`Env::bytes`].
pub(crate) unsafe fn payload<'e>(
    env: Env<'e>,
    given: Value<'e>,
    scratch: &mut Vec<u8>,
) -> Result<Option<&'e [u8]>> {
    if env.kind(given)? == sys::ValueType::napi_string {
        env.utf8_into(given, scratch)?;
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    Ok(Some(unsafe { env.bytes(given) }?))
}

/// `push(what, texts, data, registration, answer)`: pushes if there is room now. 1: it is
/// pushed; or, if an answer is wanted, a number for `pushed`, -2 or less. 0: there is no room.
/// -1: there is no hub now.
pub(crate) fn push<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let env = call.env;
    let what = call.int(0)?;
    let registration = call.int(3)?;
    let answer = env.to_bool(call.argument(4))?;
    let scratch = &mut core.scratch.borrow_mut().body;
    scratch.clear();
    env.utf8_into(call.argument(1), scratch)?;
    let end = scratch.len();
    // SAFETY: no code of JavaScript runs before this function returns.
    let data = unsafe { payload(env, call.argument(2), scratch) }?;
    let (texts, rest) = scratch.split_at(end);
    // It was made as UTF-8.
    let texts = str::from_utf8(texts).unwrap_or_default();
    let params = usize::try_from(what / KINDS).unwrap_or(0);
    if 1 + texts.bytes().filter(|&byte| byte == 0).count() != TEXTS + 2 * params {
        let what = "the target, type or id of a push holds the byte 0x00, which none may";
        return Err(Failure::from(Error::InvalidArgument(what.to_owned())));
    }
    let mut texts = texts.split('\0');
    let mut text = || texts.next().unwrap_or_default();
    let (target, kind, id) = (text(), text(), text());
    let params: Vec<(&str, &str)> = (0..params).map(|_| (text(), text())).collect();
    let to = match what % CLOSE {
        PATH => PushTo::Path(target),
        PATTERN => PushTo::Pattern { pattern: target, params: &params },
        _ => PushTo::Connection(target),
    };
    let push = Push::new(to)
        .registration(u32::try_from(registration).unwrap_or(0))
        .kind(kind)
        .id(id)
        .data(data.unwrap_or(rest));
    let push = if what & CLOSE != 0 { push.close() } else { push };
    let mut events = core.events.borrow_mut();
    let told = if answer {
        let asked = events.publisher.try_push_expecting(&push);
        asked.map(|answer| answer.map_or(FULL, |answer| events.ask(answer)))
    } else {
        let offer = events.publisher.try_push(&push);
        offer.map(|offer| if offer == Offer::Published { PUSHED } else { FULL })
    };
    match told {
        Ok(told) => env.int(told),
        Err(Error::HubGone) => env.int(NO_HUB),
        Err(error) => Err(error.into()),
    }
}

/// `pushed(number)`: what became of a push, as a status of HTTP. -1: a notice comes when it is
/// known.
pub(crate) fn pushed<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let number = call.int(0)?;
    let mut events = core.events.borrow_mut();
    let told = events.asking(number)?.poll();
    if !matches!(told, Ok(None)) {
        events.remove(number);
    }
    call.env.int(told?.map_or(AGAIN, i32::from))
}
