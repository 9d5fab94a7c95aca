use super::*;

fn of(ids: &[&[u8]], trusted: bool) -> RequestId {
    let mut headers = HeaderMap::new();
    for id in ids {
        headers.append(X_REQUEST_ID, HeaderValue::from_bytes(id).unwrap());
    }
    RequestId::of(&headers, trusted)
}

#[test]
fn an_id_is_kept_from_a_trusted_peer_if_it_is_sane() {
    assert_eq!(of(&[b"abc-1.2/3"], true).as_bytes(), b"abc-1.2/3");
    assert_eq!(of(&[&[b'x'; 128]], true).as_bytes(), [b'x'; 128]);
    let long = [b'x'; 129];
    for bad in [&[&b"a b"[..]][..], &[b""], &[b"\xff"], &[&long], &[b"a", b"b"], &[]] {
        assert!(of(bad, true).made().is_some(), "{bad:?}");
    }
    assert!(of(&[b"abc"], false).made().is_some());
}

#[test]
fn a_made_id_is_its_bytes_in_hexadecimal() {
    let id = of(&[], false);
    let bytes = id.made().unwrap();
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(id.as_str(), text);
    assert_eq!(id.value(), text);
    assert_ne!(of(&[], false).as_bytes(), id.as_bytes());
}
