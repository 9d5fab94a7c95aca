//! Who may listen to what, for how long, and what those get who come back.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use common::{Rig, Source};
use serde_json::{Value, json};
use slotway_hub::Config;
use slotway_hub::bus::Draft;
use slotway_hub::config::{Channel, EventsAuth, EventsScope};

const SECRET: &[u8] = b"a secret of thirty-two bytes, or more";

/// A file that is gone with the test.
struct Secret(PathBuf);

impl Secret {
    fn new(bytes: &[u8]) -> Secret {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("slotway-events-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        Secret(path)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// A token of HS256 by [`SECRET`].
fn token(claims: &Value) -> String {
    let part = |value: &Value| BASE64.encode(value.to_string());
    let message = format!("{}.{}", part(&json!({"alg": "HS256", "typ": "JWT"})), part(claims));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET);
    format!("{message}.{}", BASE64.encode(ring::hmac::sign(&key, message.as_bytes())))
}

/// A hub that wants a JWT of that secret, and the file.
fn jwt(change: impl FnOnce(&mut Config)) -> (Rig, Secret) {
    let secret = Secret::new(SECRET);
    let rig = Rig::with(|config| {
        config.events.path = Some("/events".to_owned());
        config.events.auth = EventsAuth::Jwt;
        config.events.jwt.key_file = Some(secret.0.clone());
        config.events.jwt.leeway = Duration::ZERO;
        change(config);
    });
    (rig, secret)
}

fn bearer(token: &str) -> String {
    format!("authorization: Bearer {token}\r\n")
}

fn ask(rig: &Rig, query: &str, headers: &str) -> Source {
    Source::open(rig.hub().address(), &format!("/events?{query}"), headers)
}

fn publish(rig: &Rig, topic: &str, principal: Option<&str>, payload: &str) -> u64 {
    let draft = Draft::new(topic.to_owned()).payload(payload.to_owned());
    let draft = match principal {
        Some(principal) => draft.principal(principal),
        None => draft,
    };
    rig.hub().bus().publish(draft).unwrap().seq
}

fn configured(rig: &Rig, change: impl FnOnce(&mut Config)) {
    let mut config = rig.config().clone();
    change(&mut config);
    rig.hub().apply(config).unwrap();
}

fn gap(source: &mut Source) -> Value {
    serde_json::from_str(&source.expect("gap").data).unwrap()
}

/// Goal: S02, who comes back with its last id gets exactly what it missed, then what happens.
#[test]
fn s02_who_comes_back_misses_nothing_and_gets_nothing_twice() {
    let rig = Rig::with(|config| {
        config.events.path = Some("/events".to_owned());
        config.events.topics = vec!["a.*".to_owned()];
    });
    let address = rig.hub().address();
    let bus = rig.hub().bus().clone();
    let writer = std::thread::spawn(move || {
        for number in 0..3000_u32 {
            bus.publish(Draft::new("a.b").payload(number.to_string())).unwrap();
            if number % 10 == 0 {
                // Not more than the history holds while somebody is away.
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    });
    // Always with an id: what is held from the beginning comes first.
    let first = rig.hub().bus().settings().first_seq - 1;
    let mut headers = format!("last-event-id: {first}\r\n");
    let mut expected = 0_u32;
    let mut turns = 0;
    while expected < 3000 {
        let mut source = Source::open(address, "/events?topic=a.*", &headers).ready();
        for _ in 0..(expected % 97 + 1).min(3000 - expected) {
            let event = source.expect("message");
            assert_eq!(event.data, expected.to_string(), "in turn {turns}");
            expected += 1;
            headers = format!("last-event-id: {}\r\n", event.id);
        }
        turns += 1;
    }
    writer.join().unwrap();
    assert!(turns > 30);
}

/// Goal: S02, what is gone is counted; an id that was never given, or by an earlier run, says so.
#[test]
fn s02_what_is_gone_is_a_gap() {
    let rig = Rig::with(|config| {
        config.events.path = Some("/events".to_owned());
        config.events.topics = vec!["#".to_owned()];
        config.events.history_events = 3;
    });
    let first = publish(&rig, "a", None, "0");
    for number in 1..10 {
        publish(&rig, "a", None, &number.to_string());
    }
    let from = |id: &str| ask(&rig, &format!("topic=a&last-event-id={id}"), "").ready();
    let mut back = from(&first.to_string());
    assert_eq!(gap(&mut back), json!({"missed": 6, "reason": "history"}));
    for number in 7..10 {
        assert_eq!(back.expect("message").data, number.to_string());
    }
    let mut earlier = from("17");
    assert_eq!(gap(&mut earlier), json!({"missed": null, "reason": "restart"}));
    assert_eq!(earlier.expect("message").data, "7");
    let mut sources = vec![back];
    for unknown in [(first + 1000).to_string(), "x".to_owned(), "-1".to_owned()] {
        let mut source = from(&unknown);
        assert_eq!(gap(&mut source), json!({"missed": null, "reason": "unknown-id"}));
        sources.push(source);
    }
    publish(&rig, "a", None, "live");
    for source in &mut sources {
        assert_eq!(source.expect("message").data, "live");
    }
}

/// Goal: S02, S03: by an id nobody learns of events of others, or how many there were.
#[test]
fn s02_an_id_reveals_nothing_that_its_client_may_not_see() {
    let (rig, _secret) = jwt(|config| {
        config.events.scope = EventsScope::Own;
        config.events.history_events = 4;
    });
    let first = publish(&rig, "a", Some("bob"), "bob 1");
    for (principal, payload) in [
        (Some("alice"), "alice 1"),
        (Some("bob"), "bob 2"),
        (None, "system"),
        (Some("bob"), "bob 3"),
        (Some("alice"), "alice 2"),
    ] {
        publish(&rig, "a", principal, payload);
    }
    publish(&rig, "secret", Some("alice"), "of another topic");
    let alice = token(&json!({"sub": "alice", "topics": ["a"], "exp": now() + 60}));
    let mut back =
        ask(&rig, &format!("topic=a&last-event-id={}", first - 1), &bearer(&alice)).ready();
    assert_eq!(gap(&mut back), json!({"missed": null, "reason": "history"}));
    assert_eq!(back.expect("message").data, "system");
    assert_eq!(back.expect("message").data, "alice 2");
    publish(&rig, "a", Some("bob"), "bob 4");
    publish(&rig, "a", Some("alice"), "alice 3");
    assert_eq!(back.expect("message").data, "alice 3");
    // A token that speaks for nobody hears the system alone.
    let nobody = token(&json!({"topics": ["a"], "exp": now() + 60}));
    let mut source = ask(&rig, "topic=a", &bearer(&nobody)).ready();
    publish(&rig, "a", Some("alice"), "alice 4");
    publish(&rig, "a", None, "system 2");
    assert_eq!(source.expect("message").data, "system 2");
}

#[test]
fn a_token_of_a_file_lets_in() {
    let secret = Secret::new(b"0123456789abcdef\n");
    let rig = Rig::with(|config| {
        config.events.path = Some("/events".to_owned());
        config.events.topics = vec!["a".to_owned()];
        config.events.auth = EventsAuth::Token;
        config.events.token_file = Some(secret.0.clone());
        config.channels = vec![Channel {
            name: "open".to_owned(),
            topics: vec!["b".to_owned()],
            auth: Some(EventsAuth::None),
            ..Channel::default()
        }];
    });
    let denied = ask(&rig, "topic=a", "");
    assert_eq!((denied.status, denied.header("www-authenticate")), (401, Some("Bearer")));
    assert!(denied.body().contains("unauthorized"));
    let wrong = ask(&rig, "topic=a", &bearer("0123456789abcdeX"));
    let challenge = Some("Bearer error=\"invalid_token\"");
    assert_eq!((wrong.status, wrong.header("www-authenticate")), (401, challenge));
    let right = bearer("0123456789abcdef");
    let mut source = ask(&rig, "topic=a", &right).ready();
    assert_eq!(ask(&rig, "topic=b", &right).status, 403);
    // In the query only where that is allowed.
    assert_eq!(ask(&rig, "topic=a&access_token=0123456789abcdef", "").status, 401);
    Source::open(rig.hub().address(), "/events/open", "").ready();
    configured(&rig, |config| config.events.query_token = true);
    ask(&rig, "topic=a&access_token=0123456789abcdef", "").ready();
    assert_eq!(ask(&rig, "topic=a&access_token=0123456789abcdef", &right).status, 400);
    assert_eq!(ask(&rig, "topic=a&access_token=no", "").status, 401);
    publish(&rig, "a", None, "x");
    assert_eq!(source.expect("message").data, "x");

    // S03: another token, and whoever had the old one is sent away.
    fs::write(&secret.0, b"fedcba9876543210\n").unwrap();
    configured(&rig, |config| config.events.query_token = true);
    assert_eq!(source.expect("end").data, r#"{"reason":"revoked"}"#);
    assert_eq!(source.next(), None);
    assert_eq!(ask(&rig, "topic=a", &right).status, 401);
    ask(&rig, "topic=a", &bearer("fedcba9876543210")).ready();
}

#[test]
fn s03_a_claim_says_what_may_be_listened_to() {
    let (rig, _secret) = jwt(|config| {
        config.channels = vec![Channel {
            name: "news".to_owned(),
            topics: vec!["news.*".to_owned(), "a".to_owned()],
            ..Channel::default()
        }];
    });
    let with = |topics: Value| bearer(&token(&json!({"topics": topics, "exp": now() + 60})));
    let news = with(json!(["news.*", "b"]));
    let mut source = ask(&rig, "topic=news.x.*&topic=b", &news).ready();
    publish(&rig, "news.x.y", None, "x");
    assert_eq!(source.expect("message").data, "x");
    for wanted in ["news", "a", "*", "c.*", "b.*"] {
        let denied = ask(&rig, &format!("topic=b&topic={wanted}"), &news);
        let challenge = Some("Bearer error=\"insufficient_scope\"");
        assert_eq!((denied.status, denied.header("www-authenticate")), (403, challenge));
        assert!(denied.body().contains("topic_forbidden"));
    }
    let address = rig.hub().address();
    assert_eq!(Source::open(address, "/events/news", &news).status, 403);
    Source::open(address, "/events/news", &with(json!("news.* a"))).ready();
    assert_eq!(ask(&rig, "topic=b", &with(json!([]))).status, 403);
    assert_eq!(ask(&rig, "topic=b", &bearer("a.b.c")).status, 401);
    let late = token(&json!({"topics": ["b"], "exp": now() - 10}));
    let late = ask(&rig, "topic=b", &bearer(&late));
    assert_eq!(late.status, 401);
    assert!(late.body().contains("its time is over"));
}

/// Goal: S03, a stream ends with its token, and says so.
#[test]
fn s03_a_stream_ends_when_its_token_does() {
    let (rig, _secret) = jwt(|_| {});
    let end = now() + 2;
    let headers = bearer(&token(&json!({"topics": ["a"], "exp": end})));
    let mut source = ask(&rig, "topic=a", &headers).ready();
    publish(&rig, "a", None, "x");
    assert_eq!(source.expect("message").data, "x");
    assert_eq!(source.expect("end").data, r#"{"reason":"expired"}"#);
    assert!(now() >= end, "not before its time");
    assert_eq!(source.next(), None);
    // The second that it names is the last in which it counts.
    common::wait_until("it counts no more", || ask(&rig, "topic=a", &headers).status == 401);
}

/// Goal: S03, a configuration that opens less ends what it would not have begun, within a
/// second, and nothing else.
#[test]
fn s03_a_narrower_configuration_ends_streams() {
    let rig = Rig::with(|config| {
        config.events.path = Some("/events".to_owned());
        config.events.topics = vec!["a.*".to_owned(), "b".to_owned()];
        config.channels = ["one", "two", "three"]
            .map(|name| Channel {
                name: name.to_owned(),
                topics: vec!["a.x".to_owned(), "b".to_owned()],
                ..Channel::default()
            })
            .to_vec();
    });
    let address = rig.hub().address();
    let channel = |name: &str| Source::open(address, &format!("/events/{name}"), "").ready();
    let mut kept = [ask(&rig, "topic=a.x", "").ready(), ask(&rig, "topic=a.y", "").ready()];
    let mut kept_channel = channel("one");
    let mut ended = [ask(&rig, "topic=a.*&topic=b", "").ready(), ask(&rig, "topic=b", "").ready()];
    let (mut narrowed, mut removed) = (channel("two"), channel("three"));
    let start = Instant::now();
    configured(&rig, |config| {
        config.events.topics = vec!["a.*".to_owned()];
        config.channels.truncate(2);
        config.channels[1].topics = vec!["a.x".to_owned()];
    });
    for source in ended.iter_mut().chain([&mut narrowed, &mut removed]) {
        assert_eq!(source.expect("end").data, r#"{"reason":"revoked"}"#);
        assert_eq!(source.next(), None);
    }
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    publish(&rig, "b", None, "b");
    publish(&rig, "a.x", None, "x");
    publish(&rig, "a.y", None, "y");
    assert_eq!(kept[0].expect("message").data, "x");
    assert_eq!(kept[1].expect("message").data, "y");
    assert_eq!(kept_channel.expect("message").data, "b");
    assert_eq!(ask(&rig, "topic=b", "").status, 403);
    assert_eq!(Source::open(address, "/events/three", "").status, 404);
    configured(&rig, |config| config.events.path = None);
    for source in &mut kept {
        source.expect("end");
    }
    assert_eq!(rig.get("/events?topic=a.x").status, 404);
}

/// Goal: what a hub is told of a key is looked at before it listens, and before it follows.
#[test]
fn a_key_that_cannot_be_is_told() {
    let (rig, secret) = jwt(|_| {});
    let good = bearer(&token(&json!({"topics": ["a"], "exp": now() + 60})));
    let mut source = ask(&rig, "topic=a", &good).ready();
    fs::write(&secret.0, b"short").unwrap();
    let error = rig.hub().apply(rig.config().clone()).unwrap_err().to_string();
    assert!(error.contains("5 bytes") && error.contains(&*secret.0.to_string_lossy()), "{error}");
    // Nothing has changed.
    ask(&rig, "topic=a", &good).ready();
    publish(&rig, "a", None, "x");
    assert_eq!(source.expect("message").data, "x");
}
