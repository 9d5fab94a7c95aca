//! Which of many lanes holds most, found in the logarithm of their number.
//!
//! A binary heap that knows where each lane stands in it, so that a lane that grows or
//! shrinks is moved instead of searched.

/// Where a lane stands that is not in the heap.
const NOWHERE: u32 = u32::MAX;

#[derive(Debug, Default)]
pub(super) struct Largest {
    /// Weight and lane; none is heavier than its parent at half its place.
    heap: Vec<(usize, u32)>,
    /// By lane, its place in the heap.
    places: Vec<u32>,
}

impl Largest {
    /// The heaviest lane and its weight.
    pub(super) fn peek(&self) -> Option<(usize, u32)> {
        self.heap.first().copied()
    }

    /// Sets the weight of a lane, which is added if it was not there.
    pub(super) fn set(&mut self, lane: u32, weight: usize) {
        let index = lane as usize;
        if index >= self.places.len() {
            self.places.resize(index + 1, NOWHERE);
        }
        let mut place = self.places[index];
        if place == NOWHERE {
            place = self.heap.len() as u32;
            self.heap.push((0, lane));
            self.places[index] = place;
        }
        let place = place as usize;
        let before = std::mem::replace(&mut self.heap[place].0, weight);
        if weight > before {
            self.rise(place);
        } else {
            self.sink(place);
        }
    }

    pub(super) fn remove(&mut self, lane: u32) {
        let Some(place) = self.places.get_mut(lane as usize) else { return };
        let place = std::mem::replace(place, NOWHERE);
        if place == NOWHERE {
            return;
        }
        let place = place as usize;
        self.heap.swap_remove(place);
        if let Some((_, moved)) = self.heap.get(place) {
            self.places[*moved as usize] = place as u32;
            self.rise(place);
            self.sink(place);
        }
    }

    fn rise(&mut self, mut place: usize) {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.heap[parent].0 >= self.heap[place].0 {
                break;
            }
            self.swap(place, parent);
            place = parent;
        }
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let (left, right) = (2 * place + 1, 2 * place + 2);
            let weight = |place: usize| self.heap.get(place).map_or(0, |entry| entry.0);
            let heavier = if weight(right) > weight(left) { right } else { left };
            if weight(heavier) <= weight(place) {
                break;
            }
            self.swap(place, heavier);
            place = heavier;
        }
    }

    fn swap(&mut self, one: usize, other: usize) {
        self.heap.swap(one, other);
        self.places[self.heap[one].1 as usize] = one as u32;
        self.places[self.heap[other].1 as usize] = other as u32;
    }
}
