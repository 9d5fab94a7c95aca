//! What a connection is made with, as JavaScript says it.

use std::time::Duration;

use sdk::{Connect, Heartbeat, Options, Registration};

use crate::env::{Env, Value};
use crate::error::{Failure, Result};

/// `[{ name, instance, maxConcurrent, routes: [[method, pattern, host, idempotent, sse]],
/// queues: [{ queue, activities, capacity }] }]`.
pub(crate) fn registrations<'e>(env: Env<'e>, given: Value<'e>) -> Result<Vec<Registration>> {
    each(env, given).map(|given| registration(env, given?)).collect()
}

/// The elements of an array.
pub(crate) fn each<'e>(env: Env<'e>, array: Value<'e>) -> impl Iterator<Item = Result<Value<'e>>> {
    let (length, error) = match env.length(array) {
        Ok(length) => (length, None),
        Err(error) => (0, Some(Err(error))),
    };
    error.into_iter().chain((0..length).map(move |index| env.element(array, index)))
}

/// One of them.
pub(crate) fn registration<'e>(env: Env<'e>, given: Value<'e>) -> Result<Registration> {
    let mut registration = Registration::new(env.to_text(env.get(given, "name")?)?);
    if let Some(instance) = self::given(env, given, "instance")? {
        registration = registration.instance(env.to_text(instance)?);
    }
    if let Some(exchanges) = number(env, given, "maxConcurrent", u32::MAX.into())? {
        registration = registration.max_concurrent(exchanges as u32);
    }
    let mut limited = false;
    for route in each(env, env.get(given, "routes")?) {
        let route = route?;
        let method = env.to_text(env.element(route, 0)?)?;
        let pattern = env.to_text(env.element(route, 1)?)?;
        let host = env.element(route, 2)?;
        if !env.is_nothing(host)? {
            registration = registration.host(env.to_text(host)?);
            limited = true;
        } else if limited {
            return Err(Failure::from(sdk::Error::InvalidArgument(format!(
                "the route {method} {pattern} has no host and follows one that has; list routes \
                 without a host first"
            ))));
        }
        let sse = env.element(route, 4)?;
        registration = if !env.is_nothing(sse)? && env.to_bool(sse)? {
            registration.sse_route(&pattern)
        } else if env.to_bool(env.element(route, 3)?)? {
            registration.idempotent_route(&method, &pattern)
        } else {
            registration.route(&method, &pattern)
        };
    }
    let Some(queues) = self::given(env, given, "queues")? else { return Ok(registration) };
    for queue in each(env, queues) {
        let queue = queue?;
        let activities = each(env, env.get(queue, "activities")?);
        let activities = activities.map(|name| env.to_text(name?)).collect::<Result<Vec<_>>>()?;
        registration = registration.queue(env.to_text(env.get(queue, "queue")?)?, activities);
        if let Some(activities) = number(env, queue, "capacity", u32::MAX.into())? {
            registration = registration.capacity(activities as u32);
        }
    }
    Ok(registration)
}

/// An object's property, unless it is not there.
pub(crate) fn given<'e>(env: Env<'e>, object: Value<'e>, name: &str) -> Result<Option<Value<'e>>> {
    let value = env.get(object, name)?;
    Ok(if env.is_nothing(value)? { None } else { Some(value) })
}

/// A property that is a whole number from 0 to `most`, unless it is not there.
pub(crate) fn number<'e>(
    env: Env<'e>,
    object: Value<'e>,
    name: &str,
    most: u64,
) -> Result<Option<u64>> {
    given(env, object, name)?.map(|value| whole(env, value, name, most)).transpose()
}

/// A whole number from 0 to `most`.
pub(crate) fn whole<'e>(env: Env<'e>, value: Value<'e>, name: &str, most: u64) -> Result<u64> {
    let number = env.to_double(value).map_err(|_| wrong(name, "is not a number", most))?;
    // Up to 2^53 every whole number is one of these.
    if number.fract() != 0.0 || !(0.0..=most as f64).contains(&number) {
        return Err(wrong(name, &format!("is {number}"), most));
    }
    Ok(number as u64)
}

fn wrong(name: &str, what: &str, most: u64) -> Failure {
    Failure::from(sdk::Error::InvalidArgument(format!(
        "{name} {what}; it is a whole number from 0 to {most}"
    )))
}

/// A time, given in seconds. More than can be said is for ever.
fn seconds<'e>(env: Env<'e>, name: &str, value: Value<'e>) -> Result<Duration> {
    let seconds = env.to_double(value).ok().filter(|seconds| !seconds.is_nan());
    let seconds = seconds.ok_or_else(|| {
        Failure::from(sdk::Error::InvalidArgument(format!("{name} is a number of seconds")))
    })?;
    Ok(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX))
}

/// The largest whole number that JavaScript can tell from its neighbours.
pub(crate) const SAFE_INTEGER_MAX: u64 = (1 << 53) - 1;

/// What may be said of a connection; see `native.d.ts`.
pub(crate) fn options<'e>(env: Env<'e>, said: Value<'e>) -> Result<Options> {
    let mut options = Options::new().sdk(concat!("node/", env!("CARGO_PKG_VERSION")));
    let int = |name| number(env, said, name, u32::MAX.into()).map(|n| n.map(|n| n as u32));
    if let Some(hub) = given(env, said, "hub")? {
        options = options.hub(env.to_text(hub)?);
    }
    if let Some(slots) = int("slots")? {
        options = options.slots(slots);
    }
    if let Some(bytes) = int("headBytes")? {
        options = options.head_bytes(bytes);
    }
    if let Some(bytes) = int("requestBytes")? {
        options = options.request_bytes(bytes);
    }
    if let Some(bytes) = int("responseBytes")? {
        options = options.response_bytes(bytes);
    }
    if let Some(deadline) = given(env, said, "drainDeadline")? {
        options = options.drain_deadline(seconds(env, "drainDeadline", deadline)?);
    }
    if let Some(generation) = number(env, said, "generation", SAFE_INTEGER_MAX)? {
        options = options.generation(generation);
    }
    if let Some(open) = given(env, said, "keepOpen")? {
        options = options.keep_open(env.to_bool(open)?);
    }
    if let Some(beat) = given(env, said, "heartbeat")? {
        let mut heartbeat = Heartbeat::default();
        if let Some(interval) = given(env, beat, "interval")? {
            heartbeat.interval = seconds(env, "heartbeat.interval", interval)?;
        }
        if let Some(timeout) = given(env, beat, "timeout")? {
            heartbeat.timeout = seconds(env, "heartbeat.timeout", timeout)?;
        }
        options = options.heartbeat(heartbeat);
    }
    if let Some(connect) = given(env, said, "connect")? {
        options = options.connect(match env.to_text(connect) {
            Ok(word) if word == "once" => Connect::Once,
            Ok(word) => {
                return Err(Failure::from(sdk::Error::InvalidArgument(format!(
                    "connect is {word:?}; it is \"once\" or a number of seconds, or left out"
                ))));
            }
            Err(_) => Connect::Within(seconds(env, "connect", connect)?),
        });
    }
    Ok(options)
}
