//! Answering, and whether anybody still waits for it.

use napi_sys as sys;
use sdk::RawExchange;

use crate::call::Call;
use crate::core::Core;
use crate::env::Value;
use crate::error::{Failure, Result};

/// There is no room now; a notice will come.
const AGAIN: i32 = -1;

/// A status as it was given; what is none is refused with the number that was meant.
fn status(call: Call<'_>) -> Result<u16> {
    let given = call.int(1)?;
    u16::try_from(given).map_err(|_| {
        Failure::Coded(
            sdk::ErrorCode::InvalidHead,
            format!("the status {given} cannot be sent; a response's status is 200 to 599"),
        )
    })
}

/// Does something that may end an exchange, and lets go of it if it has.
fn ending<T>(
    core: &Core,
    number: i32,
    end: impl FnOnce(&RawExchange) -> sdk::Result<T>,
) -> Result<T> {
    let mut table = core.table.borrow_mut();
    let raw = table.get(number)?;
    let result = end(raw);
    if result.is_ok() || !raw.is_open() {
        table.remove(number);
    }
    Ok(result?)
}

/// `respond(number, status, count, headers, body)`: answers in one call. `false`: the slot does
/// not hold the body at once, and nothing has happened; `start` and `write` it.
pub(crate) fn respond<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let (env, number, status) = (call.env, call.int(0)?, status(call)?);
    let scratch = &mut *core.scratch.borrow_mut();
    scratch.headers.read(env, call.argument(3), call.int(2)?)?;
    let capacity = core.table.borrow().get(number)?.response_capacity();
    let given = call.argument(4);
    let body: &[u8] = match env.kind(given)? {
        sys::ValueType::napi_string => {
            // As UTF-8 it has as many bytes at least.
            if env.units(given)? > capacity {
                return env.boolean(false);
            }
            scratch.body.clear();
            env.utf8_into(given, &mut scratch.body)?;
            &scratch.body
        }
        sys::ValueType::napi_undefined | sys::ValueType::napi_null => &[],
        // SAFETY: no code of JavaScript runs before this function returns.
        _ => unsafe { env.bytes(given) }?,
    };
    if body.len() > capacity {
        return env.boolean(false);
    }
    ending(core, number, |raw| raw.respond(status, scratch.headers.iter(), body))?;
    env.boolean(true)
}

/// `start(number, status, count, headers)`: begins a streamed answer.
pub(crate) fn start<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let (number, status) = (call.int(0)?, status(call)?);
    let scratch = &mut *core.scratch.borrow_mut();
    scratch.headers.read(call.env, call.argument(3), call.int(2)?)?;
    core.table.borrow().get(number)?.start(status, scratch.headers.iter())?;
    call.env.undefined()
}

/// `write(number, bytes, from)`: adds to a streamed answer as much as there is room for, gives
/// how many bytes. -1: a notice comes when there is room.
pub(crate) fn write<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let number = call.int(0)?;
    let from = usize::try_from(call.int(2)?).unwrap_or(usize::MAX);
    // SAFETY: no code of JavaScript runs before this function returns.
    let bytes = unsafe { call.env.bytes(call.argument(1)) }?;
    let bytes = bytes.get(from..).unwrap_or(&[]);
    let written = core.table.borrow().get(number)?.try_write(bytes)?;
    if written.is_none() {
        core.table.borrow_mut().wait(number);
    }
    call.env.int(written.map_or(AGAIN, |count| count as i32))
}

/// `flush(number)`: sends what there is of a streamed answer, its head at least.
pub(crate) fn flush<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    core.table.borrow().get(call.int(0)?)?.flush()?;
    call.env.undefined()
}

/// `finish(number)`: ends a streamed answer.
pub(crate) fn finish<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    ending(core, call.int(0)?, RawExchange::finish)?;
    call.env.undefined()
}

/// `abort(number)`: breaks the answer off. The client gets 502, or a broken connection if the
/// answer had begun.
pub(crate) fn abort<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    ending(core, call.int(0)?, RawExchange::abort)?;
    call.env.undefined()
}

/// `drop(number)`: lets go of a request; one that is not answered is answered with 500.
pub(crate) fn drop<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    core.table.borrow_mut().remove(call.int(0)?);
    call.env.undefined()
}

/// `open(number)`: whether the answer is still to be completed.
pub(crate) fn is_open<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    call.env.boolean(core.table.borrow().has(call.int(0)?))
}

/// `started(number)`: whether the answer's head is written.
pub(crate) fn started<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let table = core.table.borrow();
    call.env.boolean(table.get(call.int(0)?).map_or(true, RawExchange::is_started))
}

/// `cancelled(number)`: whether nobody waits for the answer any more.
pub(crate) fn cancelled<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let table = core.table.borrow();
    call.env.boolean(table.get(call.int(0)?).is_ok_and(RawExchange::cancelled))
}

/// `watch(number)`: as `cancelled`; if not, a notice comes when it is.
pub(crate) fn watch<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let number = call.int(0)?;
    let mut table = core.table.borrow_mut();
    let Ok(raw) = table.get(number) else { return call.env.boolean(false) };
    let cancelled = raw.poll_cancelled();
    if !cancelled {
        table.wait(number);
    }
    call.env.boolean(cancelled)
}

/// `timeLeft(number)`: seconds until the answer is due; `undefined` for ever.
pub(crate) fn time_left<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    match core.table.borrow().get(call.int(0)?).ok().and_then(RawExchange::time_left) {
        Some(left) => call.env.double(left.as_secs_f64()),
        None => call.env.undefined(),
    }
}
