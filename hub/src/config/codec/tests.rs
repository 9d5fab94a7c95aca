//! Values as people write them, and back.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

#[test]
fn times_are_read_as_people_write_them() {
    for (text, milliseconds) in [
        ("1.5", 1500),
        ("10s", 10_000),
        (" 250 ms ", 250),
        ("2m", 120_000),
        ("1h", 3_600_000),
        (".5s", 500),
    ] {
        assert_eq!(Time::text(text), Ok(Duration::from_millis(milliseconds)), "{text}");
    }
    for (text, words) in [
        ("5 days", "\"days\" is no unit of time"),
        ("soon", "\"soon\" is no length of time"),
        ("", "\"\" is no number"),
        ("-1s", "\"-1s\" is no length of time"),
        ("1.2.3s", "\"1.2.3\" is no number"),
        ("9000h", "more than a year"),
        ("99999999999999999999999999999999999999999999h", "more than a year"),
    ] {
        let said = Time::text(text).unwrap_err();
        assert!(said.contains(words), "{text}: {said}");
    }
}

#[test]
fn sizes_are_read_as_people_write_them() {
    for (text, bytes) in
        [("65536", 65536), ("64K", 65536), ("64KiB", 65536), ("64k", 65536), ("2G", 2 << 30)]
    {
        assert_eq!(Bytes::<u64>::text(text), Ok(bytes), "{text}");
    }
    for (text, words) in [
        ("1.5K", "\".5K\" is no unit of size"),
        ("9T", "\"T\" is no unit of size"),
        ("many", "\"many\" is no number of bytes"),
        ("99999999999G", "99999999999G is too high"),
        ("99999999999999999999999G", "too high"),
    ] {
        let said = Bytes::<u64>::text(text).unwrap_err();
        assert!(said.contains(words), "{text}: {said}");
    }
    assert!(Bytes::<u16>::text("64K").unwrap_err().contains("write 65535 or less"));
}

/// What a codec reads from what it writes.
fn there_and_back<C: Codec>(value: &C::Value) -> C::Value {
    let text = format!("value = {}", C::toml(value));
    let document = toml::de::DeTable::parse(&text).unwrap();
    let mut reader = Reader::default();
    let value = C::file(document.get_ref().get("value").unwrap(), "value", &mut reader);
    assert!(reader.faults.is_empty(), "{:?}", reader.faults);
    value.unwrap()
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        seconds in 0..31_000_000u64, nanoseconds in 0..1_000_000_000u32, number: u64,
        text in "\\PC*", lines in "(?s).*", list in prop::collection::vec("[^,]*", 0..4),
    ) {
        for time in [
            Duration::new(seconds, nanoseconds), Duration::from_secs(seconds),
            Duration::from_micros(seconds),
        ] {
            prop_assert_eq!(there_and_back::<Time>(&time), time);
        }
        for number in [number, number << 10, number << 30, number >> 32] {
            prop_assert_eq!(there_and_back::<Bytes<u64>>(&number), number);
        }
        prop_assert_eq!(there_and_back::<Count<u32>>(&nanoseconds), nanoseconds);
        prop_assert_eq!(&there_and_back::<Text>(&text), &text);
        prop_assert_eq!(&there_and_back::<Text>(&lines), &lines);
        prop_assert_eq!(&there_and_back::<List<Text>>(&list), &list);
    }

    #[test]
    fn no_text_makes_a_reader_fail(text in "\\PC*") {
        let _ = (Time::text(&text), Bytes::<u32>::text(&text), Count::<u16>::text(&text));
        let _ = (YesNo::text(&text), Of::<crate::config::Address>::text(&text));
    }
}
