//! The request's body. JavaScript gets copies of it.
//!
//! To make a view of foreign memory and to take it away again costs Node 20 0.9 to 1.5 µs, and
//! what was cut from a view would be empty after the answer. To copy into memory that
//! JavaScript cuts from a larger piece costs 0.14 µs for 100 bytes, 0.5 µs for 4 KiB and 7 µs
//! for 64 KiB; to have Node make a buffer of its own for each copy, 0.6, 1.6 and 10 µs.

use sdk::{ErrorCode, RawExchange};

use crate::call::Call;
use crate::core::Core;
use crate::env::Value;
use crate::error::{Failure, Result};

/// There is nothing now; a notice will come.
const AGAIN: i32 = -1;
/// The whole body is not here, or does not lie in the slot at once.
const IN_PIECES: i32 = -1;

/// The whole body, if it lies in the slot now.
fn whole(raw: &RawExchange) -> Result<Option<&[u8]>> {
    // SAFETY: whoever calls this borrows the table: nobody reads or answers meanwhile (N1).
    let (bytes, complete) = unsafe { raw.peek() }?;
    Ok(complete.then_some(bytes))
}

/// Where to copy to: an array, from an index on.
fn space<'e>(call: Call<'e>) -> Result<&'e mut [u8]> {
    let from = usize::try_from(call.int(2)?).unwrap_or(usize::MAX);
    // SAFETY: those who call this use it up before any code of JavaScript runs, once.
    let into = unsafe { call.env.bytes_mut(call.argument(1)) }?;
    into.get_mut(from..)
        .ok_or_else(|| Failure::Type("an index within the array is expected".to_owned()))
}

/// `body(number, into, from)`: copies the whole body and gives its length; it stays to be asked
/// for. -1: it is not all here, `read` it. Below: it does not fit, and its length is -2 - that.
pub(crate) fn body<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let into = space(call)?;
    let table = core.table.borrow();
    let Some(bytes) = whole(table.get(call.int(0)?)?)? else { return call.env.int(IN_PIECES) };
    match into.get_mut(..bytes.len()) {
        Some(into) => {
            into.copy_from_slice(bytes);
            call.env.int(bytes.len() as i32)
        }
        None => call.env.int(-2 - bytes.len() as i32),
    }
}

/// `text(number)`: the whole body as text; it stays to be asked for. `null`: it is not all here,
/// `read` it. Throws for what is not UTF-8.
pub(crate) fn text<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let table = core.table.borrow();
    let Some(bytes) = whole(table.get(call.int(0)?)?)? else { return call.env.null() };
    if bytes.is_ascii() {
        return call.env.latin1(bytes);
    }
    let text = str::from_utf8(bytes).map_err(|error| {
        Failure::Coded(
            ErrorCode::InvalidArgument,
            format!("the request's body is not UTF-8: {error}"),
        )
    })?;
    call.env.text(text)
}

/// `read(number, into, from)`: copies some of the body, gives how many bytes; 0 at its end. -1:
/// a notice comes when there is more.
pub(crate) fn read<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let number = call.int(0)?;
    let into = space(call)?;
    if into.is_empty() {
        return Err(Failure::Type("room for a byte at least is expected".to_owned()));
    }
    let read = core.table.borrow().get(number)?.try_read(into)?;
    if read.is_none() {
        core.table.borrow_mut().wait(number);
    }
    call.env.int(read.map_or(AGAIN, |count| count as i32))
}

/// `atEnd(number)`: whether all of the body has been read, or there is none.
pub(crate) fn at_end<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let table = core.table.borrow();
    let end = whole(table.get(call.int(0)?)?)?.is_some_and(<[u8]>::is_empty);
    call.env.boolean(end)
}
