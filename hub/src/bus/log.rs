//! One queue for all lossy subscriptions of the same patterns.
//!
//! What callers may rely on: each member sees what it would see with a queue of its own,
//! and its counts are as exact. Publishing costs the same whatever the number of members,
//! those aside that sleep and have to be woken: an event is put in once, and each member
//! has a place up to which it has read. What is further back than a member's capacity is
//! lost to it, and found to be when it reads, when somebody looks at its counts, or when
//! the publishers' sweep comes by.
//!
//! All members may have the same number of bytes unread; who asks for another number is in
//! another log. So the line itself ends where that number does, and what has gone from it
//! is lost to whoever had not read it. An event that is larger by itself is never put in,
//! and pushes nothing out: it is counted, and each event that is put in later knows how
//! many of these came before it, which tells each member of them in their place.
//!
//! A must-deliver event may find one member full and another not, and must not be lost to
//! what comes later; so with it the members get lanes of their own, with what they have not
//! read, and come back to the shared queue as soon as these are empty.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};

use super::Event;
use super::aftermath::{Aftermath, DropLog};
use super::interest::Lossy;
use super::lane::Item;
use super::line::Line;
use super::member::Member;
use super::parked::Ticket;
use super::pattern::Pattern;
use super::queue::Standing;
use super::single::Offered;
use super::state::lock;
use super::tally::Tally;

/// The number of a member.
pub(super) type MemberId = u32;

/// Items given out while the lock is held once: publishers wait for it.
const BATCH: usize = 256;

/// A sweep looks at all members, so it comes by once in as many events as there are
/// members divided by this.
const SWEPT_FOR_EACH: u64 = 16;

#[derive(Debug)]
pub(super) struct Log {
    pub(super) patterns: Box<[Pattern]>,
    pub(super) bytes: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    line: Line,
    members: Vec<Option<Member>>,
    free: Vec<MemberId>,
    /// Members that have a lane of their own.
    apart: Vec<MemberId>,
    /// Members that have left a waker, and perhaps others.
    waiting: Vec<MemberId>,
    /// How many members have which capacity: the line is as long as the largest.
    capacities: BTreeMap<usize, usize>,
    /// No member can have lost anything before this position is put in, nor before the one
    /// that follows has gone.
    safe_until: u64,
    safe_first: u64,
    /// All that had come, and what was too large of it, when the sweep came by.
    swept: u64,
    swept_refused: u64,
    ended: bool,
}

impl Log {
    /// `bytes`: what each member may have unread at most.
    pub(super) fn new(patterns: Box<[Pattern]>, bytes: usize) -> Log {
        let state = State {
            line: Line::new(bytes),
            members: Vec::new(),
            free: Vec::new(),
            apart: Vec::new(),
            waiting: Vec::new(),
            capacities: BTreeMap::new(),
            safe_until: 0,
            safe_first: 0,
            swept: 0,
            swept_refused: 0,
            ended: false,
        };
        Log { patterns, bytes, state: Mutex::new(state) }
    }

    /// A new member, which gets what comes from now on.
    pub(super) fn join(&self, label: Arc<str>, lossy: &Lossy) -> MemberId {
        let capacity = lossy.capacity.max(1);
        let mut state = self.lock();
        let member = Member {
            label,
            capacity,
            place: state.line.end(),
            principals_before: state.line.principals,
            since: state.line.end(),
            gap: 0,
            refused_told: state.line.refused.events,
            refused_counted: state.line.refused,
            own: None,
            tally: Tally::default(),
            waker: None,
            drops: DropLog::default(),
        };
        *state.capacities.entry(capacity).or_default() += 1;
        state.safe_until = state.safe_until.min(member.place + capacity as u64);
        state.safe_first = state.safe_first.min(member.place);
        match state.free.pop() {
            Some(id) => {
                state.members[id as usize] = Some(member);
                id
            }
            None => {
                state.members.push(Some(member));
                state.members.len() as MemberId - 1
            }
        }
    }

