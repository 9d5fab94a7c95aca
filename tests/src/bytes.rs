//! Bytes whose value follows from their place, so that a body that was cut, repeated or
//! mixed with another is found out without keeping a copy.

/// A prime, so that no ring's length hides a slip.
const PERIOD: usize = 65_521;

/// An endless stream of bytes. Streams of different seeds differ.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// Two periods, so that a whole one starts anywhere in the first.
    bytes: Vec<u8>,
}

impl Pattern {
    /// The stream number `seed`. The C worker knows number 0.
    pub fn new(seed: u64) -> Pattern {
        let byte = |at: usize| {
            let at = (at % PERIOD) as u32;
            (at.wrapping_mul(31) ^ at >> 5).wrapping_add(seed as u32 * 7) as u8
        };
        Pattern { bytes: (0..2 * PERIOD).map(byte).collect() }
    }

    /// The bytes from `at` on: `most` of them or fewer, at least one.
    pub fn slice(&self, at: u64, most: u64) -> &[u8] {
        let start = (at % PERIOD as u64) as usize;
        &self.bytes[start..start + most.min(PERIOD as u64) as usize]
    }

    /// The first `length` bytes.
    pub fn take(&self, length: u64) -> Vec<u8> {
        let mut taken = Vec::with_capacity(length as usize);
        while (taken.len() as u64) < length {
            let at = taken.len() as u64;
            taken.extend_from_slice(self.slice(at, length - at));
        }
        taken
    }

    /// Checks that `bytes` are those from `at` on.
    ///
    /// # Panics
    ///
    /// When they are not; says where the first wrong byte is.
    #[track_caller]
    pub fn check(&self, at: u64, bytes: &[u8]) {
        let mut done = 0;
        while done < bytes.len() {
            let expected = self.slice(at + done as u64, (bytes.len() - done) as u64);
            let found = &bytes[done..done + expected.len()];
            if found != expected {
                let wrong = found.iter().zip(expected).position(|(a, b)| a != b).unwrap_or(0);
                panic!("byte {} of the stream is wrong", at + (done + wrong) as u64);
            }
            done += expected.len();
        }
    }
}

/// `length` bytes of the stream number `seed`, from its start.
pub fn pattern(seed: u64, length: usize) -> Vec<u8> {
    Pattern::new(seed).take(length as u64)
}
