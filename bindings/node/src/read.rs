//! What is asked of a request's head, one thing at a time.

use percent_encoding::percent_decode;
use slotway_core::head::{Fields, RequestHead};

use crate::call::Call;
use crate::core::Core;
use crate::env::{Env, Value};
use crate::error::Result;
use crate::head;

/// Shows the head of the request that the call names to `look`.
fn with<'e>(
    call: Call<'e>,
    core: &Core,
    look: impl FnOnce(Env<'e>, &RequestHead<'_>) -> Result<Value<'e>>,
) -> Result<Value<'e>> {
    let number = call.int(0)?;
    let table = core.table.borrow();
    // SAFETY: the table is borrowed while `look` looks, so nobody answers (N1, N2: what `look`
    // makes of it are strings and numbers).
    look(call.env, unsafe { table.get(number)?.head() })
}

/// `method(number)`.
pub(crate) fn method<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    with(call, core, |env, head| env.latin1(head.method().as_bytes()))
}

/// `path(number)`: without its percent-encoding; what is not UTF-8 is replaced.
pub(crate) fn path<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    with(call, core, |env, head| env.text(&percent_decode(head.path()).decode_utf8_lossy()))
}

/// `target(number)`: path and query as they were sent.
pub(crate) fn target<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let scratch = &mut core.scratch.borrow_mut().body;
    scratch.clear();
    with(call, core, |env, head| {
        head::target(head, scratch);
        env.latin1(scratch)
    })
}

/// `query(number)`: what follows the question mark, as it was sent; empty without one.
pub(crate) fn query<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    with(call, core, |env, head| env.latin1(head.query().unwrap_or(&[])))
}

/// `route(number)`: the pattern that matched.
pub(crate) fn route<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    with(call, core, |env, head| env.text(head.route()))
}

/// `params(number)`: names and values in turn, without percent-encoding.
pub(crate) fn params<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    with(call, core, |env, head| pairs(env, head.params()))
}

fn pairs<'e>(env: Env<'e>, fields: Fields<'_>) -> Result<Value<'e>> {
    let array = env.array(fields.count() * 2)?;
    for (index, (name, value)) in (0u32..).step_by(2).zip(fields) {
        env.set_element(array, index, env.text(&String::from_utf8_lossy(name))?)?;
        env.set_element(array, index + 1, env.text(&String::from_utf8_lossy(value))?)?;
    }
    Ok(array)
}

/// `header(number, name)`: the first value, the name in any case of letters.
pub(crate) fn header<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let name = call.env.to_text(call.argument(1))?;
    with(call, core, |env, head| match head.header(&name) {
        Some(value) => env.latin1(value),
        None => env.undefined(),
    })
}

/// `contentLength(number)`: if the client stated it.
pub(crate) fn content_length<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    with(call, core, |env, head| match head.content_length() {
        Some(length) => env.double(length as f64),
        None => env.undefined(),
    })
}

/// `version(number)`: 10, 11 or 20.
pub(crate) fn version<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    with(call, core, |env, head| env.int(head.http_version().into()))
}

/// `peer(number)`: the address and the port, with a space between; `undefined` over a Unix
/// socket.
pub(crate) fn peer<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    with(call, core, |env, head| match head.peer() {
        Some(peer) => env.text(&format!("{} {}", peer.ip(), peer.port())),
        None => env.undefined(),
    })
}
