//! Subscribing, and taking what has come: many events in one call.
//!
//! What they say goes to JavaScript as one string with all texts, some numbers for each event,
//! and one array with all payloads, for the reason that `head` has.

use sdk::{Delivery, Gap, Received, Topics};

use crate::call::Call;
use crate::core::Core;
use crate::env::{Env, Value};
use crate::error::{Failure, Result};
use crate::options;

/// Numbers before those of the events: how many there are; if none, how many bytes the first
/// one's payload has, which did not fit.
const FIXED: usize = 2;
/// Numbers of each: what it is; its sequence number, or how many were lost; when it was
/// published, in milliseconds; the lengths of topic, type, id, principal and payload.
const EACH: usize = 8;

const EVENT: f64 = 0.0;
const GAP: f64 = 1.0;
const GAP_AT_LEAST: f64 = 2.0;

/// It has none.
const NONE: f64 = -1.0;
/// It is that of the event before.
const SAME: f64 = -2.0;

/// `topics(patterns, options)` of `lib`, as the layer below wants them.
pub(crate) fn topics<'e>(env: Env<'e>, patterns: Value<'e>, given: Value<'e>) -> Result<Topics> {
    let patterns = options::each(env, patterns).map(|pattern| env.to_text(pattern?));
    let mut topics = Topics::new(patterns.collect::<Result<Vec<_>>>()?);
    if let Some(mode) = options::given(env, given, "mode")? {
        topics = match env.to_text(mode)?.as_str() {
            "lossy" => topics,
            "routed" => topics.routed(),
            mode => return Err(wrong("mode", mode, "lossy or routed")),
        };
    }
    if let Some(overflow) = options::given(env, given, "overflow")? {
        topics = match env.to_text(overflow)?.as_str() {
            "oldest" => topics,
            "newest" => topics.drop_newest(),
            overflow => return Err(wrong("overflow", overflow, "oldest or newest")),
        };
    }
    let principal = env.get(given, "principal")?;
    if env.is_null(principal)? {
        topics = topics.of_system();
    } else if !env.is_nothing(principal)? {
        topics = topics.of_principal(env.to_text(principal)?);
    }
    if let Some(events) = options::number(env, given, "capacity", u32::MAX.into())? {
        topics = topics.capacity(events as u32);
    }
    if let Some(events) = options::number(env, given, "queue", u32::MAX.into())? {
        topics = topics.queue(events as usize);
    }
    if let Some(seq) = options::number(env, given, "after", options::SAFE_INTEGER_MAX)? {
        topics = topics.after(seq);
    }
    topics.check()?;
    Ok(topics)
}

fn wrong(name: &str, given: &str, may: &str) -> Failure {
    Failure::from(sdk::Error::InvalidArgument(format!("{name} is {given:?}; it is {may}")))
}

/// `subscribe(patterns, options)`: gives a number, under which notices come and which
/// `unsubscribe` takes back.
pub(crate) fn subscribe<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let topics = topics(call.env, call.argument(0), call.argument(1))?;
    let subscription = core.connection.subscribe_in_background(&topics)?;
    call.env.int(core.events.borrow_mut().listen(subscription))
}

/// `unsubscribe(number)`.
pub(crate) fn unsubscribe<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    core.events.borrow_mut().remove(call.int(0)?);
    call.env.undefined()
}

/// `live(number)`: whether the hub has said that events come; if not, a notice comes when it
/// has. Throws what it has said instead.
pub(crate) fn live<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let live = core.events.borrow_mut().listening(call.int(0)?)?.subscription.poll_live()?;
    call.env.boolean(live)
}

