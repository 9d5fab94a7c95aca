use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_LENGTH, HOST};

use super::*;

#[test]
fn h14_hop_by_hop_names_stay_here_and_others_go_on() {
    for name in [
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "upgrade",
        "transfer-encoding",
        "proxy-authenticate",
        "proxy-authorization",
    ] {
        assert!(is_hop_by_hop(&HeaderName::from_static(name)), "{name}");
    }
    for name in [HOST, ACCEPT, CONTENT_LENGTH, HeaderName::from_static("x-te")] {
        assert!(!is_hop_by_hop(&name), "{name}");
    }
}

#[test]
fn h14_connection_names_further_ones() {
    let mut headers = HeaderMap::new();
    headers.append(CONNECTION, HeaderValue::from_static("close, X-Secret ,keep-alive"));
    headers.append(CONNECTION, HeaderValue::from_static("x-other, ,@"));
    let named = Named::of_request(&headers);
    assert_eq!(named.names(), ["x-secret", "x-other"]);
    assert!(named.contains(&HeaderName::from_static("x-secret")));
    assert_eq!(Named::of_request(&HeaderMap::new()), Named::default());
}