    /// A member has left: what it had not read is counted as dropped. Gives what it counted,
    /// and whether nobody is left.
    pub(super) fn leave(&self, id: MemberId, after: &mut Aftermath) -> (Arc<str>, Tally, bool) {
        let mut state = self.lock();
        let State { line, members, free, apart, capacities, .. } = &mut *state;
        let Some(mut member) = members[id as usize].take() else {
            return (Arc::from(""), Tally::default(), false);
        };
        if member.own.is_none() {
            member.go_apart(line);
        }
        let Member { label, own, tally, drops, .. } = &mut member;
        let mut left = Vec::new();
        while let Some(item) = own.as_mut().and_then(|own| own.pop()) {
            if let Item::Event(event) = item {
                tally.drop_one(event.is_must(), event.principal().is_some());
                left.push(event);
            }
        }
        drops.rest(label, tally, after);
        // Woken rather than dropped here: it may be the last of a task that has a
        // subscription itself, and the bus's lock is held.
        after.wakes.add(member.waker.take());
        apart.retain(|other| *other != id);
        if let Some(count) = capacities.get_mut(&member.capacity) {
            *count -= 1;
            if *count == 0 {
                capacities.remove(&member.capacity);
            }
        }
        free.push(id);
        let nobody = free.len() == members.len();
        let (label, tally) = (member.label.clone(), member.tally);
        drop(state);
        drop((member, left));
        (label, tally, nobody)
    }

