use std::task::Waker;

use super::*;

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn push(spool: &Spool, length: usize) -> bool {
    match spool.reserve(length) {
        Some(reserved) => {
            spool.push(reserved, Bytes::from(vec![7; length]));
            true
        }
        None => false,
    }
}

fn read(reader: &SpoolReader) -> Option<usize> {
    match reader.poll_chunk(&cx()) {
        Poll::Ready(Some(Ok(bytes))) => Some(bytes.len()),
        _ => None,
    }
}

#[test]
fn h20_a_response_is_read_ahead_up_to_its_bound() {
    let budget = Arc::new(Budget::new(1 << 20));
    let (spool, reader) = Spool::new(100, budget.clone());
    assert_eq!(spool.room(&cx()), Room::Bytes(CHUNK_BYTES_MAX));
    assert!(push(&spool, 60));
    assert_eq!(spool.room(&cx()), Room::Bytes(40));
    assert!(push(&spool, 40));
    assert_eq!(spool.room(&cx()), Room::None);
    assert_eq!(read(&reader), Some(60));
    assert_eq!(spool.room(&cx()), Room::Bytes(60));
    assert_eq!(read(&reader), Some(40));
    assert_eq!(budget.used.load(Ordering::Relaxed), 0);
}

#[test]
fn h20_all_together_have_a_bound_and_an_empty_spool_takes_one_chunk_anyway() {
    let budget = Arc::new(Budget::new(50));
    let (first, reader) = Spool::new(1000, budget.clone());
    let (second, _reader) = Spool::new(1000, budget.clone());
    assert!(push(&first, 50));
    assert!(!push(&first, 1), "the budget is used up");
    assert!(push(&second, 30), "nobody waits for somebody else's client");
    assert!(!push(&second, 30));
    drop(reader);
    assert_eq!(budget.used.load(Ordering::Relaxed), 0);
    assert!(push(&second, 30));
}

#[test]
fn what_is_pushed_is_read_before_the_end_and_the_first_end_counts() {
    let (spool, reader) = Spool::new(1000, Arc::new(Budget::new(1000)));
    assert!(push(&spool, 10));
    spool.end(Err(SpoolError::Worker));
    spool.end(Ok(()));
    assert!(!reader.is_finished());
    assert_eq!(read(&reader), Some(10));
    assert_eq!(reader.poll_chunk(&cx()), Poll::Ready(Some(Err(SpoolError::Worker))));
}

#[test]
fn a_reader_that_goes_stops_the_writer_and_gives_everything_back() {
    let budget = Arc::new(Budget::new(1000));
    let (spool, reader) = Spool::new(1000, budget.clone());
    assert!(push(&spool, 10));
    drop(reader);
    assert_eq!(spool.room(&cx()), Room::ReaderGone);
    assert!(push(&spool, 10), "what was under way is swallowed");
    assert_eq!(budget.used.load(Ordering::Relaxed), 0);
    assert_eq!(spool.lock().bytes, 0);
}
