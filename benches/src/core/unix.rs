//! A Unix stream socket: what is used where there is no shared memory.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use super::cell::Cell;
use crate::cpu::CpuClocks;
use crate::machine::pinned;
use crate::measure::{Effort, Sample, p50, pace};
use crate::pair::{Peer, Role};

/// Bytes in flight at most: what the socket's buffers hold for certain in each direction,
/// so that two blocking sides never wait for each other.
const BYTES_IN_FLIGHT_MAX: usize = 64 << 10;

/// Whether the cell can be measured so.
pub(crate) fn fits(cell: Cell) -> bool {
    cell.payload * cell.depth <= BYTES_IN_FLIGHT_MAX
}

/// Echoes bodies of `payload` bytes until the other end is closed.
pub(crate) fn serve(socket: OwnedFd, payload: usize) -> io::Result<()> {
    let mut socket = UnixStream::from(socket);
    let mut body = vec![0; payload];
    loop {
        socket.read_exact(&mut body)?;
        socket.write_all(&body)?;
    }
}

/// One round of a cell.
pub(crate) fn round(cell: Cell, effort: Effort) -> io::Result<Sample> {
    let (mut near, far) = UnixStream::pair()?;
    let peer = Peer::start(Role::Unix, &far, cell.placement.theirs(), cell.payload)?;
    drop(far);
    let clocks = CpuClocks::own()?.and(peer.pid())?;
    let (body, mut answer) = (vec![7; cell.payload], vec![0; cell.payload]);
    let mut broken = Ok(());
    let mut send = |socket: &mut UnixStream| {
        broken = socket.write_all(&body);
        broken.is_ok()
    };
    let sample = pinned(cell.placement.ours(), || {
        if cell.depth == 1 {
            return p50(effort, &clocks, || {
                if send(&mut near) {
                    let _ = near.read_exact(&mut answer);
                }
            });
        }
        let mut in_flight = 0;
        pace(effort, &clocks, || {
            while in_flight < cell.depth && send(&mut near) {
                in_flight += 1;
            }
            let _ = near.read_exact(&mut answer);
            in_flight -= 1;
            1
        })
    })?;
    broken?;
    if answer != body {
        return Err(io::Error::other("the socket's other end answered with other bytes"));
    }
    Ok(sample)
}
