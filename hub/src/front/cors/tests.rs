use http::header::VARY;

use super::*;

fn cors(origins: &[&str]) -> Cors {
    let origins = origins.iter().map(|&origin| origin.to_owned()).collect();
    Cors { origins, ..Cors::default() }
}

fn granted(cors: &Cors, origin: Option<&'static str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(origin) = origin {
        headers.insert(ORIGIN, HeaderValue::from_static(origin));
    }
    let mut answer = HeaderMap::new();
    answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("the worker's"));
    Grant::of(cors, &headers).write(cors, &mut answer);
    answer
}

#[test]
fn only_origins_on_the_list_may() {
    let cors = cors(&["https://a.example", "https://b.example:8443"]);
    let answer = granted(&cors, Some("https://a.example"));
    assert_eq!(answer[ACCESS_CONTROL_ALLOW_ORIGIN], "https://a.example");
    assert_eq!(answer[VARY], "origin");
    for other in ["https://a.example:8443", "http://a.example", "https://x.a.example", "null"] {
        let answer = granted(&cors, Some(other));
        assert_eq!(answer[ACCESS_CONTROL_ALLOW_ORIGIN], "the worker's", "{other}: untouched");
        assert_eq!(answer[VARY], "origin");
    }
    assert_eq!(granted(&cors, None)[VARY], "origin");
}

#[test]
fn every_origin_is_one_answer_for_all() {
    let answer = granted(&cors(&["*"]), Some("https://a.example"));
    assert_eq!(answer[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert!(!answer.contains_key(VARY));
}

#[test]
fn credentials_and_exposed_headers_are_told() {
    let cors = Cors {
        credentials: true,
        expose: vec!["x-a".to_owned(), "x-b".to_owned()],
        ..cors(&["https://a.example"])
    };
    let answer = granted(&cors, Some("https://a.example"));
    assert_eq!(answer[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
    assert_eq!(answer[ACCESS_CONTROL_EXPOSE_HEADERS], "x-a, x-b");
}
