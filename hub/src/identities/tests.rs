//! What identities are judged by.

use slotway_core::control::Register;

use super::credentials::Credentials;
use super::*;
use crate::config;

fn identity(name: &str, instance: &str) -> Identity {
    let instance = Some(instance.to_owned()).filter(|instance| !instance.is_empty());
    Identity::of(&Register { instance, ..Register::new(0, name, Vec::new()) }, 17).unwrap()
}

fn rules(accept: &[&str], approve: &[&str], refuse: &[&str]) -> Config {
    let all = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    let (accept, approve, refuse) = (all(accept), all(approve), all(refuse));
    let identities = config::Identities { accept, approve, refuse };
    let config = Config { identities, ..Config::default() };
    config.check().unwrap();
    config
}

fn pattern(text: &str) -> Pattern {
    Pattern::new(text).unwrap()
}

#[test]
fn an_identity_is_the_name_and_which_of_it() {
    assert_eq!(identity("media.resize", "a1").as_str(), "media.resize.a1");
    assert_eq!(identity("greeter", "").as_str(), "greeter.17", "the connection's number");
    let register = |instance: &str| Register {
        instance: Some(instance.to_owned()),
        ..Register::new(0, "x", Vec::new())
    };
    for bad in ["", "a.b", "a b", "../x"] {
        assert!(Identity::of(&register(bad), 1).is_err(), "{bad:?}");
    }
}

/// Goal: refuse goes before approve, approve before accept, and what is in none stays out.
#[test]
fn the_first_list_that_has_a_pattern_decides() {
    let identities =
        Identities::new(&rules(&["media.*", "one"], &["media.resize.*"], &["*.*.bad", "gone"]));
    let cases = [
        ("media.crop", "a1", "accepted"),
        ("media.crop", "", "accepted"),
        ("media.resize", "a1", "asks"),
        ("media.resize", "bad", "refused"),
        ("one", "x", "accepted"),
        ("one.more", "x", "refused"),
        ("gone", "x", "refused"),
        ("other", "x", "refused"),
    ];
    for (name, instance, expected) in cases {
        let seen = match identities.judge(&identity(name, instance), None) {
            Answer::Accepted => "accepted",
            Answer::Refused(_) => "refused",
            Answer::Asks => "asks",
            Answer::UnknownCredential => "unknown",
        };
        assert_eq!(seen, expected, "{name} {instance}");
    }
}

/// Goal: whatever is a name comes in where nothing is configured, also one that is no topic.
#[test]
fn everybody_comes_in_by_default() {
    let identities = Identities::new(&Config::default());
    let deep = "a.".repeat(60);
    for name in ["a", "a..b", ".", "-", &deep] {
        assert_eq!(identities.judge(&identity(name, ""), None), Answer::Accepted, "{name}");
    }
}

/// Goal: the newest word for good wins, over the configuration's lists but that of refusals.
#[test]
fn what_was_said_for_good_counts_until_it_is_taken_back() {
    let identities = Identities::new(&rules(&[], &["m.*"], &["m.never.*"]));
    let judged = |instance: &str| identities.judge(&identity("m", instance), None);
    let say = |text: &str, verdict| identities.say(&pattern(text), verdict, true).unwrap();
    assert_eq!(judged("a"), Answer::Asks);
    say("m.a", Verdict::Approve);
    assert_eq!((judged("a"), judged("b")), (Answer::Accepted, Answer::Asks));
    say("m", Verdict::Refuse);
    assert!(matches!(judged("a"), Answer::Refused(reason) if reason.contains("\"m\"")));
    say("m.a", Verdict::Approve);
    assert_eq!(judged("a"), Answer::Accepted);
    assert_eq!(identities.list().standing.len(), 2, "one word about one pattern");
    let never = identity("m.never", "a");
    say("m.never.a", Verdict::Approve);
    assert!(matches!(identities.judge(&never, None), Answer::Refused(_)));
}

#[test]
fn words_for_good_are_bounded() {
    let identities = Identities::new(&Config::default());
    for index in 0..STANDING_MAX {
        identities.say(&pattern(&format!("x.{index}")), Verdict::Approve, true).unwrap();
    }
    let one_more = identities.say(&pattern("one.more"), Verdict::Approve, true);
    assert_eq!(one_more, Err(Unchanged::Full));
    identities.say(&pattern("x.7"), Verdict::Refuse, true).expect("it takes its own place");
}

#[test]
fn a_word_about_nobody_is_told_so() {
    let identities = Identities::new(&rules(&[], &["*"], &[]));
    assert_eq!(identities.say(&pattern("a.b"), Verdict::Approve, false), Err(Unchanged::Nobody));
    assert_eq!(identities.say(&pattern("a.b"), Verdict::Refuse, false), Err(Unchanged::Nobody));
}

/// Goal: a credential is for its own name and instance, once given and until it is revoked.
#[test]
fn credentials_are_for_those_that_got_them() {
    let mut credentials = Credentials::default();
    let (a, b) = (identity("m", "a"), identity("m", "b"));
    let of_a = credentials.grant(&a);
    let of_b = credentials.grant(&b);
    assert!(of_a.bytes().all(|byte| byte.is_ascii_graphic()) && of_a != of_b);
    assert!(credentials.is_for(&of_a, &a) && credentials.is_for(&of_b, &b));
    assert!(!credentials.is_for(&of_a, &b) && !credentials.is_for(&of_a, &identity("m", "")));
    let (number, secret) = of_a.split_once('-').unwrap();
    let other = format!("{number}-{}", secret.chars().rev().collect::<String>());
    for wrong in ["", "-", "0-", "x", "99-00", number, &other, &of_a[..of_a.len() - 1]] {
        assert!(!credentials.is_for(wrong, &a), "{wrong}");
    }
    assert_eq!(credentials.revoke(&pattern("m.a")), 1);
    assert!(!credentials.is_for(&of_a, &a) && credentials.is_for(&of_b, &b));
    for _ in 0..20_000 {
        let _ = credentials.grant(&a);
    }
    assert_eq!(credentials.count(), 16_384, "the oldest goes");
    assert!(!credentials.is_for(&of_b, &b));
    assert_eq!(credentials.revoke(&pattern("m")), 16_384);
}
