use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

use super::*;
use crate::head::Fields;

fn text(bytes_max: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..24).prop_map(move |chars| {
        let mut text: String = chars.into_iter().collect();
        while text.len() > bytes_max {
            text.pop();
        }
        text
    })
}

fn collect(encode: impl FnOnce(&mut dyn FnMut(&[u8])) -> Result<(), RecordError>) -> Vec<u8> {
    let mut record = Vec::new();
    encode(&mut |piece| record.extend_from_slice(piece)).expect("short parts");
    assert_eq!(length(&record), Ok(Some(record.len())), "a record states its own length");
    record
}

proptest! {
    /// Goal: what a worker publishes is what the hub reads.
    #[test]
    fn an_event_comes_back(
        (topic, kind, id, name) in (text(255), text(255), text(255), text(255)),
        payload in prop::collection::vec(any::<u8>(), 0..300),
        (must_deliver, terminal, ticket) in any::<(bool, bool, u32)>(),
        key in prop::option::of(text(255)),
        whose in 0..3,
    ) {
        let principal = match whose {
            0 => Principal::Worker,
            1 => Principal::System,
            _ => Principal::Named(&name),
        };
        let event = Publish {
            topic: &topic, kind: &kind, id: &id, principal, payload: &payload,
            must_deliver, key: key.as_deref(), terminal, ticket,
        };
        let record = collect(|put| event.encode(put));
        prop_assert_eq!(event.length(), Ok(record.len()));
        prop_assert_eq!(FromWorker::parse(&record), Ok(FromWorker::Publish(event)));
    }

    /// Goal: what the hub delivers is what a worker reads.
    #[test]
    fn a_delivery_comes_back(
        (topic, kind, id) in (text(255), text(255), text(255)),
        principal in prop::option::of(text(255)),
        payload in prop::collection::vec(any::<u8>(), 0..300),
        (subscription, seq, time_us) in any::<(u32, u64, u64)>(),
        (missed, at_least) in any::<(u64, bool)>(),
    ) {
        let principal = principal.as_deref();
        let event = Delivery {
            subscription, seq, time_us, topic: &topic, kind: &kind, id: &id, principal,
            payload: &payload,
        };
        let record = collect(|put| event.encode(put));
        prop_assert_eq!(event.length(), Ok(record.len()));
        prop_assert_eq!(FromHub::parse(&record), Ok(FromHub::Event(event)));
        let gap = Gap { subscription, missed, at_least, principal };
        let record = collect(|put| gap.encode(put));
        prop_assert_eq!(FromHub::parse(&record), Ok(FromHub::Gap(gap)));
    }

    /// Goal: what a worker calls is what the hub reads, and what became of it what the worker
    /// reads.
    #[test]
    fn a_call_comes_back(
        (queue, activity, content_type) in (text(257), text(255), text(255)),
        key in prop::option::of(text(255)),
        payload in prop::collection::vec(any::<u8>(), 0..300),
        (timeout_ms, attempts, backoff_ms) in any::<(u32, u16, u32)>(),
        (idempotent, replayed, ticket, status, end) in any::<(bool, bool, u32, u16, u8)>(),
    ) {
        let call = Call {
            queue: &queue, activity: &activity, content_type: &content_type, payload: &payload,
            timeout_ms, attempts, backoff_ms, idempotent, key: key.as_deref(), ticket,
        };
        let record = collect(|put| call.encode(put));
        prop_assert_eq!(call.length(), Ok(record.len()));
        prop_assert_eq!(FromWorker::parse(&record), Ok(FromWorker::Call(call)));
        let hang_up = HangUp { ticket };
        let record = hang_up.encode();
        prop_assert_eq!(FromWorker::parse(&record), Ok(FromWorker::HangUp(hang_up)));
        let outcome = Outcome {
            ticket, end: CallEnd::of(end), status, attempts, hint_ms: backoff_ms, replayed,
            content_type: &content_type, body: &payload,
        };
        let record = collect(|put| outcome.encode(put));
        prop_assert_eq!(outcome.length(), Ok(record.len()));
        prop_assert_eq!(FromHub::parse(&record), Ok(FromHub::Outcome(outcome)));
    }

    /// Goal: a record that is cut anywhere is not complete, and one that is changed anywhere
    /// is read within its bounds or refused.
    #[test]
    fn damage_is_found(at in any::<prop::sample::Index>(), value in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let event = Publish { topic: "a.b", kind: "t", payload: b"hello", key: Some("k"), ..Publish::default() };
        let mut record = collect(|put| event.encode(put));
        let cut = cut.index(record.len());
        prop_assert!(matches!(first(&record[..cut]), Ok(None)));
        let at = at.index(record.len());
        record[at] = value;
        if let Ok(FromWorker::Publish(read)) = FromWorker::parse(&record) {
            prop_assert!(read.topic.len() + read.payload.len() <= record.len());
        }
    }
}