/// `receive(number, numbers, bytes, from)`: takes what has come, as much as fits, and gives its
/// texts; see above. None at all: a notice comes when there may be some. Throws code -2 after a
/// shutdown, when everything was taken.
pub(crate) fn receive<'e>(call: Call<'e>, core: &Core) -> Result<Value<'e>> {
    let env = call.env;
    let number = call.int(0)?;
    // SAFETY: no code of JavaScript runs before this function returns.
    let numbers = unsafe { env.doubles_mut(call.argument(1)) }?;
    // SAFETY: as above; the arrays are two.
    let bytes = unsafe { env.bytes_mut(call.argument(2)) }?;
    let from = usize::try_from(call.int(3)?).unwrap_or(usize::MAX);
    let Some((fixed, each)) = numbers.split_at_mut_checked(FIXED) else {
        return Err(Failure::Type(format!("a Float64Array of {FIXED} at least is expected")));
    };
    let mut events = core.events.borrow_mut();
    let listening = events.listening(number)?;
    let texts = &mut core.scratch.borrow_mut().body;
    texts.clear();
    let mut batch = Batch { texts, bytes: bytes.get_mut(from..).unwrap_or(&mut []), last: None };
    let (mut count, mut missing) = (0.0, 0.0);
    for numbers in each.chunks_exact_mut(EACH) {
        let delivery = match listening.held.take() {
            Some(delivery) => delivery,
            None => match listening.subscription.poll_recv() {
                Ok(Some(delivery)) => delivery,
                Ok(None) => break,
                Err(error) if count == 0.0 => return Err(error.into()),
                // It comes again, after what was taken.
                Err(_) => break,
            },
        };
        match &delivery {
            Delivery::Event(event) => {
                if !batch.put(event, numbers) {
                    missing = event.payload().len() as f64;
                    listening.held = Some(delivery);
                    break;
                }
            }
            Delivery::Gap(gap) => batch.put_gap(gap, numbers),
        }
        count += 1.0;
    }
    (fixed[0], fixed[1]) = (count, missing);
    env.text(std::str::from_utf8(texts).unwrap_or_default())
}

/// What is on its way to JavaScript.
struct Batch<'b> {
    texts: &'b mut Vec<u8>,
    /// What is left of the array for payloads.
    bytes: &'b mut [u8],
    /// Where topic and type of the event before lie.
    last: Option<[(usize, usize); 2]>,
}

impl Batch<'_> {
    /// Adds a text; gives its length as JavaScript counts.
    fn text(&mut self, text: &str) -> f64 {
        self.texts.extend_from_slice(text.as_bytes());
        let units = if text.is_ascii() { text.len() } else { text.encode_utf16().count() };
        units as f64
    }

    /// As `text`, unless it is what the event before has there.
    fn repeated(&mut self, part: usize, text: &str) -> (f64, (usize, usize)) {
        if let Some((begin, end)) = self.last.map(|last| last[part])
            && self.texts[begin..end] == *text.as_bytes()
        {
            return (SAME, (begin, end));
        }
        let begin = self.texts.len();
        (self.text(text), (begin, begin + text.len()))
    }

    /// Adds an event. `false`: its payload does not fit.
    fn put(&mut self, event: &Received, numbers: &mut [f64]) -> bool {
        let payload = event.payload();
        let bytes = std::mem::take(&mut self.bytes);
        if payload.len() > bytes.len() {
            self.bytes = bytes;
            return false;
        }
        let (into, rest) = bytes.split_at_mut(payload.len());
        into.copy_from_slice(payload);
        self.bytes = rest;
        numbers[0] = EVENT;
        // Both are below 2⁵³.
        numbers[1] = event.seq() as f64;
        numbers[2] = event.time_us() as f64 / 1000.0;
        let (length, topic) = self.repeated(0, event.topic());
        numbers[3] = length;
        let (length, kind) = self.repeated(1, event.kind());
        numbers[4] = length;
        self.last = Some([topic, kind]);
        numbers[5] = event.id().map_or(NONE, |id| self.text(id));
        numbers[6] = event.principal().map_or(NONE, |principal| self.text(principal));
        numbers[7] = payload.len() as f64;
        true
    }

    fn put_gap(&mut self, gap: &Gap, numbers: &mut [f64]) {
        numbers.fill(0.0);
        numbers[0] = if gap.at_least { GAP_AT_LEAST } else { GAP };
        numbers[1] = gap.missed as f64;
        numbers[6] = gap.principal.as_deref().map_or(NONE, |principal| self.text(principal));
    }
}
