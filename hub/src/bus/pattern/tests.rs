use proptest::prelude::*;

use super::super::index::Index;
use super::*;

fn pattern(text: &str) -> Pattern {
    Pattern::new(text).unwrap_or_else(|problem| panic!("{text}: {problem}"))
}

/// The table of what matches what.
#[test]
fn e01_patterns_match_by_segment() {
    let deep20 = ["x"; 20].join(".");
    let deep21 = ["x"; 21].join(".");
    let stars20 = ["*"; 20].join(".");
    let cases: &[(&str, &str, bool)] = &[
        ("a.b", "a.b", true),
        ("a.b", "a.b.c", false),
        ("a.b", "a", false),
        ("a.b", "a.bb", false),
        ("a.b", "A.b", false),
        ("a.*.c", "a.b.c", true),
        ("a.*.c", "a.c", false),
        ("a.*.c", "a.b.b.c", false),
        ("a.*.c", "a.b.d", false),
        ("*.b", "a.b", true),
        ("*.b", "b", false),
        ("*.*.c", "a.b.c", true),
        ("a.b.*", "a.b", false),
        ("a.b.*", "a.b.c", true),
        ("a.b.*", "a.b.c.d.e", true),
        ("a.b.*", "a.bc.d", false),
        ("a.*.*", "a.b", false),
        ("a.*.*", "a.b.c", true),
        ("a.*.*", "a.b.c.d", true),
        ("*", "a", true),
        ("*", "a.b.c", true),
        ("#", "a", true),
        ("#", "a.b.c", true),
        ("#", &deep20, true),
        ("#", &deep21, false),
        ("*", &deep21, false),
        ("x.*", &deep20, true),
        ("x.*", &deep21, false),
        (&deep20, &deep20, true),
        (&stars20, &deep20, true),
        ("é.*", "é.ü", true),
        // No topics, so nothing matches them.
        ("#", "", false),
        ("#", "a..b", false),
        ("#", ".a", false),
        ("#", "a.", false),
        ("a.*", "a.*", false),
        ("#", "#", false),
        ("#", "a b", false),
        ("#", "a\nb", false),
    ];
    for (text, topic, expected) in cases {
        assert_eq!(pattern(text).matches(topic), *expected, "{text} and {topic:?}");
    }
}

#[test]
fn e01_what_is_no_topic_or_pattern_says_why() {
    let deep = ["x"; 21].join(".");
    let long = "x".repeat(256);
    let both: &[(&str, TopicProblem)] = &[
        ("", TopicProblem::Empty),
        (&long, TopicProblem::TooLong(256)),
        (&deep, TopicProblem::TooDeep(21)),
        ("a..b", TopicProblem::EmptySegment),
        (".", TopicProblem::EmptySegment),
        ("a b", TopicProblem::Character(' ')),
        ("a\u{a0}b", TopicProblem::Character('\u{a0}')),
        ("a\r", TopicProblem::Character('\r')),
        ("a\0", TopicProblem::Character('\0')),
        ("a\u{85}", TopicProblem::Character('\u{85}')),
        ("a.#", TopicProblem::Wildcard),
    ];
    for (text, problem) in both {
        assert_eq!(Pattern::new(text), Err(*problem), "pattern {text:?}");
        assert_eq!(check_topic(text), Err(*problem), "topic {text:?}");
        assert!(!problem.to_string().is_empty());
    }
    assert_eq!(check_topic("a.*"), Err(TopicProblem::Wildcard));
    assert_eq!(check_topic("*.a"), Err(TopicProblem::Wildcard));
    assert_eq!(check_topic(&"x".repeat(255)), Ok(()));
    // Only a whole segment is a wildcard.
    assert_eq!(check_topic("a*.b#"), Ok(()));
    assert!(!pattern("a*.b").matches("ax.b"));
}

#[test]
fn e01_rights_are_judged_by_the_same_rules() {
    let cases: &[(&str, &str, bool)] = &[
        ("#", "#", true),
        ("#", "a.b", true),
        ("#", "*", true),
        ("*", "#", true),
        ("a.*", "#", false),
        ("a.*", "a.*", true),
        ("a.*", "a.b", true),
        ("a.*", "a", false),
        ("a.*", "a.b.*", true),
        ("a.*", "a.*.c", true),
        ("a.*", "*.b", false),
        ("a.*.*", "a.*", false),
        ("a.*.*", "a.*.*", true),
        ("a.*.*", "a.b.c", true),
        ("a.b", "a.b", true),
        ("a.b", "a.*", false),
        ("a.*.c", "a.b.c", true),
        ("a.*.c", "a.*.c", true),
        ("a.b.c", "a.*.c", false),
        ("*.b", "a.b", true),
        ("*.b", "*.b", true),
        ("*.b", "b", false),
    ];
    for (wider, narrower, expected) in cases {
        assert_eq!(pattern(wider).covers(&pattern(narrower)), *expected, "{wider} and {narrower}");
    }
}

prop_compose! {
    fn any_topic()(segments in prop::collection::vec("[abc]", 1..6)) -> String {
        segments.join(".")
    }
}

prop_compose! {
    fn any_pattern()(segments in prop::collection::vec("[abc*]", 1..6)) -> String {
        segments.join(".")
    }
}

proptest! {
    /// The index finds what the one function says, whatever else is in it or was.
    #[test]
    fn e01_the_index_finds_what_matches(
        patterns in prop::collection::vec(any_pattern(), 0..40),
        removed in prop::collection::vec(any::<bool>(), 40),
        topics in prop::collection::vec(any_topic(), 1..10),
    ) {
        let patterns: Vec<Pattern> = patterns.iter().map(|text| pattern(text)).collect();
        let mut index = Index::default();
        for (id, pattern) in patterns.iter().enumerate() {
            index.insert(pattern, id as u32);
        }
        for (id, pattern) in patterns.iter().enumerate().filter(|(id, _)| removed[*id]) {
            index.remove(pattern, id as u32);
        }
        for topic in topics {
            let mut found = Vec::new();
            index.find(&topic, &mut found);
            let expected: Vec<u32> = (0..patterns.len())
                .filter(|id| !removed[*id] && patterns[*id].matches(&topic))
                .map(|id| id as u32)
                .collect();
            prop_assert_eq!(found, expected, "{}", topic);
        }
    }

    /// Who covers a pattern matches all that it matches.
    #[test]
    fn e01_covering_agrees_with_matching(
        wider in any_pattern(),
        narrower in any_pattern(),
        topics in prop::collection::vec(any_topic(), 1..50),
    ) {
        let (wider, narrower) = (pattern(&wider), pattern(&narrower));
        if wider.covers(&narrower) {
            for topic in topics {
                prop_assert!(!narrower.matches(&topic) || wider.matches(&topic), "{}", topic);
            }
        }
    }
}
