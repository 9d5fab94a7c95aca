//! Frames in pieces, frames that are no messages, and the rule of names.

use std::string::{String, ToString};
use std::vec::Vec;

use super::{
    Decoder, FRAME_BYTES_MAX, FrameError, Hello, HostPattern, HubMessage, NameError, ProtocolRange,
    RefusalCode, Refused, Route, WorkerMessage, check_method, check_name, check_segment, encode,
};

fn frame(json: &str) -> Vec<u8> {
    let mut frame = Vec::from((json.len() as u32).to_le_bytes());
    frame.extend_from_slice(json.as_bytes());
    frame
}

fn decode(bytes: &[u8]) -> Result<Option<WorkerMessage>, FrameError> {
    let mut decoder = Decoder::new();
    decoder.feed(bytes);
    decoder.message()
}

fn hello() -> WorkerMessage {
    WorkerMessage::Hello(Hello {
        protocol: ProtocolRange::OURS,
        sdk: "test/1".into(),
        pid: 7,
        region: None,
        features: Vec::new(),
        generation: 0,
        instance: None,
    })
}

#[test]
fn messages_arrive_in_any_pieces() {
    let mut bytes = encode(&hello()).expect("short");
    bytes.extend(encode(&WorkerMessage::Heartbeat { seq: 9 }).expect("short"));
    let mut decoder = Decoder::new();
    let mut messages = Vec::new();
    for byte in bytes {
        decoder.feed(&[byte]);
        messages.extend(decoder.message::<WorkerMessage>().expect("well-formed"));
    }
    assert_eq!(messages, [hello(), WorkerMessage::Heartbeat { seq: 9 }]);
}

#[test]
fn unknown_fields_are_ignored() {
    let json = r#"{"kind":"heartbeat","seq":1,"mood":"good"}"#;
    assert_eq!(decode(&frame(json)), Ok(Some(WorkerMessage::Heartbeat { seq: 1 })));
}

