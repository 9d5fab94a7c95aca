//! The event bus: topics, subscriptions, history. A library without HTTP.
//!
//! ```
//! use slotway_hub::bus::{Bus, Delivery, Draft, Interest, Routed, Settings};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let bus = Bus::new(Settings::default());
//! let mut prices = bus.subscribe(Interest::new("prices.*").label("ticker"))?;
//! let mut fair = bus.subscribe(Interest::new("jobs.*.done").routed(Routed::default()))?;
//!
//! bus.publish(Draft::new("prices.eur").kind("quote").payload("1.09"))?;
//! bus.publish_must(Draft::new("jobs.7.done").principal("alice")).await?;
//!
//! let Some(Delivery::Event(event)) = prices.recv().await else { panic!() };
//! assert_eq!((event.topic(), event.kind(), &event.payload()[..]), ("prices.eur", "quote", &b"1.09"[..]));
//! let Some(Delivery::Event(event)) = fair.recv().await else { panic!() };
//! assert_eq!(event.principal(), Some("alice"));
//! # Ok::<(), slotway_hub::bus::Refusal>(())
//! # }).unwrap();
//! ```
//!
//! What callers may rely on:
//!
//! - Events have one order for everybody, that of their sequence numbers. A subscription
//!   sees them in it, a routed one those of each principal.
//! - Publishing waits for nobody, except that [`Bus::publish_must`] waits for room, for all
//!   slow subscriptions together and for no longer than [`Settings::must_deadline`].
//! - What publishing costs depends on who wants the topic, not on who wants others.
//! - What a subscription loses is counted there and shown in its place as a
//!   [`Delivery::Gap`]. Matched is delivered, dropped and queued, at any time.
//! - Everything that is kept is bounded.
//!
//! There is one lock, held for as long as it takes to number an event, to keep it, and to
//! put it into the queues of those that want it; each queue has its own. Nobody is woken,
//! logged or called under it, [`Sink`]s aside.

mod aftermath;
#[expect(clippy::module_inception, reason = "the bus is one part of its module")]
mod bus;
mod coalesce;
mod draft;
mod event;
mod history;
mod index;
mod interest;
mod labels;
mod lane;
mod largest;
mod line;
mod log;
mod member;
mod must;
mod observe;
mod parked;
mod pattern;
mod place;
mod principal;
mod queue;
mod quota;
mod refusal;
mod replay;
mod routed;
mod settings;
mod single;
mod snapshot;
mod state;
mod storm;
mod subscription;
mod tally;
mod tap;
mod topics;

pub use bus::{Bus, Published};
pub use coalesce::{Coalescer, Key, KeyProblem, WINDOW};
pub use draft::Draft;
pub use event::{EVENT_OVERHEAD, Event, Seq};
pub use history::Missed;
pub use interest::{Interest, Lossy, Overflow, Routed, Scope};
pub use pattern::{Pattern, SEGMENTS_MAX, TOPIC_BYTES_MAX, TopicProblem, check_topic};
pub use refusal::{Refusal, TEXT_BYTES_MAX, TextProblem};
pub use replay::Replay;
pub use settings::{HistorySettings, Settings, StormSettings};
pub use snapshot::{LabelSnapshot, Snapshot, SubscriberSnapshot};
pub use storm::Storm;
pub use subscription::{Delivery, Nothing, Subscription};
pub use tally::{ClassCounts, Tally};
pub use tap::{Observer, Sink, Tap};
