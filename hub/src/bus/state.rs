//! What the bus's one lock guards: the sequence, the index, the topics and the history.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::aftermath::Aftermath;
use super::draft::Draft;
use super::event::{EVENT_OVERHEAD, Event, Heading, Inner, Seq};
use super::history::History;
use super::index::{Index, TargetId};
use super::interest::Lossy;
use super::labels::Labels;
use super::log::Log;
use super::observe::{Backlog, Watcher};
use super::parked::Ticket;
use super::place::Place;
use super::queue::Queue;
use super::quota::Quotas;
use super::refusal::{Refusal, check_text, shortened};
use super::settings::Settings;
use super::single::Offered;
use super::storm::Monitor;
use super::tally::Tally;
use super::tap::Sink;
use super::topics::{TopicId, Topics};
use super::{Pattern, pattern};

#[derive(Debug)]
pub(super) struct State {
    /// The number of the next event.
    pub(super) next: Seq,
    /// Changes whenever somebody comes or goes: what topics know of who wants them is of
    /// an epoch.
    pub(super) epoch: u64,
    pub(super) index: Index,
    pub(super) targets: Vec<Option<Target>>,
    free: Vec<TargetId>,
    /// Queues that are shared by whoever has the same patterns, and as many bytes.
    logs: HashMap<SharedBy, (TargetId, Arc<Log>)>,
    /// Subscriptions, taps and observers.
    attached: usize,
    pub(super) topics: Topics,
    pub(super) history: History,
    pub(super) quotas: Quotas,
    pub(super) monitor: Monitor,
    pub(super) labels: Labels,
    pub(super) shut: bool,
    pub(super) published: u64,
    pub(super) published_must: u64,
    clock: Clock,
    hasher: RandomState,
    subscriptions_max: usize,
}

/// What members of a shared queue have in common: patterns, and bytes unread at most.
type SharedBy = (Box<[Pattern]>, usize);

/// Somebody who wants events.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Queue(Arc<Queue>),
    Log(Arc<Log>),
    Sink(Arc<dyn Sink>),
    Watcher(Arc<Watcher>),
}

/// What a publish is.
pub(super) enum Class<'a> {
    Lossy,
    Must(&'a mut Waits),
}

/// Where a must-deliver event waits.
#[derive(Debug, Default)]
pub(super) struct Waits {
    pub(super) ticket: Arc<Ticket>,
    pub(super) at: Vec<Place>,
}

/// Microseconds since 1970 that never go back.
#[derive(Debug)]
pub(super) struct Clock {
    start: Instant,
    start_us: u64,
}

impl Clock {
    pub(super) fn new() -> Clock {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Clock { start: Instant::now(), start_us: micros(since.unwrap_or_default()) }
    }

    pub(super) fn now_us(&self) -> u64 {
        self.start_us + micros(self.start.elapsed())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX / 2)
}

impl State {
    pub(super) fn new(settings: &Settings) -> State {
        State {
            next: settings.first_seq.max(1),
            epoch: 1,
            index: Index::default(),
            targets: Vec::new(),
            free: Vec::new(),
            logs: HashMap::new(),
            attached: 0,
            topics: Topics::new(settings.topics_max),
            history: History::new(&settings.history),
            quotas: Quotas::new(settings.principal_bytes_per_second, settings.principals_max),
            monitor: Monitor::new(&settings.storm),
            labels: Labels::new(settings.labels_max),
            shut: false,
            published: 0,
            published_must: 0,
            clock: Clock::new(),
            hasher: RandomState::new(),
            subscriptions_max: settings.subscriptions_max,
        }
    }

    pub(super) fn now_us(&self) -> u64 {
        self.clock.now_us()
    }

    /// Gives whoever wants events a number, and puts the patterns into the index.
    pub(super) fn enter(
        &mut self,
        patterns: &[Pattern],
        target: Target,
    ) -> Result<TargetId, Refusal> {
        self.admit()?;
        self.attached += 1;
        Ok(self.insert(patterns, target))
    }

    /// Joins those that have the same patterns.
    pub(super) fn join(
        &mut self,
        patterns: Box<[Pattern]>,
        label: Arc<str>,
        lossy: &Lossy,
    ) -> Result<(TargetId, Place), Refusal> {
        self.admit()?;
        self.attached += 1;
        let key = (patterns, lossy.bytes);
        let (id, log) = match self.logs.get(&key) {
            Some((id, log)) => (*id, log.clone()),
            None => {
                let log = Arc::new(Log::new(key.0.clone(), lossy.bytes));
                let id = self.insert(&key.0, Target::Log(log.clone()));
                self.logs.insert(key, (id, log.clone()));
                (id, log)
            }
        };
        let member = log.join(label, lossy);
        Ok((id, Place::Shared(log, member)))
    }

    /// Takes it out of the index again.
    pub(super) fn leave(&mut self, patterns: &[Pattern], id: TargetId) -> Option<Target> {
        self.attached -= 1;
        self.remove(patterns, id)
    }

    /// Ends a subscription, and gives what it counted.
    pub(super) fn end(&mut self, place: &Place, id: TargetId, after: &mut Aftermath) -> Tally {
        self.attached -= 1;
        let (label, tally, nobody) = place.leave(after);
        self.labels.retire(&label, &tally);
        if nobody {
            if let Place::Shared(log, _) = place {
                self.logs.remove(&(log.patterns.clone(), log.bytes));
            }
            self.remove(place.patterns(), id);
        }
        tally
    }

