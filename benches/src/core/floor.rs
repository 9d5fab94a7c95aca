//! The floors: what two processes cannot beat. A bare cache line and a bare futex.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::MemfdFlags;
use rustix::thread::futex;

use super::cell::Cell;
use crate::cpu::CpuClocks;
use crate::machine::pinned;
use crate::measure::{Effort, Sample, p50};
use crate::pair::{Peer, Role};

/// A page of shared memory with one word for each direction.
#[derive(Debug)]
struct Words {
    fd: OwnedFd,
    map: MmapRaw,
}

const PAGE: usize = 4096;
/// The words lie on different pairs of cache lines.
const THERE: usize = 0;
const BACK: usize = 256;

impl Words {
    fn new() -> io::Result<Words> {
        let fd = rustix::fs::memfd_create("floor", MemfdFlags::CLOEXEC)?;
        rustix::fs::ftruncate(&fd, PAGE as u64)?;
        Words::open(fd)
    }

    fn open(fd: OwnedFd) -> io::Result<Words> {
        let map = MmapOptions::new().len(PAGE).map_raw(&std::fs::File::from(fd.try_clone()?))?;
        Ok(Words { fd, map })
    }

    fn word(&self, offset: usize) -> &AtomicU32 {
        let at = self.map.as_mut_ptr().wrapping_add(offset).cast::<AtomicU32>();
        // SAFETY: both offsets are aligned and lie inside the page, which stays mapped
        // while `self` lives and is only ever used through atomics.
        unsafe { &*at }
    }

    /// One round trip of a number, both sides spinning.
    fn line_round(&self, turn: u32) {
        self.word(THERE).store(turn, Ordering::Release);
        while self.word(BACK).load(Ordering::Acquire) != turn {
            std::hint::spin_loop();
        }
    }

    /// One round trip of a number, both sides sleeping.
    fn futex_round(&self, turn: u32) {
        post(self.word(THERE), turn);
        wait_for(self.word(BACK), turn);
    }
}

/// One round of the least cell on a cache line.
pub(crate) fn line_round(cell: Cell, effort: Effort) -> io::Result<Sample> {
    round(cell, effort, Role::Line, Words::line_round)
}

/// One round of the least cell on a futex.
pub(crate) fn futex_round(cell: Cell, effort: Effort) -> io::Result<Sample> {
    round(cell, effort, Role::Futex, Words::futex_round)
}

fn round(cell: Cell, effort: Effort, role: Role, step: impl Fn(&Words, u32)) -> io::Result<Sample> {
    let words = Words::new()?;
    let peer = Peer::start(role, &words, cell.placement.theirs(), 0)?;
    let clocks = CpuClocks::own()?.and(peer.pid())?;
    let mut turn = 0_u32;
    pinned(cell.placement.ours(), || {
        p50(effort, &clocks, || {
            turn = turn.wrapping_add(1);
            step(&words, turn);
        })
    })
}

impl AsFd for Words {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn post(word: &AtomicU32, turn: u32) {
    word.store(turn, Ordering::Release);
    let _ = futex::wake(word, futex::Flags::empty(), 1);
}

fn wait_for(word: &AtomicU32, turn: u32) {
    loop {
        let now = word.load(Ordering::Acquire);
        if now == turn {
            return;
        }
        let _ = futex::wait(word, futex::Flags::empty(), now, None);
    }
}

/// Answers every number with itself, spinning.
pub(crate) fn line_peer(memory: OwnedFd) -> io::Result<()> {
    let words = Words::open(memory)?;
    let mut turn = 0;
    loop {
        let now = words.word(THERE).load(Ordering::Acquire);
        if now != turn {
            turn = now;
            words.word(BACK).store(turn, Ordering::Release);
        }
        std::hint::spin_loop();
    }
}

/// Answers every number with itself, sleeping.
pub(crate) fn futex_peer(memory: OwnedFd) -> io::Result<()> {
    let words = Words::open(memory)?;
    let mut turn = 0_u32;
    loop {
        turn = turn.wrapping_add(1);
        wait_for(words.word(THERE), turn);
        post(words.word(BACK), turn);
    }
}