    /// Puts a lossy event in.
    pub(super) fn offer(&self, event: &Event, after: &mut Aftermath) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        let State { line, members, free, apart, capacities, .. } = &mut *state;
        after.matched += (members.len() - free.len()) as u32;
        let capacity = capacities.last_key_value().map_or(1, |(capacity, _)| *capacity);
        line.push(event, capacity);
        for id in apart.iter() {
            let Some(member) = &mut members[*id as usize] else { continue };
            let Some(own) = &mut member.own else { continue };
            let before = member.tally.lossy.dropped;
            member.tally.lossy.matched += 1;
            own.offer(event, &mut member.tally);
            if member.tally.lossy.dropped > before {
                after.dropped += member.tally.lossy.dropped - before;
                member.drops.note(&member.label, &member.tally, event.at_us(), after);
            }
        }
        if state.may_have_lost() {
            state.sweep(event.at_us(), after);
        }
        state.wake(after);
    }

    /// The same for an event that must be delivered. Gives the members that it waits for.
    pub(super) fn offer_must(
        &self,
        event: &Event,
        ticket: &Arc<Ticket>,
        after: &mut Aftermath,
        mut parked: impl FnMut(MemberId),
    ) {
        let mut state = self.lock();
        if state.ended {
            return;
        }
        let State { line, members, apart, .. } = &mut *state;
        for (id, member) in members.iter_mut().enumerate() {
            let Some(member) = member else { continue };
            if member.own.is_none() {
                member.go_apart(line);
                apart.push(id as MemberId);
            }
            let Some(own) = &mut member.own else { continue };
            member.tally.must.matched += 1;
            after.matched += 1;
            match own.offer_must(event, ticket, &mut member.tally) {
                Offered::Taken => {}
                Offered::Parked => parked(id as MemberId),
                Offered::Lost => {
                    after.dropped += 1;
                    member.drops.note(&member.label, &member.tally, event.at_us(), after);
                }
            }
        }
        state.wake(after);
    }

    /// Takes a parked event back, if the member has not taken it in meanwhile.
    pub(super) fn withdraw(
        &self,
        id: MemberId,
        event: &Event,
        now_us: u64,
        after: &mut Aftermath,
    ) -> bool {
        let mut state = self.lock();
        let Some(Some(member)) = state.members.get_mut(id as usize) else { return false };
        let Member { label, own: Some(own), tally, drops, waker, .. } = member else {
            return false;
        };
        if !own.withdraw(event.seq(), tally) {
            return false;
        }
        after.dropped += 1;
        drops.note(label, tally, now_us, after);
        after.wakes.add(waker.take());
        true
    }

    pub(super) fn poll_pop(&self, id: MemberId, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let mut state = self.lock();
        if let Some(item) = state.pop(id) {
            return Poll::Ready(Some(item));
        }
        if state.ended {
            return Poll::Ready(None);
        }
        let State { members, waiting, .. } = &mut *state;
        let mut before = None;
        if let Some(member) = &mut members[id as usize]
            && !member.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            before = member.waker.replace(cx.waker().clone());
            if before.is_none() {
                waiting.push(id);
            }
        }
        drop(state);
        // A waker may be the last of a task that has a subscription itself.
        drop(before);
        Poll::Pending
    }

    /// The next one, if it is there: `Err` says whether the log has ended.
    pub(super) fn try_pop(&self, id: MemberId) -> Result<Item, bool> {
        let mut state = self.lock();
        state.pop(id).ok_or(state.ended)
    }

    /// As many as there are, up to a number of items and of bytes, but always one.
    pub(super) fn pop_many(
        &self,
        id: MemberId,
        max: usize,
        max_bytes: usize,
        mut take: impl FnMut(Item),
    ) -> usize {
        let max = max.clamp(1, BATCH);
        let mut state = self.lock();
        let (mut taken, mut bytes) = (0, 0usize);
        while taken < max && (taken == 0 || bytes < max_bytes) {
            let left = max_bytes.saturating_sub(bytes);
            let (events, their_bytes) = state.read(id, max - taken, left, |event| {
                take(Item::Event(event));
            });
            taken += events;
            bytes += their_bytes;
            if events > 0 {
                continue;
            }
            let Some(item) = state.pop(id) else { break };
            if let Item::Event(event) = &item {
                bytes = bytes.saturating_add(event.size());
            }
            taken += 1;
            take(item);
        }
        taken
    }

    /// Nothing more comes in; what is there stays.
    pub(super) fn end(&self, after: &mut Aftermath) {
        let mut state = self.lock();
        state.ended = true;
        state.wake(after);
    }

    pub(super) fn look(&self, id: MemberId) -> (Tally, Standing) {
        let mut state = self.lock();
        let State { line, members, .. } = &mut *state;
        match &mut members[id as usize] {
            Some(member) => member.look(line),
            None => Default::default(),
        }
    }

    /// The same for all members, with their labels.
    pub(super) fn look_at_all(&self) -> Vec<(Arc<str>, Tally, Standing)> {
        let mut state = self.lock();
        let State { line, members, .. } = &mut *state;
        let look = |member: &mut Member| {
            let (tally, standing) = member.look(line);
            (member.label.clone(), tally, standing)
        };
        members.iter_mut().flatten().map(look).collect()
    }

    pub(super) fn count_replayed(&self, id: MemberId, events: u64, gap: bool) {
        if let Some(member) = &mut self.lock().members[id as usize] {
            member.tally.replayed += events;
            member.tally.gaps += u64::from(gap);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    /// What a member may read of the line, up to a number of events and until these have a
    /// number of bytes. Of an event only its count of owners is touched, which is what it
    /// costs to give it out. Gives how many events and bytes.
    fn read(
        &mut self,
        id: MemberId,
        max: usize,
        max_bytes: usize,
        take: impl FnMut(Event),
    ) -> (usize, usize) {
        let State { line, members, .. } = self;
        let Some(member) = &mut members[id as usize] else { return (0, 0) };
        member.fall_behind(line);
        if member.own.is_some() || member.missed(line) > 0 {
            return (0, 0);
        }
        let from = (member.place - line.first) as usize;
        let bytes_before = line.bytes_before(member.place);
        let unread = line.entries.range(from..).take(max);
        let enough = bytes_before.saturating_add(max_bytes as u64);
        let told = member.refused_told;
        let read = unread
            .take_while(|entry| entry.refused_before == told)
            .take_while(|entry| entry.bytes_before == bytes_before || entry.bytes_before < enough);
        let count = read.map(|entry| entry.event.clone()).map(take).count();
        member.place += count as u64;
        member.principals_before = line.principals_before(member.place);
        member.tally.lossy.delivered += count as u64;
        (count, (line.bytes_before(member.place) - bytes_before) as usize)
    }

    fn pop(&mut self, id: MemberId) -> Option<Item> {
        let State { line, members, apart, .. } = self;
        let member = members[id as usize].as_mut()?;
        let item = member.pop(line);
        if member.own.as_ref().is_some_and(|own| own.is_idle()) {
            member.come_back(line);
            self.safe_until = self.safe_until.min(member.place + member.capacity as u64);
            self.safe_first = self.safe_first.min(member.place);
            apart.retain(|other| *other != id);
        }
        item
    }

    fn wake(&mut self, after: &mut Aftermath) {
        for id in self.waiting.drain(..) {
            if let Some(Some(member)) = self.members.get_mut(id as usize) {
                after.wakes.add(member.waker.take());
            }
        }
    }

    fn may_have_lost(&self) -> bool {
        self.line.end() > self.safe_until
            || self.line.first > self.safe_first
            || self.line.refused.events > self.swept_refused
    }

    /// Finds out who has lost something, not too often for how many there are.
    fn sweep(&mut self, now_us: u64, after: &mut Aftermath) {
        let (came, members) = (self.line.came(), self.members.len() as u64);
        if came - self.swept < members / SWEPT_FOR_EACH {
            return;
        }
        self.swept = came;
        self.swept_refused = self.line.refused.events;
        (self.safe_until, self.safe_first) = (u64::MAX, u64::MAX);
        for member in self.members.iter_mut().flatten() {
            let lost = member.fall_behind(&self.line);
            if lost > 0 {
                after.dropped += lost;
                member.drops.note(&member.label, &member.tally, now_us, after);
            }
            if member.own.is_none() {
                self.safe_until = self.safe_until.min(member.place + member.capacity as u64);
                self.safe_first = self.safe_first.min(member.place);
            }
        }
    }
}