    fn admit(&self) -> Result<(), Refusal> {
        if self.shut {
            Err(Refusal::ShutDown)
        } else if self.attached >= self.subscriptions_max {
            Err(Refusal::TooManySubscriptions { max: self.subscriptions_max })
        } else {
            Ok(())
        }
    }

    fn insert(&mut self, patterns: &[Pattern], target: Target) -> TargetId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.targets.push(None);
            self.targets.len() as TargetId - 1
        });
        self.targets[id as usize] = Some(target);
        for pattern in patterns {
            self.index.insert(pattern, id);
        }
        self.epoch += 1;
        id
    }

    fn remove(&mut self, patterns: &[Pattern], id: TargetId) -> Option<Target> {
        let target = self.targets[id as usize].take()?;
        for pattern in patterns {
            self.index.remove(pattern, id);
        }
        self.free.push(id);
        self.epoch += 1;
        Some(target)
    }

    /// Gives the event its number, keeps it and hands it to all that want it.
    pub(super) fn publish(
        &mut self,
        draft: &mut Draft<'_>,
        mut class: Class<'_>,
        backlog: &Backlog,
        after: &mut Aftermath,
    ) -> Result<Event, Refusal> {
        if self.shut {
            return Err(Refusal::ShutDown);
        }
        let now_us = self.now_us();
        let topic_id = self.topic(&draft.topic)?;
        let (principal, principal_hash) = match &draft.principal {
            None => (None, 0),
            Some(name) => {
                self.quotas.take(name.as_str(), draft.payload.len(), now_us)?;
                let known = &mut self.topics.touch(topic_id).principal;
                let (shared, hash) = match known {
                    Some(known) if *known.0 == *name.as_str() => known,
                    _ => {
                        let hash = self.hasher.hash_one(name.as_str());
                        known.insert((name.share(), hash))
                    }
                };
                (Some(shared.clone()), *hash)
            }
        };
        if self.monitor.is_over(now_us) {
            let State { monitor, topics, .. } = self;
            after.storm = monitor
                .close(now_us, |id| topics.get(id).map(|topic| (&*topic.name, topic.in_window)))
                .map(Box::new);
        }
        let seq = self.next;
        self.next += 1;
        let must = matches!(class, Class::Must(_));
        self.published += 1;
        self.published_must += u64::from(must);
        let State { topics, index, targets, history, monitor, .. } = self;
        let topic = topics.touch(topic_id);
        if *topic.heading.kind != *draft.kind {
            let kind = draft.kind.as_ref().into();
            topic.heading = Arc::new(Heading { topic: topic.name.clone(), kind });
        }
        if topic.epoch != self.epoch {
            index.find(&topic.name, &mut topic.targets);
            topic.epoch = self.epoch;
        }
        topic.published += 1;
        topic.last_seq = seq;
        monitor.count(topic_id, &mut topic.in_window);
        let id = draft.id.as_deref();
        let event = Event::new(Inner {
            seq,
            at_us: now_us,
            must,
            size: EVENT_OVERHEAD + draft.payload.len() + draft.kind.len() + id.map_or(0, str::len),
            heading: topic.heading.clone(),
            id: id.map(Into::into),
            principal,
            principal_hash,
            payload: std::mem::take(&mut draft.payload),
        });
        for target in &topic.targets {
            match &targets[*target as usize] {
                Some(Target::Queue(queue)) => match &mut class {
                    Class::Lossy => queue.offer(&event, after),
                    Class::Must(waits) => {
                        if queue.offer_must(&event, &waits.ticket, after) == Offered::Parked {
                            waits.at.push(Place::Own(queue.clone()));
                        }
                    }
                },
                Some(Target::Log(log)) => match &mut class {
                    Class::Lossy => log.offer(&event, after),
                    Class::Must(Waits { ticket, at }) => {
                        let parked = |member| at.push(Place::Shared(log.clone(), member));
                        log.offer_must(&event, ticket, after, parked);
                    }
                },
                Some(Target::Sink(sink)) => sink.push(&event),
                Some(Target::Watcher(watcher)) => backlog.push(&event, watcher),
                None => {}
            }
        }
        history.hold(topics, topic_id, &event);
        Ok(event)
    }

    fn topic(&mut self, name: &str) -> Result<TopicId, Refusal> {
        if let Some(id) = self.topics.find(name) {
            return Ok(id);
        }
        pattern::check_topic(name)
            .map_err(|problem| Refusal::Topic { topic: shortened(name), problem })?;
        let (id, gone) = self.topics.add(name);
        if let Some(gone) = gone {
            self.history.forget(gone);
        }
        Ok(id)
    }

    /// What can be judged without the lock.
    pub(super) fn check(draft: &Draft<'_>, payload_bytes_max: usize) -> Result<(), Refusal> {
        let bytes = draft.payload.len();
        if bytes > payload_bytes_max {
            return Err(Refusal::PayloadTooLarge { bytes, max: payload_bytes_max });
        }
        check_text("type", &draft.kind)?;
        if let Some(id) = &draft.id {
            check_text("id", id)?;
        }
        if let Some(principal) = &draft.principal {
            check_text("principal", principal.as_str())?;
        }
        Ok(())
    }
}

/// A lock that nothing that panics is done under, sinks of others aside.
pub(super) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
