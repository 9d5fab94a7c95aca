//! Bytes whose value follows from their place, so that a body that was cut, repeated or
//! mixed with another is found out without keeping a copy.

/// The byte at `at` of the stream number `seed`. The period is prime, so that no ring's
/// length hides a slip.
pub fn pattern_byte(seed: u64, at: u64) -> u8 {
    (((at % 65_521).wrapping_mul(31) ^ (at % 65_521) >> 5).wrapping_add(seed * 7)) as u8
}

/// `length` bytes of the stream number `seed`, from its start.
pub fn pattern(seed: u64, length: usize) -> Vec<u8> {
    (0..length as u64).map(|at| pattern_byte(seed, at)).collect()
}
