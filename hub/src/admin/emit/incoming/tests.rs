use super::*;

fn parsed(json: &str) -> Result<Incoming, String> {
    Incoming::parse(json.as_bytes())
}

fn payload(json: &str) -> Bytes {
    parsed(json).map(|incoming| incoming.payload).unwrap()
}

#[test]
fn a_string_is_its_text_and_other_json_is_itself() {
    assert_eq!(payload(r#"{"topic":"a","data":"h\u00e9\n\"x\""}"#), "hé\n\"x\"");
    assert_eq!(
        payload(r#"{"topic":"a","data":{"b": 1.50, "a":[1, 2]}}"#),
        r#"{"b": 1.50, "a":[1, 2]}"#
    );
    assert_eq!(
        payload(r#"{"topic":"a","data":12345678901234567890123}"#),
        "12345678901234567890123"
    );
    assert_eq!(payload(r#"{"topic":"a","data_base64":"AP8K"}"#), &b"\0\xff\n"[..]);
    assert_eq!(payload(r#"{"topic":"a"}"#), "");
}

#[test]
fn what_tail_prints_can_be_emitted_again() {
    let line =
        r#"{"seq":7,"id":"7","at_ms":1,"topic":"a.b","type":"t","principal":"p","data":"x"}"#;
    assert_eq!(payload(line), "x");
}

#[test]
fn mistakes_are_named() {
    for (json, word) in [
        ("", "no event"),
        ("[]", "no event"),
        (r#"{"data":"x"}"#, "topic"),
        (r#"{"topic":"a","tpye":"x"}"#, "tpye"),
        (r#"{"topic":"a","data":"x","data_base64":"eA=="}"#, "both"),
        (r#"{"topic":"a","data_base64":"?"}"#, "base64"),
    ] {
        let error = parsed(json).err().unwrap();
        assert!(error.contains(word), "{json}: {error}");
    }
}
