//! A connection's registrations: adding them, withdrawing them, and how each stands.

use sdk::{Ending, RegistrationMetrics, RegistrationState};

use crate::call::Call;
use crate::core::Core;
use crate::env::{Env, Value};
use crate::error::Result;
use crate::options;

/// `add(registration)`: adds one, and gives its number.
pub(crate) fn add<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let registration = options::registration(call.env, call.argument(0))?;
    call.env.int(core.connection.add(registration)? as i32)
}

fn number(call: Call<'_>) -> Result<usize> {
    let number = options::whole(call.env, call.argument(0), "the number", u32::MAX.into())?;
    Ok(number as usize)
}

/// `withdraw(number)`: begins to withdraw it: nothing new comes for it. It is gone once
/// `standing` gives `null`.
pub(crate) fn withdraw<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    core.connection.begin_withdraw(number(call)?)?;
    call.env.undefined()
}

fn named(state: &RegistrationState) -> (&'static str, Option<String>) {
    match state {
        RegistrationState::Pending => ("pending", None),
        RegistrationState::Waiting { reason } => ("waiting", Some(reason.clone())),
        RegistrationState::Live => ("live", None),
        RegistrationState::Withdrawing => ("withdrawing", None),
        RegistrationState::Refused { code, reason } => {
            ("refused", Some(format!("{code}: {reason}")))
        }
        // A state of a newer build.
        _ => ("other", None),
    }
}

/// An array of its own: it is built value by value, `None` as `null`.
struct List<'e> {
    env: Env<'e>,
    array: Value<'e>,
    length: u32,
}

impl<'e> List<'e> {
    fn new(env: Env<'e>) -> Result<List<'e>> {
        Ok(List { env, array: env.array(0)?, length: 0 })
    }

    fn push(&mut self, value: Value<'e>) -> Result<()> {
        self.length += 1;
        self.env.set_element(self.array, self.length - 1, value)
    }

    fn text(&mut self, text: Option<&str>) -> Result<()> {
        self.push(match text {
            Some(text) => self.env.text(text)?,
            None => self.env.null()?,
        })
    }

    fn number(&mut self, number: Option<f64>) -> Result<()> {
        self.push(match number {
            Some(number) => self.env.double(number)?,
            None => self.env.null()?,
        })
    }

    fn ending(&mut self, ending: Option<&Ending>) -> Result<()> {
        self.text(ending.map(Ending::name))?;
        self.text(ending.map(ToString::to_string).as_deref())
    }
}

/// `standing(number)`: how it stands: its state, and the hub's sentence. `null`: there is none
/// of that number, or none any more.
pub(crate) fn standing<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let Some(state) = core.connection.registration_state(number(call)?) else {
        return call.env.null();
    };
    let (state, reason) = named(&state);
    let mut list = List::new(call.env)?;
    list.text(Some(state))?;
    list.text(reason.as_deref())?;
    Ok(list.array)
}

/// `metrics()`: what each registration has done, those that were withdrawn among them; see
/// `native.d.ts`.
pub(crate) fn metrics<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let mut all = List::new(call.env)?;
    for metrics in core.connection.departed().iter().chain(&core.connection.metrics()) {
        let mut list = List::new(call.env)?;
        put(&mut list, metrics)?;
        all.push(list.array)?;
    }
    Ok(all.array)
}

fn put(list: &mut List<'_>, metrics: &RegistrationMetrics) -> Result<()> {
    let (state, reason) = named(&metrics.state);
    list.number(Some(metrics.index as f64))?;
    list.text(Some(&metrics.name))?;
    list.text(metrics.instance.as_deref())?;
    list.text(Some(state))?;
    list.text(reason.as_deref())?;
    for count in [
        metrics.received,
        metrics.processed,
        metrics.failed,
        metrics.in_flight,
        metrics.bytes_in,
        metrics.bytes_out,
        metrics.reconnects,
        metrics.disconnects,
    ] {
        // Exact up to 2^53.
        list.number(Some(count as f64))?;
    }
    for time in [metrics.backoff, metrics.heartbeat_rtt] {
        list.number(time.map(|time| time.as_secs_f64()))?;
    }
    list.ending(metrics.last_disconnect.as_ref())?;
    list.ending(metrics.ending.as_ref())
}
