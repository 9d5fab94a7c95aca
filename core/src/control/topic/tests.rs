use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

/// Goal: the rule of topics, case by case.
#[test]
fn topics_and_patterns() {
    let deep = ["s"; 20].join(".");
    let deeper = ["s"; 21].join(".");
    let longest = "x".repeat(TOPIC_BYTES_MAX);
    let longer = "x".repeat(TOPIC_BYTES_MAX + 1);
    let wildcard = Err(TopicProblem::Wildcard);
    let cases = [
        ("a", Ok::<_, TopicProblem>(()), Ok::<_, TopicProblem>(())),
        ("a.b.c", Ok(()), Ok(())),
        ("größe.ünï", Ok(()), Ok(())),
        (deep.as_str(), Ok(()), Ok(())),
        (&longest, Ok(()), Ok(())),
        ("a.*", wildcard, Ok(())),
        ("*", wildcard, Ok(())),
        ("a.*.c", wildcard, Ok(())),
        ("#", wildcard, Ok(())),
        ("a.#", wildcard, wildcard),
        ("*.#", wildcard, wildcard),
        ("a*.b#", Ok(()), Ok(())),
        ("", Err(TopicProblem::Empty), Err(TopicProblem::Empty)),
        (".", Err(TopicProblem::EmptySegment), Err(TopicProblem::EmptySegment)),
        ("a..b", Err(TopicProblem::EmptySegment), Err(TopicProblem::EmptySegment)),
        ("a b", Err(TopicProblem::Character(' ')), Err(TopicProblem::Character(' '))),
        (&deeper, Err(TopicProblem::TooDeep(21)), Err(TopicProblem::TooDeep(21))),
        (&longer, Err(TopicProblem::TooLong(256)), Err(TopicProblem::TooLong(256))),
    ];
    for (text, topic, pattern) in cases {
        assert_eq!(check_topic(text), topic, "{text} as a topic");
        assert_eq!(check_topic_pattern(text), pattern, "{text} as a pattern");
    }
    for bad in ["a.\n", "a\u{85}b", "\u{2028}", "a.b\0"] {
        assert!(matches!(check_topic(bad), Err(TopicProblem::Character(_))), "{bad:?}");
    }
}

proptest! {
    /// Goal: the fast look says what the plain one says.
    #[test]
    fn the_rule_is_the_plain_one(text in "[a.*# \n\u{e9}]{0,12}") {
        let segments: Vec<&str> = text.split('.').collect();
        let fits = !segments.contains(&"")
            && !text.chars().any(|c| c.is_whitespace() || c.is_control())
            && segments.len() <= TOPIC_SEGMENTS_MAX;
        let has = |what: &str| segments.contains(&what);
        let topic = fits && !has("*") && !has("#");
        prop_assert_eq!(check_topic(&text).is_ok(), topic, "{:?}", text);
        prop_assert_eq!(check_topic_pattern(&text).is_ok(), fits && (!has("#") || text == "#"));
    }
}

/// Goal: what could split an event is no part of its texts.
#[test]
fn texts() {
    assert_eq!(check_event_text(""), Ok(()));
    assert_eq!(check_event_text("größe 7"), Ok(()));
    for bad in ['\r', '\n', '\0'] {
        let text = String::from_iter(['a', bad]);
        assert_eq!(check_event_text(&text), Err(TextProblem::Character(bad)));
    }
    assert_eq!(check_event_text(&"x".repeat(256)), Err(TextProblem::TooLong(256)));
}
