use http::HeaderValue;

use super::*;

fn headers(values: &[&'static str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(TRACEPARENT, HeaderValue::from_static(value));
    }
    headers
}

const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn a_trace_context_is_read_strictly() {
    let read = |value: &'static str| Trace::read(&headers(&[value]));
    let context = read(GOOD).unwrap();
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

#[test]
fn a_trace_that_came_goes_on_and_another_is_begun() {
    let id = RequestId::of(&HeaderMap::new(), false);
    let came = Trace::of(&headers(&[GOOD]), &id);
    assert!(!came.begun);
    assert_eq!(came.text(), GOOD.as_bytes());
    for bad in [&[][..], &["nonsense"], &[GOOD, GOOD]] {
        let trace = Trace::of(&headers(bad), &id);
        assert!(trace.begun);
        assert_eq!(Some(trace.context.trace_id), id.made(), "one number finds both");
        assert_eq!(trace.context.flags, 0, "not sampled");
        let text = String::from_utf8(trace.text().to_vec()).unwrap();
        assert_eq!(text[3..35], *id.as_str());
        let value = HeaderValue::from_str(&text).unwrap();
        let again = HeaderMap::from_iter([(TRACEPARENT, value)]);
        assert_eq!(Trace::read(&again), Some(trace.context));
    }
}
