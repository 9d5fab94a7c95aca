use super::*;

/// Goal: a path names a queue and an activity, or nothing.
#[test]
fn paths_name_queues_and_activities() {
    assert_eq!(named("/queues/media/images/resize"), Some(("media/images", "resize")));
    for other in ["/queues/media/images", "/queues/media/images/", "/queue/a/b/c", "/queues/", ""] {
        assert_eq!(named(other), None, "{other:?}");
    }
}

/// Goal: the query and the headers say how, and mistakes are named.
#[test]
fn a_request_says_how() {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_static("k1"));
    let query = "timeout=5s&attempts=3&backoff=100ms&idempotent=true";
    let found = wanted(("a/b", "c"), Some(query), &headers).expect("what can be");
    assert_eq!(found.timeout, Some(Duration::from_secs(5)));
    assert_eq!((found.attempts, found.backoff), (3, Duration::from_millis(100)));
    assert!(found.idempotent);
    assert_eq!((&*found.content_type, found.key.as_deref()), ("text/plain", Some("k1")));
    for (query, part) in [
        ("timeout=soon", "timeout=soon"),
        ("attempts=0", "1 to 65535"),
        ("idempotent=maybe", "true or false"),
        ("retries=3", "it may say"),
    ] {
        let problem = wanted(("a/b", "c"), Some(query), &headers).expect_err(query);
        assert_eq!(problem.kind(), Kind::BadCall);
        assert!(problem.detail().contains(part), "{}", problem.detail());
    }
}
