//! Numbers by chance, for choices and for ids that only have to be different: never for
//! what has to be secret.
//!
//! xoroshiro128++, one for each thread, so that there is no lock and no shared cache line.
//! Two threads begin at places of the one cycle that were chosen by chance; it has 2^128
//! steps, so nobody comes to where another has been.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

thread_local! {
    static STATE: Cell<[u64; 2]> = Cell::new(seed());
}

/// Sixty-four bits.
pub(crate) fn chance() -> u64 {
    STATE.with(|state| {
        let [s0, mut s1] = state.get();
        let result = s0.wrapping_add(s1).rotate_left(17).wrapping_add(s0);
        s1 ^= s0;
        state.set([s0.rotate_left(49) ^ s1 ^ (s1 << 21), s1.rotate_left(28)]);
        result
    })
}

/// Twice as many.
pub(crate) fn chance_bytes() -> [u8; 16] {
    let (high, low) = (u128::from(chance()), u128::from(chance()));
    (high << 64 | low).to_le_bytes()
}

fn seed() -> [u64; 2] {
    // std's own hash keys come from the system's random numbers; they differ by one from
    // call to call, so each is put through the hash. Never both zero, which would stay so.
    let word = |which: u8| RandomState::new().hash_one((std::thread::current().id(), which));
    [word(0) | 1, word(1)]
}

#[cfg(test)]
mod tests;
