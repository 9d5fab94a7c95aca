//! A worker's connection to its hub, and what JavaScript has in hand of it.

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use sdk::{Connection, ErrorCode};

use crate::args::Headers;
use crate::call::Call;
use crate::env::{Env, Value};
use crate::error::{Failure, Result};
use crate::events::Events;
use crate::options;
use crate::poll::{self, Poll};
use crate::promise::{Outcome, promised};
use crate::table::Table;

/// A connection. Every function of it holds it; what nobody can call any more is closed.
#[derive(Debug)]
pub(crate) struct Core {
    me: Weak<Core>,
    pub(crate) connection: Arc<Connection>,
    /// An error that came behind exchanges, to be thrown by the next call.
    late: RefCell<Option<sdk::Error>>,
    pub(crate) table: RefCell<Table>,
    pub(crate) events: RefCell<Events>,
    /// Notices that did not fit into the array of the last call.
    notices: RefCell<Vec<i32>>,
    /// Memory for what answers are made of.
    pub(crate) scratch: RefCell<Scratch>,
    /// While the event loop watches the descriptor.
    pub(crate) poll: Cell<Option<NonNull<Poll>>>,
}

/// Memory that is used again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// Numbers that one request takes in the array of `take`.
const INTS: usize = 3;

impl Core {
    /// Begins to connect and register.
    pub(crate) fn open<'e>(
        env: Env<'e>,
        registrations: Value<'e>,
        given: Value<'e>,
    ) -> Result<Rc<Core>> {
        let registrations = options::registrations(env, registrations)?;
        let options = options::options(env, given)?;
        let connection = Connection::open_in_background(options, registrations)?;
        let events = Events::new(connection.publisher(), connection.caller());
        Ok(Rc::new_cyclic(|me| Core {
            me: me.clone(),
            connection: Arc::new(connection),
            late: RefCell::default(),
            table: RefCell::default(),
            events: RefCell::new(events),
            notices: RefCell::default(),
            scratch: RefCell::default(),
            poll: Cell::new(None),
        }))
    }

    /// `take(into)`: the requests that are here, as many as fit: the number of each, and
    /// what it is for: the registration, and the route of that. None at all: `wake` is called
    /// when there may be some, or notices.
    pub(crate) fn take<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
        if let Some(error) = core.late.borrow_mut().take() {
            return Err(error.into());
        }
        // SAFETY: no code of JavaScript runs before this function returns.
        let into = unsafe { call.env.ints_mut(call.argument(0)) }?;
        if into.len() < INTS {
            return Err(Failure::Type(format!("an Int32Array of {INTS} at least is expected")));
        }
        let mut table = core.table.borrow_mut();
        if !table.has_room(into.len() / INTS) {
            return Err(Failure::Coded(
                ErrorCode::TooLarge,
                format!("{} requests are in hand; answer some", table.in_hand()),
            ));
        }
        let mut count = 0;
        for place in into.chunks_exact_mut(INTS) {
            // The first look asks for a ring when there is nothing, which costs system calls;
            // the further ones do not, because the next call of this looks again.
            let found = match count {
                0 => core.connection.try_next(),
                _ => core.connection.next(Some(Duration::ZERO)),
            };
            match found {
                Ok(Some(exchange)) => {
                    place[1] = exchange.registration() as i32;
                    place[2] = exchange.route_index() as i32;
                    place[0] = table.insert(exchange.into_raw());
                    count += 1;
                }
                Ok(None) => break,
                Err(error) if count == 0 => return Err(error.into()),
                // What was taken is to be answered first.
                Err(error) => {
                    *core.late.borrow_mut() = Some(error);
                    break;
                }
            }
        }
        call.env.int(count)
    }

    /// `notices(into)`: the numbers of requests, subscriptions, pushes and calls for which a wait
    /// may be over, as many as fit; -1 for room. A number may come without cause.
    pub(crate) fn notices<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
        let mut notices = core.notices.borrow_mut();
        let (table, events) = (core.table.borrow(), core.events.borrow());
        core.connection.take_notices(|token| {
            notices.extend(table.waiting(token).or_else(|| events.waiting(token)));
        });
        // SAFETY: no code of JavaScript runs before this function returns.
        let into = unsafe { call.env.ints_mut(call.argument(0)) }?;
        let count = notices.len().min(into.len());
        for (place, number) in into.iter_mut().zip(notices.drain(..count)) {
            *place = number;
        }
        call.env.int(count as i32)
    }

    /// `begin(wake)`: calls `wake` when there may be something, on the event loop.
    pub(crate) fn begin<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
        if core.poll.get().is_some() {
            return Err(Failure::Coded(
                ErrorCode::OutOfOrder,
                "the event loop watches this connection already".to_owned(),
            ));
        }
        // The function that is being called holds it.
        let Some(me) = core.me.upgrade() else { return call.env.undefined() };
        core.poll.set(Some(poll::begin(call.env, &me, call.argument(0))?));
        call.env.undefined()
    }

    /// `end()`: does so no more.
    pub(crate) fn end<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
        core.end_poll();
        call.env.undefined()
    }

    pub(crate) fn end_poll(&self) {
        if let Some(poll) = self.poll.take() {
            poll::end(poll);
        }
    }

    /// `hold(whether)`: whether the connection keeps the process alive while the event loop
    /// watches it.
    pub(crate) fn hold<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
        let whether = call.env.to_bool(call.argument(0))?;
        if let Some(poll) = core.poll.get() {
            poll::hold(poll, whether);
        }
        call.env.undefined()
    }

    /// `waitLive()`: a promise for when the hub sends requests here.
    pub(crate) fn wait_live<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
        let connection = core.connection.clone();
        promised(call.env, move || connection.wait_live().map(|()| Outcome::Nothing))
    }

    /// `waitClosed()`: a promise for whether everything in hand was answered, when it is closed.
    pub(crate) fn wait_closed<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
        let connection = core.connection.clone();
        promised(call.env, move || connection.wait_closed(None).map(Outcome::Whether))
    }

    /// `beginShutdown()`: begins to drain.
    pub(crate) fn begin_shutdown<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
        core.connection.begin_shutdown();
        call.env.undefined()
    }

    /// `beginClose()`: begins to close without a drain.
    pub(crate) fn begin_close<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
        core.connection.begin_close();
        call.env.undefined()
    }

    /// `connected()`: whether there is a hub at the other end now.
    pub(crate) fn connected<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
        call.env.boolean(core.connection.is_connected())
    }

    /// `inHand()`: how many requests are.
    pub(crate) fn in_hand<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
        call.env.int(core.table.borrow().in_hand() as i32)
    }
}

impl Drop for Core {
    /// A thread may wait for the connection, and hold it for as long.
    fn drop(&mut self) {
        self.connection.begin_close();
    }
}
