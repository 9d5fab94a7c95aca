use std::time::Duration;

use proptest::prelude::*;

use super::reader::{check, read};
use super::{Message, gap};

fn encoded(message: Message<'_>) -> String {
    String::from_utf8(message.to_vec()).unwrap()
}

/// Goal: what an event looks like on the wire.
#[test]
fn an_event_has_its_fields_line_by_line() {
    let message = Message {
        id: Some("17"),
        event: "state",
        retry: Some(Duration::from_millis(1500)),
        data: b"one\ntwo",
    };
    assert_eq!(encoded(message), "event: state\nid: 17\nretry: 1500\ndata: one\ndata: two\n\n");
    assert_eq!(encoded(Message::default()), "data: \n\n");
}

/// Goal: every form of a line's end, in any mix, comes out as one.
#[test]
fn line_ends_of_every_form_become_lines() {
    for (payload, expected) in [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("\n", "\n"),
        ("\r\r\n\n", "\n\n\n"),
        ("\n\r", "\n\n"),
        (" a", " a"),
        ("", ""),
        ("a\n\ndata: b\n\n", "a\n\ndata: b\n\n"),
        (":no comment\nid: 4\nevent: forged", ":no comment\nid: 4\nevent: forged"),
        ("\u{feff}a\u{2028}b\u{85}c\u{b}d", "\u{feff}a\u{2028}b\u{85}c\u{b}d"),
    ] {
        check("e", "1", payload.as_bytes());
        let message = Message { data: payload.as_bytes(), ..Message::default() };
        assert_eq!(read(&message.to_vec())[0].data, expected, "{payload:?}");
    }
}

/// Goal: a type or an id that holds the end of a line does not end it.
#[test]
fn types_and_ids_cannot_forge_an_event() {
    for bad in ["a\nb", "a\r", "\n\ndata: forged\n\n", "a\0b", "\r\n"] {
        check(bad, "1", b"x");
        check("e", bad, b"x");
        check(bad, bad, b"x\n\nevent: y\ndata: z\n\n");
    }
    for good in ["", " ", " a", "a:b", "ü", "\u{2028}"] {
        check("e", "1", good.as_bytes());
        // A value that begins with a space keeps it.
        check(good, good, b"x");
    }
}

/// Goal: bytes that are no text are replaced, and nothing else is.
#[test]
fn bytes_that_are_not_utf8_are_replaced() {
    let message = Message { data: b"a\xff\xc3\nb\xe2\x82", ..Message::default() };
    assert_eq!(read(&message.to_vec())[0].data, "a\u{fffd}\u{fffd}\nb\u{fffd}");
}

/// Goal: a gap tells how many and why, and leaves the id as it was.
#[test]
fn a_gap_tells_its_count() {
    assert_eq!(
        String::from_utf8(gap(Some(3), "lag")).unwrap(),
        "event: gap\ndata: {\"missed\":3,\"reason\":\"lag\"}\n\n"
    );
    let unknown = read(&gap(None, "history"));
    assert_eq!(unknown[0].data, r#"{"missed":null,"reason":"history"}"#);
    assert_eq!(unknown[0].id, "");
}

proptest! {
    /// Goal: no bytes whatever split or forge an event.
    #[test]
    fn any_bytes_are_one_event(
        event in "[a:\r\n\0 \u{2028}-\u{2029}]{0,6}",
        id in "[a:\r\n\0 0-9]{0,6}",
        payload in prop::collection::vec(
            prop_oneof![Just(b'\r'), Just(b'\n'), Just(b':'), Just(b' '), any::<u8>()],
            0..40,
        ),
    ) {
        check(&event, &id, &payload);
    }
}
