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
}

#[test]
fn h13_values_are_percent_decoded_and_what_is_no_escape_stays() {
    assert_eq!(&*decoded("a%20b%2Fc"), b"a b/c");
    assert_eq!(&*decoded("%ff%zz%"), b"\xff%zz%");
}

#[test]
fn a_trace_context_is_read_strictly() {
    let read = |value: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", HeaderValue::from_static(value));
        trace(&headers)
    };
    let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let context = read(good).unwrap();
    assert_eq!(context.trace_id[..2], [0x0a, 0xf7]);
    assert_eq!(context.parent_id[7], 0x31);
    assert_eq!(context.flags, 1);
    assert!(read("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more").is_some());
    for bad in [
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ] {
        assert_eq!(read(bad), None, "{bad}");
    }
}