#[test]
fn unknown_kinds_are_named_and_the_next_frame_is_read() {
    let mut decoder = Decoder::new();
    decoder.feed(&frame(r#"{"kind":"dance","x":1}"#));
    decoder.feed(&frame(r#"{"kind":"heartbeat","seq":2}"#));
    let error = decoder.message::<WorkerMessage>().expect_err("no such kind");
    assert_eq!(error, FrameError::UnknownKind("dance".into()));
    assert!(error.to_string().contains("dance"));
    assert_eq!(decoder.message(), Ok(Some(WorkerMessage::Heartbeat { seq: 2 })));
}

#[test]
fn a_long_unknown_kind_is_cut() {
    let json = std::format!(r#"{{"kind":"{}"}}"#, "é".repeat(500));
    let Err(FrameError::UnknownKind(kind)) = decode(&frame(&json)) else {
        panic!("a kind of 500 letters is unknown");
    };
    assert_eq!(kind.chars().count(), 64);
}

#[test]
fn what_is_no_message_is_refused() {
    for json in ["[]", "{}", "null", "{\"kind\":7}", "{\"kind\":\"heartbeat\"}", "\u{1}", "{"] {
        assert!(matches!(decode(&frame(json)), Err(FrameError::Json(_))), "{json}");
    }
    assert_eq!(decode(&[0; 4]), Err(FrameError::Length(0)));
    let huge = (FRAME_BYTES_MAX as u32 + 1).to_le_bytes();
    assert_eq!(decode(&huge), Err(FrameError::Length(FRAME_BYTES_MAX + 1)));
    assert_eq!(decode(&[1, 0]), Ok(None), "more is to come");
}

#[test]
fn a_message_that_is_too_long_is_not_sent() {
    let sdk = "x".repeat(FRAME_BYTES_MAX);
    let message = WorkerMessage::Hello(Hello {
        protocol: ProtocolRange::OURS,
        sdk,
        pid: 1,
        region: None,
        features: Vec::new(),
        generation: 0,
        instance: None,
    });
    assert!(matches!(encode(&message), Err(FrameError::Length(_))));
}

#[test]
fn versions_meet_at_the_newest_common_one() {
    let range = |min, max| ProtocolRange { min, max };
    assert_eq!(range(1, 3).common(range(2, 5)), Some(3));
    assert_eq!(range(1, 1).common(range(1, 1)), Some(1));
    assert_eq!(range(1, 2).common(range(3, 4)), None);
    assert_eq!(range(4, 3).common(range(1, 9)), None, "an empty range holds nothing");
}

#[test]
fn a_code_of_a_newer_hub_is_read() {
    let json = r#"{"kind":"refused","code":"too_sunny","reason":"r"}"#;
    let message: HubMessage = serde_json::from_str(json).expect("a refusal");
    let expected =
        Refused { id: None, subscription: None, code: RefusalCode::Other, reason: "r".into() };
    assert_eq!(message, HubMessage::Refused(expected));
}

#[test]
fn every_code_has_the_name_that_travels() {
    use RefusalCode::*;
    let codes = [
        ProtocolVersion,
        BadMessage,
        UnknownKind,
        OutOfOrder,
        NotAllowed,
        BadName,
        BadMethod,
        BadPattern,
        BadHost,
        RouteConflict,
        DuplicateRegistration,
        BadRegionSpec,
        RegionUnavailable,
        TooManyWorkers,
        ShuttingDown,
        Violation,
        Unresponsive,
        BadTopic,
        BadSubscription,
        DuplicateSubscription,
        TooManySubscriptions,
        NoEvents,
        Replaced,
        Other,
    ];
    for code in codes {
        let json = serde_json::to_string(&code).expect("a name");
        assert_eq!(json, std::format!("\"{code}\""));
        assert_eq!(serde_json::from_str::<RefusalCode>(&json).expect("a code"), code);
    }
}

#[test]
fn h12_names_follow_the_rule() {
    let longest = "a".repeat(128);
    for good in ["a", "A.b_c-9", longest.as_str()] {
        assert_eq!(check_name(good), Ok(()));
    }
    let too_long = "a".repeat(129);
    let cases = [
        ("", NameError::Empty),
        (too_long.as_str(), NameError::TooLong(129)),
        ("a b", NameError::BadCharacter(' ')),
        ("../x", NameError::BadCharacter('/')),
        ("é", NameError::BadCharacter('é')),
        ("a\0", NameError::BadCharacter('\0')),
    ];
    for (name, error) in cases {
        assert_eq!(check_name(name), Err(error));
        assert_eq!(check_segment(name), Err(error), "what is no name is no segment");
        let text: String = error.to_string();
        assert!(text.contains("letters, digits"), "{text}");
    }
    assert_eq!(check_segment("a1_b-2"), Ok(()));
    assert_eq!(check_segment("a.b"), Err(NameError::Dot));
    assert!(NameError::Dot.to_string().contains("'.'"));
}

#[test]
fn methods_are_tokens_and_those_of_http_have_upper_case() {
    for good in ["GET", "PATCH", "PURGE", "M-SEARCH", "*", "purge"] {
        assert_eq!(check_method(good), Ok(()), "{good}");
    }
    for (bad, why) in [("", "a token"), ("G T", "a token"), ("é", "a token"), ("get", "GET")] {
        let text = check_method(bad).expect_err(bad).to_string();
        assert!(text.contains(why) && text.contains(&std::format!("{bad:?}")), "{text}");
    }
}

#[test]
fn hosts_are_names_or_addresses_without_port() {
    let longest = std::format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(61));
    for good in ["a", "API.Example", "*.example", "127.0.0.1", "[::1]", "a_b.c-d", &*longest] {
        let host = HostPattern::parse(good).unwrap_or_else(|e| panic!("{good}: {e}"));
        assert_eq!(host.text(), good.to_ascii_lowercase());
    }
    assert_eq!(HostPattern::parse("*.A.b").expect("a wildcard").wildcard(), Some("a.b"));
    assert_eq!(HostPattern::parse("a.b").expect("a name").wildcard(), None);
    let (long, too_long) = ("a".repeat(64), std::format!("{longest}c"));
    for (bad, why) in [
        ("", "not a host"),
        ("*", "first label"),
        ("a.*", "first label"),
        ("*a.b", "first label"),
        ("a:80", "names a port"),
        ("[::1]:80", "names a port"),
        ("::1", "not a host"),
        ("a..b", "not a host"),
        ("a/b", "not a host"),
        (&*long, "not a host"),
        (&*too_long, "254 bytes"),
    ] {
        let text = HostPattern::parse(bad).expect_err(bad).to_string();
        assert!(text.contains(why), "{bad}: {text}");
    }
}

#[test]
fn a_routes_host_may_be_left_out() {
    let json = r#"{"method":"GET","pattern":"/"}"#;
    let route: Route = serde_json::from_str(json).expect("a route");
    assert_eq!(route, Route::new("GET", "/"));
    assert_eq!(serde_json::to_string(&route).expect("a route"), json);
    let json = r#"{"method":"GET","pattern":"/","host":"*.example"}"#;
    let route: Route = serde_json::from_str(json).expect("a route");
    assert_eq!(route.host.as_deref(), Some("*.example"));
    assert_eq!(serde_json::to_string(&route).expect("a route"), json);
}

#[test]
fn a_routes_clients_stay_only_if_it_says_so() {
    let json = r#"{"method":"GET","pattern":"/rooms/{room}","sse":true}"#;
    let route: Route = serde_json::from_str(json).expect("a route");
    assert!(route.sse);
    assert_eq!(serde_json::to_string(&route).expect("a route"), json);
    assert!(!Route::new("GET", "/rooms/{room}").sse);
}