/// Goal: short records come back, whatever their numbers.
#[test]
fn notices_come_back() {
    let numbers = [0, 1, 2, 200, 255];
    for number in numbers {
        let ended = Ended { subscription: 7, reason: EndReason::Other(number) };
        let Ok(FromHub::Ended(read)) = FromHub::parse(&ended.encode()) else { panic!("an end") };
        assert_eq!(read.encode(), ended.encode());
        let reason = RefusalReason::Other(number);
        let refused = Refused { ticket: u32::MAX, reason, count: 3 };
        let Ok(FromHub::Refused(read)) = FromHub::parse(&refused.encode()) else {
            panic!("a refusal")
        };
        assert_eq!(read.encode(), refused.encode());
    }
    let pushed = Pushed { ticket: 9, status: 404 };
    assert_eq!(FromHub::parse(&pushed.encode()), Ok(FromHub::Pushed(pushed)));
}

/// Goal: a push comes back, to each kind of target.
#[test]
fn a_push_comes_back() {
    let mut params = Vec::new();
    for (name, value) in [("id", "7"), ("room", "\u{e9}")] {
        Fields::write(name.as_bytes(), value.as_bytes(), |piece| params.extend_from_slice(piece))
            .expect("short");
    }
    let params = Fields::from_bytes(&params).expect("what was just written");
    assert_eq!(params.get(b"room"), Some("\u{e9}".as_bytes()));
    for target in [
        Target::Path("/feed/7"),
        Target::Pattern { pattern: "/feed/{id}", params },
        Target::Connection("c-1"),
    ] {
        for close in [false, true] {
            let (kind, data) = ("tick", b"{}".as_slice());
            let push = Push { target, registration: 3, kind, id: "", data, close, ticket: 11 };
            let mut record = collect(|put| push.encode(put));
            assert_eq!(push.length(), Ok(record.len()));
            assert_eq!(FromWorker::parse(&record), Ok(FromWorker::Push(push)));
            record[14] |= 2;
            assert_eq!(FromWorker::parse(&record), Err(RecordError::Value("flags")));
        }
    }
}

/// Goal: ends have stable numbers and names.
#[test]
fn ends_of_calls_have_numbers_and_names() {
    for (number, end) in CallEnd::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(end.number()), number);
        assert_eq!(CallEnd::of(end.number()), end);
    }
    let names: Vec<_> = CallEnd::ALL.iter().map(|end| end.as_str()).collect();
    let same = |name: &&str| names.iter().filter(|other| *other == name).count() > 1;
    assert!(!names.iter().any(same), "{names:?}");
    assert_eq!(CallEnd::of(200), CallEnd::Other(200));
}

/// Goal: what is too long is refused before anything is written, and by name.
#[test]
fn what_is_too_long_is_refused() {
    let long = "x".repeat(TOPIC_BYTES_MAX + 1);
    let event = Publish { topic: &long, ..Publish::default() };
    let too_long =
        RecordError::TooLong { part: "topic", length: long.len(), limit: TOPIC_BYTES_MAX };
    assert_eq!(event.encode(|_| panic!("nothing is written")), Err(too_long));
    let payload = std::vec![0; PAYLOAD_BYTES_MAX + 1];
    let event = Publish { topic: "a", payload: &payload, ..Publish::default() };
    assert!(matches!(event.length(), Err(RecordError::TooLong { part: "payload", .. })));
    let event = Publish { payload: &payload[1..], ..event };
    assert!(event.length().expect("just fits") <= RECORD_BYTES_MAX);
}

/// Goal: lengths that no record has are found in the first four bytes.
#[test]
fn impossible_lengths_are_refused() {
    for impossible in [0, 7, RECORD_BYTES_MAX as u32 + 1, u32::MAX] {
        assert_eq!(first(&impossible.to_le_bytes()), Err(RecordError::Length(impossible)));
    }
    assert_eq!(first(&[1, 2, 3]), Ok(None));
}
