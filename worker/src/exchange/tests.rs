use super::Header;
use super::check::head;
use crate::error::{Error, ErrorCode};

const fn header<'a>(name: &'a str, value: &'a str) -> Header<'a> {
    (name.as_bytes(), value.as_bytes())
}

fn check(status: u16, headers: &[Header<'_>]) -> Result<Option<u64>, Error> {
    head(status, headers.iter().copied()).map(|checked| checked.content_length)
}

#[test]
fn heads_that_can_be_sent() {
    assert_eq!(check(200, &[]).expect("good"), None);
    assert_eq!(check(599, &[header("X-Odd.Name!", "a\tb \u{e9}")]).expect("good"), None);
    let twice = [header("Content-Length", "7"), header("content-length", "7")];
    assert_eq!(check(404, &twice).expect("good"), Some(7));
}

#[test]
fn heads_that_cannot_be_sent_say_why() {
    let cases: [(u16, &[Header<'_>], &str); 10] = [
        (0, &[], "status 0"),
        (101, &[], "status 101"),
        (600, &[], "status 600"),
        (200, &[header("", "x")], "not a header's name"),
        (200, &[header("a b", "x")], "not a header's name"),
        (200, &[header("a", "x\r\nb: c")], "0x0d"),
        (200, &[header("a", "\0")], "0x00"),
        (200, &[header("Transfer-Encoding", "chunked")], "hub's to choose"),
        (200, &[header("content-length", "+7")], "not a number"),
        (200, &[header("content-length", "7"), header("content-length", "8")], "two different"),
    ];
    for (status, headers, why) in cases {
        let error = check(status, headers).expect_err(why);
        assert_eq!(error.code(), ErrorCode::InvalidHead);
        assert!(error.to_string().contains(why), "{error}");
    }
}
