//! The bus itself: who calls it gets its lock, shortly, and what follows is done after.

use std::pin::pin;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::metrics::Counter;

use super::aftermath::Aftermath;
use super::draft::Draft;
use super::event::{Event, Seq};
use super::index::TargetId;
use super::interest::{Interest, Mode, Overflow};
use super::must::Waiting;
use super::observe::{Backlog, Watcher};
use super::pattern::Pattern;
use super::place::Place;
use super::queue::Queue;
use super::refusal::{Refusal, shortened};
use super::replay::Replay;
use super::settings::Settings;
use super::state::{Class, State, Target, Waits, lock};
use super::subscription::Subscription;
use super::tally::Tally;
use super::tap::{Observer, Sink, Tap};

/// An event bus. Cheap to clone: all clones are one bus, which is shut down when the last
/// one is dropped.
#[derive(Debug, Clone)]
pub struct Bus {
    owned: Arc<Owned>,
}

/// Shuts the bus down with its last clone; what subscriptions and taps hold is the rest.
#[derive(Debug)]
struct Owned(Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) state: Mutex<State>,
    pub(super) backlog: Backlog,
    pub(super) refused: Counter,
    pub(super) closed: Notify,
}

/// What became of an event that was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Its number.
    pub seq: Seq,
    /// Subscriptions that it was for. Taps and observers are not among them.
    pub matched: u32,
    /// Of a must-deliver event: subscriptions that did not get it. Of a lossy one: events,
    /// older ones or itself, that subscriptions were found to have lost by now. Where many
    /// have the same patterns that is found out later; what they count is exact.
    pub dropped: u64,
}

/// A lossy publish that is done but for waking, logging and calling.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) published: Published,
    after: Aftermath,
}

impl Begun {
    pub(super) fn settle(self, shared: &Shared) {
        self.after.settle();
        shared.backlog.drain();
    }
}

impl Default for Bus {
    fn default() -> Bus {
        Bus::new(Settings::default())
    }
}

impl Bus {
    /// A bus that nobody knows yet.
    #[must_use]
    pub fn new(settings: Settings) -> Bus {
        let shared = Shared {
            state: Mutex::new(State::new(&settings)),
            backlog: Backlog::new(settings.observer_backlog_max),
            refused: Counter::default(),
            closed: Notify::new(),
            settings,
        };
        Bus { owned: Arc::new(Owned(Arc::new(shared))) }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.owned.0
    }

    /// How it was set up.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.shared().settings
    }

    /// The number of the last event that was published, or the one before the first.
    #[must_use]
    pub fn last_seq(&self) -> Seq {
        lock(&self.shared().state).next - 1
    }

    /// Publishes an event and never waits: a subscription without room loses one, which is
    /// counted there.
    ///
    /// # Errors
    ///
    /// [`Refusal`], when the draft is not as it has to be, its principal over its quota, or
    /// the bus shut down.
    pub fn publish(&self, mut draft: Draft<'_>) -> Result<Published, Refusal> {
        let begun = self.shared().begin(&mut draft)?;
        let published = begun.published;
        begun.settle(self.shared());
        Ok(published)
    }

    /// Publishes an event and waits for subscriptions without room, for all of them
    /// together up to [`Settings::must_deadline`]; others have it at once. Those that still
    /// have no room then lose it, which is counted there.
    ///
    /// Dropping the future takes the event back from those that have not taken it yet, and
    /// counts it as dropped there. Needs a tokio runtime with time.
    ///
    /// # Errors
    ///
    /// As [`Bus::publish`]: then nobody has got it.
    pub async fn publish_must(&self, mut draft: Draft<'_>) -> Result<Published, Refusal> {
        let waiting = self.shared().begin_must(&mut draft)?;
        Ok(waiting.settle().finish().await)
    }

    /// A subscription to some topics. After a shutdown it is one that has ended.
    ///
    /// # Errors
    ///
    /// [`Refusal`], when a pattern is none, or there are too many.
    pub fn subscribe(&self, interest: Interest) -> Result<Subscription, Refusal> {
        let shared = self.shared();
        let patterns = shared.patterns(&interest.patterns)?;
        let mut state = lock(&shared.state);
        let label = state.labels.take(&interest.label);
        let entered = match &interest.mode {
            Mode::Lossy(lossy) if lossy.overflow == Overflow::Oldest => {
                state.join(patterns.clone(), label.clone(), lossy)
            }
            mode => {
                let queue = Arc::new(Queue::new(label.clone(), patterns.clone(), mode));
                let id = state.enter(&patterns, Target::Queue(queue.clone()));
                id.map(|id| (id, Place::Own(queue)))
            }
        };
        let upto = state.next - 1;
        drop(state);
        let (id, place) = match entered {
            Ok((id, place)) => (Some(id), place),
            Err(Refusal::ShutDown) => {
                let queue = Queue::new(label, patterns, &interest.mode);
                queue.end(&mut Aftermath::default());
                (None, Place::Own(Arc::new(queue)))
            }
            Err(refusal) => return Err(refusal),
        };
        let mut subscription = Subscription::new(Arc::downgrade(shared), id, place);
        if let Some(after) = interest.after {
            let replay = shared.history(subscription.patterns(), after, Some(upto));
            let takes = |event: &Event| interest.mode.takes(event);
            subscription.replay(replay, takes);
        }
        Ok(subscription)
    }

    /// Attaches a sink, which is called for each event of some topics under the bus's lock.
    ///
    /// # Errors
    ///
    /// [`Refusal`], when a pattern is none, there are too many, or the bus is shut down.
    pub fn tap<P: AsRef<str>>(&self, patterns: &[P], sink: Arc<dyn Sink>) -> Result<Tap, Refusal> {
        self.attach(patterns, Target::Sink(sink))
    }

    /// Calls a function for each event of some topics, in the order of publishing, in the
    /// thread of whoever publishes. It may call the bus; a panic is caught and counted.
    /// Publishing waits for it, so it should be short.
    ///
    /// # Errors
    ///
    /// As [`Bus::tap`].
    pub fn observe<P: AsRef<str>>(
        &self,
        patterns: &[P],
        callback: impl Fn(&Event) + Send + Sync + 'static,
    ) -> Result<Observer, Refusal> {
        let watcher = Arc::new(Watcher::new(callback));
        self.attach(patterns, Target::Watcher(watcher)).map(Observer)
    }

    fn attach<P: AsRef<str>>(&self, patterns: &[P], target: Target) -> Result<Tap, Refusal> {
        let shared = self.shared();
        let patterns = shared.patterns(patterns)?;
        let mut state = lock(&shared.state);
        let id = state.enter(&patterns, target)?;
        let seq = state.next - 1;
        drop(state);
        Ok(Tap { bus: Arc::downgrade(shared), id, patterns, seq })
    }

    /// What is still held of some topics, of what came after one number and, if given, not
    /// after another.
    ///
    /// # Errors
    ///
    /// [`Refusal`], when a pattern is none, or there are too many.
    pub fn history<P: AsRef<str>>(
        &self,
        patterns: &[P],
        after: Seq,
        upto: Option<Seq>,
    ) -> Result<Replay, Refusal> {
        let patterns = self.shared().patterns(patterns)?;
        Ok(self.shared().history(&patterns, after, upto))
    }

    /// Ends the bus: publishing is refused, subscriptions give what they hold and then
    /// end, taps are told. May be called again, by several at once.
    pub fn shutdown(&self) {
        self.shared().shutdown();
    }

    /// Waits until it is shut down.
    pub async fn closed(&self) {
        let mut closed = pin!(self.shared().closed.notified());
        // Announced before the look, so that a shutdown in between is not missed.
        closed.as_mut().enable();
        if !self.is_shut_down() {
            closed.await;
        }
    }

    /// Whether it was shut down.
    #[must_use]
    pub fn is_shut_down(&self) -> bool {
        lock(&self.shared().state).shut
    }
}

