//! The way that a child takes, and how to come to any point of it quickly.
//!
//! A single step costs two switches of processes and, on a virtual machine, much more. So
//! the way is gone step by step once; later children run to an instruction near the point
//! at full speed, into a snare, and only the rest in steps.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::stepped::{Stepped, Stop};

/// Points between the instructions that write, in the short form.
const OTHERS: usize = 200;

/// Every instruction of a child's way, and which of them changed the region's words.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// The instruction that comes next, before each step and after the last.
    at: Vec<u64>,
    /// How often the way has come to that instruction, this time included.
    times: Vec<u32>,
    /// Steps after which the words are not as before.
    changes: Vec<usize>,
}

impl Trace {
    /// Follows a child to its end. `paused` is called when it waits.
    pub(crate) fn record(
        child: &mut Stepped,
        file: &File,
        words: usize,
        mut paused: impl FnMut(),
    ) -> Trace {
        let mut trace = Trace::default();
        let mut seen: HashMap<u64, u32> = HashMap::new();
        let mut words = Words::new(file, words);
        loop {
            let at = child.at();
            let times = seen.entry(at).or_default();
            *times += 1;
            trace.times.push(*times);
            trace.at.push(at);
            loop {
                match child.step() {
                    Stop::Step => break,
                    Stop::Pause => {
                        paused();
                        words.changed();
                    }
                    Stop::Ended => return trace,
                }
            }
            if words.changed() {
                trace.changes.push(trace.at.len());
            }
        }
    }

    /// Tries `deed` with a fresh child at each point: after every instruction that writes,
    /// and after others at even distances; in the long form after every single one. It
    /// gives whether it reached the point.
    pub(crate) fn try_everywhere(&self, what: &str, mut deed: impl FnMut(usize) -> bool) {
        let count = self.at.len();
        let stride = match std::env::var_os("SLOTWAY_TEST_LONG") {
            Some(_) => 1,
            None => (count / OTHERS).max(1),
        };
        let mut points: Vec<usize> = (0..count).step_by(stride).collect();
        points.extend(self.changes.iter().filter(|&&point| point < count));
        points.sort_unstable();
        points.dedup();
        let reached = points.iter().filter(|&&point| deed(point)).count();
        let (tried, writes) = (points.len(), self.changes.len());
        println!("{what}: {count} instructions, {writes} write; {reached} points of {tried}");
        // The last steps may differ from child to child: it sleeps before them.
        assert!(reached * 10 > tried * 9, "{reached} of {tried} points were reached");
    }

    /// Where to lay a snare for a point, how often the child comes to it, and how many
    /// steps are left then.
    fn way(&self, point: usize) -> (u64, u32, usize) {
        // A time that is not the last costs a step and two changes of code.
        let cost = |from: usize| self.times[from] as usize * 3 + (point - from);
        let nearest = point.saturating_sub(cost(point));
        let from = (nearest..=point).rev().min_by_key(|&from| cost(from)).unwrap_or(point);
        (self.at[from], self.times[from], point - from)
    }

    /// Brings a fresh child to a point. `false`: it took another way.
    pub(crate) fn reach(
        &self,
        child: &mut Stepped,
        point: usize,
        mut paused: impl FnMut(),
    ) -> bool {
        let (at, times, steps) = self.way(point);
        for time in 1..=times {
            // A repeated instruction is where it was after a step.
            if child.at() != at {
                child.lay_snare(at);
                loop {
                    match child.run() {
                        Stop::Step => break,
                        Stop::Pause => paused(),
                        Stop::Ended => return false,
                    }
                }
                child.lift_snare();
            }
            if time < times && !step(child, &mut paused) {
                return false;
            }
        }
        (0..steps).all(|_| step(child, &mut paused))
    }
}

/// One instruction further. `false`: there is none.
fn step(child: &mut Stepped, paused: &mut impl FnMut()) -> bool {
    loop {
        match child.step() {
            Stop::Step => return true,
            Stop::Pause => paused(),
            Stop::Ended => return false,
        }
    }
}

/// The words of a region, to find out whether they changed.
struct Words<'f> {
    file: &'f File,
    before: Vec<u8>,
    now: Vec<u8>,
}

impl<'f> Words<'f> {
    fn new(file: &'f File, length: usize) -> Words<'f> {
        let mut words = Words { file, before: vec![0; length], now: vec![0; length] };
        words.changed();
        words
    }

    fn changed(&mut self) -> bool {
        core::mem::swap(&mut self.before, &mut self.now);
        self.file.read_exact_at(&mut self.now, 0).expect("a region");
        self.before != self.now
    }
}
