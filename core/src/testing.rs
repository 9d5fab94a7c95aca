//! The parts of a region by themselves, for the models in `loom-tests`.

use std::vec::Vec;

use loom::cell::UnsafeCell;

use crate::area::Area;
use crate::hub::{FreeList, Lease};
use crate::queue;
use crate::signal::{self, words_for};
use crate::stream::{Producer, Stream};
use crate::sync::{AtomicU32, AtomicU64};
use crate::wait::Model;
use crate::{bell, waiter, word};

/// The free list of a hub's side, and its leases.
#[derive(Debug)]
pub struct FreeSlots {
    leases: Vec<Lease>,
    list: FreeList,
}

impl FreeSlots {
    /// So many free slots, the first on top.
    pub fn new(slots: u32) -> FreeSlots {
        let leases: Vec<Lease> = (0..slots).map(|_| Lease::default()).collect();
        let list = FreeList::new(&leases);
        FreeSlots { leases, list }
    }

    /// Takes the slot on top.
    pub fn pop(&self) -> Option<u32> {
        self.list.pop(&self.leases)
    }

    /// Gives a slot back.
    pub fn push(&self, slot: u32) {
        self.list.push(&self.leases, slot);
    }
}

/// A submission queue with the hub's private position.
#[derive(Debug)]
pub struct Queue {
    head: AtomicU32,
    cells: Vec<AtomicU64>,
    tail: AtomicU32,
}

impl Queue {
    /// A queue of `cells` cells, a power of two.
    pub fn new(cells: usize) -> Queue {
        Queue {
            head: AtomicU32::new(0),
            cells: (0..cells).map(|_| AtomicU64::new(0)).collect(),
            tail: AtomicU32::new(0),
        }
    }

    fn get(&self) -> queue::Queue<'_> {
        queue::Queue { head: &self.head, cells: &self.cells }
    }

    /// Appends a slot; `Ok(false)` when the queue is full.
    ///
    /// # Errors
    ///
    /// The worker's position is past the hub's.
    pub fn push(&self, slot: u16, tag: u16) -> Result<bool, (u32, u32)> {
        match self.get().push(&self.tail, queue::Entry { slot, tag }) {
            Ok(()) => Ok(true),
            Err(queue::PushError::Full) => Ok(false),
            Err(queue::PushError::HeadAhead(head, tail)) => Err((head, tail)),
        }
    }

    /// Takes the oldest slot and its tag.
    pub fn pop(&self) -> Option<(u16, u16)> {
        self.get().pop().map(|entry| (entry.slot, entry.tag))
    }

    /// Whether there is nothing to take.
    pub fn is_empty(&self) -> bool {
        self.get().is_empty()
    }
}

/// A signal map.
#[derive(Debug)]
pub struct SignalMap {
    summary: AtomicU64,
    words: Vec<AtomicU64>,
}

impl SignalMap {
    /// A map for so many slots.
    pub fn new(slots: u32) -> SignalMap {
        SignalMap {
            summary: AtomicU64::new(0),
            words: (0..words_for(slots)).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    fn get(&self) -> signal::SignalMap<'_> {
        signal::SignalMap { summary: &self.summary, words: &self.words }
    }

    /// Raises a slot's bit; `true`: wake the drainer.
    pub fn raise(&self, slot: u32) -> bool {
        self.get().raise(slot)
    }

    /// Raises the bit for events; `true`: wake the drainer.
    pub fn raise_events(&self) -> bool {
        self.get().raise_events()
    }

    /// Takes every raised bit; `true`: that for events as well.
    pub fn drain(&self, each: impl FnMut(u32)) -> bool {
        self.get().drain(each)
    }

    /// Announces that the drainer is about to sleep.
    pub fn prepare_sleep(&self) -> bool {
        self.get().prepare_sleep()
    }
}

/// A slot's word, with the transitions of either side.
#[derive(Debug, Default)]
pub struct SlotWord(word::SlotWord);

impl SlotWord {
    /// Free → Writing.
    pub fn begin(&self, generation: u32) -> bool {
        self.0.begin(generation).is_ok()
    }