impl Shared {
    /// Publishes; what it leaves to do is done by [`Begun::settle`], with no lock held. The
    /// payload is taken out of the draft, unless the draft is refused.
    pub(super) fn begin(&self, draft: &mut Draft<'_>) -> Result<Begun, Refusal> {
        let mut after = Aftermath::default();
        let event = self.publish(draft, Class::Lossy, &mut after)?;
        let (matched, dropped) = (after.matched, after.dropped);
        Ok(Begun { published: Published { seq: event.seq(), matched, dropped }, after })
    }

    pub(super) fn begin_must(self: &Arc<Self>, draft: &mut Draft<'_>) -> Result<Waiting, Refusal> {
        let mut after = Aftermath::default();
        let mut waits = Waits::default();
        let event = self.publish(draft, Class::Must(&mut waits), &mut after)?;
        Ok(Waiting::new(self.clone(), event, waits, after))
    }

    fn publish(
        &self,
        draft: &mut Draft<'_>,
        class: Class<'_>,
        after: &mut Aftermath,
    ) -> Result<Event, Refusal> {
        State::check(draft, self.settings.payload_bytes_max)
            .and_then(|()| lock(&self.state).publish(draft, class, &self.backlog, after))
            .inspect_err(|_| self.refused.add_one())
    }

    fn patterns<P: AsRef<str>>(&self, patterns: &[P]) -> Result<Box<[Pattern]>, Refusal> {
        let (count, max) = (patterns.len(), self.settings.patterns_max);
        if count == 0 || count > max {
            return Err(Refusal::Patterns { count, max });
        }
        let checked = |pattern: &P| {
            let text = pattern.as_ref();
            Pattern::new(text)
                .map_err(|problem| Refusal::Pattern { pattern: shortened(text), problem })
        };
        patterns.iter().map(checked).collect()
    }

    fn shutdown(&self) {
        let mut after = Aftermath::default();
        let mut state = lock(&self.state);
        state.shut = true;
        let targets = state.targets.clone();
        drop(state);
        self.closed.notify_waiters();
        for target in targets.into_iter().flatten() {
            match target {
                Target::Queue(queue) => queue.end(&mut after),
                Target::Log(log) => log.end(&mut after),
                Target::Sink(sink) => sink.end(),
                Target::Watcher(_) => {}
            }
        }
        after.settle();
    }

    /// Takes a tap or an observer out.
    pub(super) fn leave(&self, patterns: &[Pattern], id: TargetId) {
        let target = lock(&self.state).leave(patterns, id);
        if let Some(Target::Watcher(watcher)) = &target {
            watcher.leave();
        }
        // A sink may be anything, so it is dropped without the lock.
        drop(target);
    }

    /// Ends a subscription, and gives what it counted.
    pub(super) fn end(&self, place: &Place, id: TargetId) -> Tally {
        let mut after = Aftermath::default();
        let tally = lock(&self.state).end(place, id, &mut after);
        after.settle();
        tally
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.0.shutdown();
    }
}
