use super::{Body, IntoResponse, Response};
use crate::error::Error;

fn parts(value: impl IntoResponse) -> (u16, String, Vec<u8>) {
    let Response { status, headers, body } = value.into_response();
    let media_type = headers.first().map(|(_, value)| String::from_utf8_lossy(value).into_owned());
    let Body::Whole(body) = body else { panic!("a stream") };
    (status, media_type.unwrap_or_default(), body.into_owned())
}

#[test]
fn what_handlers_give_back() {
    let text = "text/plain; charset=utf-8".to_owned();
    let bytes = "application/octet-stream".to_owned();
    assert_eq!(parts("a"), (200, text.clone(), b"a".to_vec()));
    assert_eq!(parts("a".to_owned()), (200, text.clone(), b"a".to_vec()));
    assert_eq!(parts(vec![1_u8]), (200, bytes.clone(), vec![1]));
    assert_eq!(parts(b"x".as_slice()), (200, bytes, b"x".to_vec()));
    assert_eq!(parts(()), (204, String::new(), Vec::new()));
    assert_eq!(parts((418, "tea")), (418, text.clone(), b"tea".to_vec()));
    let result: Result<&str, (u16, &str)> = Err((404, "no"));
    assert_eq!(parts(result), (404, text, b"no".to_vec()));
    assert_eq!(parts(Response::new(201).body("b")), (201, String::new(), b"b".to_vec()));
}

#[test]
fn errors_are_problems() {
    let cases = [
        (Error::BodyAborted, 400),
        (Error::TooLarge { what: Error::REQUEST_BODY, limit: 1 }, 413),
        (Error::TooLarge { what: "the response's head", limit: 1 }, 502),
        (Error::InvalidHead("x".to_owned()), 502),
        (Error::Timeout, 504),
        (Error::HubGone, 500),
    ];
    for (error, expected) in cases {
        let (status, media_type, _) = parts(error);
        assert_eq!((status, media_type.as_str()), (expected, "application/problem+json"));
    }
    let secret: Box<dyn std::error::Error + Send + Sync> = "password: 1234".into();
    let (status, _, body) = parts(secret);
    assert_eq!(status, 500);
    assert!(!String::from_utf8_lossy(&body).contains("1234"));
}

#[cfg(feature = "json")]
#[test]
fn json() {
    assert_eq!(
        parts(Response::json(&[1, 2])),
        (200, "application/json".to_owned(), b"[1,2]".to_vec())
    );
    let not_json = std::collections::BTreeMap::from([([1_u8, 2], 3)]);
    assert_eq!(parts(Response::json(&not_json)).0, 500);
}
