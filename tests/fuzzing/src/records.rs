//! Records in an outbox or an inbox.

use slotway_core::record::{self, FromHub, FromWorker};

/// Bytes that one side takes for records: each is read or refused, every part of what is read
/// lies within it, and what is read and written again is the same.
pub fn records(data: &[u8]) {
    let mut rest = data;
    while let Ok(Some(record)) = record::first(rest) {
        one(record);
        rest = &rest[record.len()..];
    }
    // A record whose stated length is right gets further.
    let mut bytes = data.to_vec();
    let length = (bytes.len() as u32).to_le_bytes();
    if let Some(first) = bytes.first_chunk_mut::<4>() {
        *first = length;
        one(&bytes);
        for kind in [1, 2, 3, 4, 16, 17, 18, 19, 20, 21] {
            if let Some(byte) = bytes.get_mut(4) {
                *byte = kind;
            }
            one(&bytes);
        }
    }
}

fn one(record: &[u8]) {
    let mut again = Vec::new();
    match FromWorker::parse(record) {
        Ok(FromWorker::Publish(event)) => {
            event.encode(|piece| again.extend_from_slice(piece)).expect("what was read is short");
            assert_eq!(FromWorker::parse(&again), Ok(FromWorker::Publish(event)));
            assert_eq!(again.len(), record.len());
        }
        Ok(FromWorker::Push(push)) => {
            push.encode(|piece| again.extend_from_slice(piece)).expect("what was read is short");
            assert_eq!(FromWorker::parse(&again), Ok(FromWorker::Push(push)));
            assert_eq!(again.len(), record.len());
        }
        Ok(FromWorker::Call(call)) => {
            call.encode(|piece| again.extend_from_slice(piece)).expect("what was read is short");
            assert_eq!(FromWorker::parse(&again), Ok(FromWorker::Call(call)));
            assert_eq!(again.len(), record.len());
        }
        Ok(FromWorker::HangUp(_)) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    match FromHub::parse(record) {
        Ok(FromHub::Event(event)) => {
            again.clear();
            event.encode(|piece| again.extend_from_slice(piece)).expect("what was read is short");
            assert_eq!(FromHub::parse(&again), Ok(FromHub::Event(event)));
        }
        Ok(FromHub::Gap(gap)) => {
            again.clear();
            gap.encode(|piece| again.extend_from_slice(piece)).expect("what was read is short");
            assert_eq!(FromHub::parse(&again), Ok(FromHub::Gap(gap)));
        }
        Ok(FromHub::Outcome(outcome)) => {
            again.clear();
            outcome.encode(|piece| again.extend_from_slice(piece)).expect("what was read is short");
            assert_eq!(FromHub::parse(&again), Ok(FromHub::Outcome(outcome)));
        }
        Ok(FromHub::Ended(_) | FromHub::Refused(_) | FromHub::Pushed(_)) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
