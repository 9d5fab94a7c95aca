use http::HeaderValue;

use super::*;

fn parts(version: Version, hosts: &[&'static str]) -> Parts {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.version = version;
    for host in hosts {
        parts.headers.append(HOST, HeaderValue::from_static(host));
    }
    parts
}

const LONG: &str = match std::str::from_utf8(&[b'a'; forwarded::HOST_BYTES_MAX + 1]) {
    Ok(text) => text,
    Err(_) => unreachable!(),
};

#[test]
fn h21_a_missing_repeated_or_invalid_host_is_refused() {
    let ok = |version, hosts| check_host(&parts(version, hosts)).is_ok();
    assert!(ok(Version::HTTP_11, &["a.example:80"]));
    assert!(ok(Version::HTTP_11, &["[::1]:8080"]));
    assert!(ok(Version::HTTP_11, &[""]));
    assert!(ok(Version::HTTP_10, &[]));
    assert!(!ok(Version::HTTP_11, &[]));
    assert!(!ok(Version::HTTP_11, &["a", "a"]));
    assert!(!ok(Version::HTTP_10, &["a", "b"]));
    assert!(!ok(Version::HTTP_11, &["a/b"]));
    assert!(!ok(Version::HTTP_11, &["user@a"]));
    assert!(!ok(Version::HTTP_11, &[LONG]));
}

#[test]
fn h13_values_are_percent_decoded_and_what_is_no_escape_stays() {
    assert_eq!(&*Request::decoded("a%20b%2Fc"), b"a b/c");
    assert_eq!(&*Request::decoded("%ff%zz%"), b"\xff%zz%");
}