    /// Writing → Ready.
    pub fn publish(&self, generation: u32) -> bool {
        self.0.publish(generation).is_ok()
    }

    /// Ready → Claimed.
    pub fn claim(&self, tag: u16) -> Option<u32> {
        self.0.claim(tag)
    }

    /// Ready → Free.
    pub fn withdraw(&self, generation: u32) -> bool {
        self.0.withdraw(generation)
    }

    /// Sets the cancelled flag.
    pub fn cancel(&self, generation: u32) -> bool {
        self.0.cancel(generation).is_ok()
    }

    /// Claimed → Done.
    pub fn complete(&self, generation: u32) -> bool {
        self.0.complete(generation).is_ok()
    }

    /// Done → Free.
    pub fn free(&self, done: word::Word) -> bool {
        self.0.free(done).is_ok()
    }

    /// The word as the hub sees it.
    pub fn look(&self) -> word::Word {
        self.0.look()
    }
}

/// A stream with its ring, whose every byte loom watches.
#[derive(Debug)]
pub struct Ring {
    producer: Producer,
    head: AtomicU32,
    bytes: Vec<UnsafeCell<u8>>,
}

impl Ring {
    /// A ring of so many bytes, a power of two.
    pub fn new(bytes: usize) -> Ring {
        Ring {
            producer: Producer::default(),
            head: AtomicU32::new(0),
            bytes: (0..bytes).map(|_| UnsafeCell::new(0)).collect(),
        }
    }

    fn get(&self) -> Stream<'_> {
        Stream { producer: &self.producer, head: &self.head, ring: Area::new(&self.bytes) }
    }

    /// Copies in what there is room for behind `tail`, and moves it.
    pub fn write(&self, tail: &mut u32, bytes: &[u8]) -> usize {
        let count = self.get().write(*tail, bytes).expect("both sides are correct");
        *tail = tail.wrapping_add(count as u32);
        count
    }

    /// Publishes the end.
    pub fn close(&self, end: crate::End) {
        self.get().close(end);
    }

    /// Bytes that can be read behind `head`, and whether more follow.
    pub fn readable(&self, head: u32) -> (usize, crate::End) {
        self.get().readable(head).expect("both sides are correct")
    }

    /// Copies out what there is behind `head`, and moves it.
    pub fn read(&self, head: &mut u32, into: &mut [u8]) -> usize {
        let count = self.get().read(*head, into).expect("both sides are correct");
        *head = head.wrapping_add(count as u32);
        count
    }
}

/// A waiter.
#[derive(Debug, Default)]
pub struct Waiter(waiter::Waiter);

impl Waiter {
    /// Leaves a token; `true`: the other side watches.
    pub fn signal(&self) -> bool {
        self.0.signal::<Model>()
    }

    /// Sleeps until there is a token.
    pub fn park(&self, timeout: Option<core::time::Duration>) -> bool {
        self.0.park::<Model>(timeout)
    }

    /// Asks the next signal to say so.
    pub fn watch(&self) -> crate::Watch {
        self.0.watch()
    }
}

/// A worker's bell.
#[derive(Debug, Default)]
pub struct Bell(bell::Bell);

impl Bell {
    /// Wakes one sleeper.
    pub fn ring(&self) -> crate::Rung {
        self.0.ring::<Model>()
    }

    /// Sleeps until there is work.
    pub fn sleep(&self, work: impl FnMut() -> bool, stop: impl FnMut() -> bool) -> crate::Waited {
        self.0.sleep::<Model>(None, work, stop)
    }

    /// Arms the doorbell.
    pub fn arm(&self, work: impl FnMut() -> bool) -> bool {
        self.0.arm(work)
    }

    /// Wakes every thread.
    pub fn wake_all(&self) {
        self.0.wake_all::<Model>();
    }
}
