use http::{HeaderMap, HeaderValue};

use super::{From, Query};
use crate::config::Envelope;

fn read(query: &str) -> Result<Query, String> {
    Query::read(query, &HeaderMap::new(), 3)
}

#[test]
fn topics_may_come_more_than_once_in_any_order() {
    let query = read("topic=b.%2A&topic=a&x=1&topic=a&&envelope=json&topic=c%2ed").unwrap();
    let patterns: Vec<_> = query.patterns.iter().map(|pattern| pattern.as_str()).collect();
    assert_eq!(patterns, ["a", "b.*", "c.d"]);
    assert_eq!((query.envelope, query.from), (Some(Envelope::Json), From::Now));
    assert!(read("").unwrap().patterns.is_empty());
}

#[test]
fn what_cannot_be_is_told() {
    for (query, words) in [
        ("topic=", "no pattern"),
        ("topic=a..b", "no pattern"),
        ("topic=a%0d%0ab", "no pattern"),
        ("topic=a+b", "no pattern"),
        ("topic=%ff%00", "no pattern"),
        ("topic=a&topic=b&topic=c&topic=d", "may have 3"),
        ("envelope=xml", "none or json"),
        ("access_token=a&access_token=b", "more than one"),
    ] {
        let error = read(query).unwrap_err();
        assert!(error.contains(words), "{query}: {error}");
        assert!(!error.chars().any(char::is_control), "{error:?}");
    }
}

/// Goal: what a browser says of itself goes over what stands in its address.
#[test]
fn s02_the_header_goes_over_the_query() {
    let mut headers = HeaderMap::new();
    let from = |query: &str, headers: &HeaderMap| Query::read(query, headers, 3).unwrap().from;
    assert_eq!(from("last-event-id=7", &headers), From::After(7));
    headers.insert("last-event-id", HeaderValue::from_static("9"));
    assert_eq!(from("last-event-id=7", &headers), From::After(9));
    for unknown in ["-1", "07", "1.0", "x", "99999999999999999999", "+1", " 1"] {
        headers.insert("last-event-id", HeaderValue::from_str(unknown).unwrap());
        assert_eq!(from("", &headers), From::Unknown, "{unknown}");
    }
    headers.insert("last-event-id", HeaderValue::from_static(""));
    assert_eq!(from("last-event-id=7", &headers), From::Now);
}

#[test]
fn a_token_is_read_as_it_was_written() {
    let token = read("access_token=a%2Eb%2b-_").unwrap().token.unwrap();
    assert_eq!(token, b"a.b+-_");
}
