use slotway_core::record::Publish;

use super::*;

fn record(payload: &[u8]) -> Vec<u8> {
    let mut record = Vec::new();
    let event = Publish { topic: "a", payload, ..Publish::default() };
    event.encode(|piece| record.extend_from_slice(piece)).expect("short");
    record
}

fn put(pouch: &mut Pouch, bytes: &[u8]) {
    for piece in bytes.chunks(CHUNK) {
        pouch.room()[..piece.len()].copy_from_slice(piece);
        pouch.filled(piece.len());
    }
}

/// Goal: records come out whole and in order, whatever pieces they came in.
#[test]
fn records_are_put_together() {
    let records: Vec<Vec<u8>> =
        (0..50).map(|n| record(&vec![n; usize::from(n) * 997 % 9000])).collect();
    let all = records.concat();
    for size in [1, 7, 1000, CHUNK] {
        let mut pouch = Pouch::default();
        let mut found = Vec::new();
        for piece in all.chunks(size) {
            put(&mut pouch, piece);
            while let Some(record) = pouch.next().expect("records") {
                found.push(record.to_vec());
            }
        }
        assert!(found == records, "in pieces of {size}");
        pouch.rest();
        assert_eq!(pouch.bytes.capacity(), 0, "an empty one holds nothing");
    }
}

/// Goal: who says that a huge record comes and sends little is believed that little.
#[test]
fn a_promise_costs_nothing() {
    let mut pouch = Pouch::default();
    put(&mut pouch, &(5_000_000_u32).to_le_bytes());
    assert_eq!(pouch.next(), Ok(None));
    pouch.room();
    assert!(pouch.bytes.capacity() <= 3 * CHUNK, "{}", pouch.bytes.capacity());
}

/// Goal: a huge record costs half as much again as it has bytes, at most.
#[test]
fn a_huge_record_is_bounded() {
    let record = record(&vec![1; 5 << 20]);
    let mut pouch = Pouch::default();
    put(&mut pouch, &record);
    assert!(pouch.bytes.capacity() <= record.len() / 2 * 3 + 2 * CHUNK);
    assert_eq!(pouch.next().expect("a record").map(<[u8]>::len), Some(record.len()));
}

/// Goal: a length that no record has is found before anything is waited for.
#[test]
fn an_impossible_length_is_found() {
    let mut pouch = Pouch::default();
    put(&mut pouch, &u32::MAX.to_le_bytes());
    assert_eq!(pouch.next(), Err(RecordError::Length(u32::MAX)));
}
