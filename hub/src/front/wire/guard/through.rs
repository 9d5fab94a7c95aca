//! A guard with bytes in pieces: for its tests and for the fuzz target.

use tokio::io::ReadBuf;

use super::{Guard, Refusal};
use crate::problem::Problem;

/// Bytes of a head here, at most.
pub(super) const HEAD_BYTES_MAX: usize = 1024;

/// What hyper gets of bytes that come in pieces of a size, and what was refused.
pub(super) fn through(bytes: &[u8], size: usize) -> (Vec<u8>, Option<Problem>) {
    let mut guard = Guard::new(HEAD_BYTES_MAX);
    let (mut out, mut refused) = (Vec::new(), None);
    let mut room = [0; 7];
    let mut take = |guard: &mut Guard, out: &mut Vec<u8>| {
        loop {
            let mut into = ReadBuf::new(&mut room);
            if !guard.give(&mut into) {
                break;
            }
            out.extend_from_slice(into.filled());
        }
    };
    for piece in bytes.chunks(size) {
        if guard.is_refused() {
            break;
        }
        let refusal = if guard.is_holding() {
            guard.add(piece)
        } else {
            let (good, refusal) = guard.pass(piece);
            out.extend_from_slice(&piece[..good]);
            refusal
        };
        take(&mut guard, &mut out);
        refused = refused.or(refusal);
    }
    let problem = refused.map(|refusal| match refusal {
        Refusal::Head(problem) | Refusal::Body(problem) => problem,
    });
    (out, problem)
}

/// What passes and what is refused is the same in pieces and whole.
#[cfg(feature = "fuzzing")]
pub(crate) fn fuzz(bytes: &[u8], size: usize) {
    let (whole, refused) = through(bytes, bytes.len().max(1));
    let (out, refused_in_pieces) = through(bytes, size);
    let kind = |problem: &Option<Problem>| problem.as_ref().map(Problem::kind);
    assert_eq!(kind(&refused), kind(&refused_in_pieces), "in pieces of {size}");
    assert_eq!(whole.escape_ascii().to_string(), out.escape_ascii().to_string());
}
