//! A request's whole head in one call: one string and some numbers that say what lies where.
//!
//! A string for each name and value costs 80 ns each to make here; a part of one string costs
//! JavaScript 20 ns, and a name that is known (`names`) nothing.

use slotway_core::head::RequestHead;

use crate::call::Call;
use crate::core::Core;
use crate::env::Value;
use crate::error::Result;
use crate::names;

/// Numbers before those of the headers: the method's index, or below 0 the length of its name;
/// the length of the target; the version of HTTP; how many headers there are.
const FIXED: usize = 4;
/// Numbers of each header: the index of its name, or below 0 the name's length; the length of
/// its value.
const EACH: usize = 2;

/// `head(number, into)`: the head as one string, with the lengths of its parts in `into`: the
/// method, if it is none of `methods`; the target; and of each header its name, if it is none of
/// `names`, and its value. `null`: `into` is too short, and `into[3]` headers are to fit.
pub(crate) fn head<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let table = core.table.borrow();
    let raw = table.get(call.int(0)?)?;
    // SAFETY: the table is borrowed, so nobody answers before this function returns (N1).
    let head = unsafe { raw.head() };
    // SAFETY: no code of JavaScript runs before this function returns.
    let into = unsafe { call.env.ints_mut(call.argument(1)) }?;
    let scratch = &mut core.scratch.borrow_mut().body;
    scratch.clear();
    if write(head, into, scratch) { call.env.latin1(scratch) } else { call.env.null() }
}

/// The length of a text that is written out, as `into` tells it.
fn unknown(length: usize) -> i32 {
    -(length as i32)
}

fn write(head: &RequestHead<'_>, into: &mut [i32], text: &mut Vec<u8>) -> bool {
    let Some((fixed, each)) = into.split_at_mut_checked(FIXED) else { return false };
    let method = head.method();
    fixed[0] = match names::method(method) {
        Some(index) => index as i32,
        None => {
            text.extend_from_slice(method.as_bytes());
            unknown(method.len())
        }
    };
    let before = text.len();
    target(head, text);
    fixed[1] = (text.len() - before) as i32;
    fixed[2] = i32::from(head.http_version());
    let mut count = 0;
    let mut places = each.chunks_exact_mut(EACH);
    for (name, value) in head.headers() {
        count += 1;
        let Some(place) = places.next() else { continue };
        place[0] = match names::header(name) {
            Some(index) => index as i32,
            None => {
                text.extend_from_slice(name);
                unknown(name.len())
            }
        };
        text.extend_from_slice(value);
        place[1] = value.len() as i32;
    }
    fixed[3] = count;
    count as usize <= each.len() / EACH
}

/// Path and query as they were sent.
pub(crate) fn target(head: &RequestHead<'_>, into: &mut Vec<u8>) {
    into.extend_from_slice(head.path());
    if let Some(query) = head.query() {
        into.push(b'?');
        into.extend_from_slice(query);
    }
}
