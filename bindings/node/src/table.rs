//! The exchanges that JavaScript has in hand, by the numbers that it knows them by.
//!
//! A number is an index and a generation: one that was given back is not taken for the next
//! exchange at its index. `lib/exchange.js` forgets a number with the answer; that a forgotten
//! one comes round again after 2¹³ exchanges at its index is for nobody to see.

use std::collections::HashMap;

use sdk::RawExchange;

use crate::error::{Failure, Result};

/// More exchanges than there can be slots, those of earlier hubs among them.
const INDEX_BITS: u32 = 17;
const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;
/// So that a number is never negative, and small for the interpreter.
const GENERATIONS: u32 = 1 << (30 - INDEX_BITS);

/// An exchange in hand.
#[derive(Debug)]
struct Entry {
    raw: RawExchange,
    /// It is among those that wait for a notice.
    waits: bool,
}

#[derive(Debug)]
struct Place {
    generation: u32,
    entry: Option<Entry>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Table {
    places: Vec<Place>,
    free: Vec<u32>,
    /// Who waits for a notice: tokens, and the numbers of their exchanges.
    waiting: HashMap<u64, i32>,
}

impl Table {
    /// Whether there is a number for so many more.
    #[inline]
    pub(crate) fn has_room(&self, exchanges: usize) -> bool {
        self.in_hand() + exchanges <= INDEX_MASK as usize
    }

    /// Takes an exchange in; gives its number. There is one, by `has_room`.
    #[inline]
    pub(crate) fn insert(&mut self, raw: RawExchange) -> i32 {
        let entry = Some(Entry { raw, waits: false });
        let index = match self.free.pop() {
            Some(index) => {
                self.places[index as usize].entry = entry;
                index
            }
            None => {
                self.places.push(Place { generation: 0, entry });
                self.places.len() as u32 - 1
            }
        };
        (self.places[index as usize].generation << INDEX_BITS | index) as i32
    }

    #[inline]
    fn place(&self, number: i32) -> Option<&Place> {
        let place = self.places.get((number as u32 & INDEX_MASK) as usize)?;
        (place.generation == number as u32 >> INDEX_BITS).then_some(place)
    }

    /// An exchange.
    #[inline]
    pub(crate) fn get(&self, number: i32) -> Result<&RawExchange> {
        match self.place(number) {
            Some(Place { entry: Some(entry), .. }) => Ok(&entry.raw),
            _ => Err(Failure::answered()),
        }
    }

    /// Whether there is an exchange of that number.
    pub(crate) fn has(&self, number: i32) -> bool {
        self.place(number).is_some_and(|place| place.entry.is_some())
    }

    /// Lets go of an exchange; one that is not answered is answered with 500.
    #[inline]
    pub(crate) fn remove(&mut self, number: i32) {
        let index = number as u32 & INDEX_MASK;
        let Some(place) = self.places.get_mut(index as usize) else { return };
        if place.generation != number as u32 >> INDEX_BITS {
            return;
        }
        let Some(entry) = place.entry.take() else { return };
        if entry.waits {
            let token = entry.raw.token();
            // The slot's next exchange may wait under the same token already.
            if self.waiting.get(&token) == Some(&number) {
                self.waiting.remove(&token);
            }
        }
        place.generation = (place.generation + 1) % GENERATIONS;
        self.free.push(index);
    }

    /// An exchange has begun to wait for a notice.
    pub(crate) fn wait(&mut self, number: i32) {
        let place = &mut self.places[(number as u32 & INDEX_MASK) as usize];
        if let Some(entry) = &mut place.entry {
            entry.waits = true;
            self.waiting.insert(entry.raw.token(), number);
        }
    }

    /// Who a notice is for.
    pub(crate) fn waiting(&self, token: u64) -> Option<i32> {
        self.waiting.get(&token).copied()
    }

    /// How many are in hand.
    pub(crate) fn in_hand(&self) -> usize {
        self.places.len() - self.free.len()
    }
}
