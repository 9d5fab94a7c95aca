use http::{HeaderMap, HeaderValue};

use super::{Auth, Denied, Rights};
use crate::bus::Pattern;
use crate::config::{Envelope, EventsScope, Lag};
use crate::events::doors::Door;

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    texts.iter().map(|text| Pattern::new(text).unwrap()).collect()
}

fn door(channel: Option<&str>, topics: &[&str]) -> Door {
    Door {
        channel: channel.map(Into::into),
        topics: patterns(topics),
        auth: Auth::None,
        scope: EventsScope::All,
        envelope: Envelope::None,
        lag: Lag::Drop,
    }
}

/// Goal: S03, what is asked for has to be covered by what is open and by what the token says.
#[test]
fn s03_topics_have_to_be_covered() {
    let open = door(None, &["news.*", "a.b"]);
    let nothing = door(None, &[]);
    let channel = door(Some("news"), &["news.*"]);
    let anybody = || Rights::default();
    let claims = |texts: &[&str]| Rights { topics: Some(patterns(texts)), ..Rights::default() };
    for (door, rights, wanted, may) in [
        (&open, anybody(), "news.a.b", true),
        (&open, anybody(), "news.*", true),
        (&open, anybody(), "*", false),
        (&open, anybody(), "#", false),
        (&open, anybody(), "a.*", false),
        (&open, anybody(), "a.b", true),
        (&open, claims(&["#"]), "a.b", true),
        (&open, claims(&["#"]), "c", false),
        (&open, claims(&["news.x"]), "news.*", false),
        (&open, claims(&[]), "a.b", false),
        // Where nothing is set, the claim alone counts, and nobody without one has any.
        (&nothing, claims(&["c.*"]), "c.d", true),
        (&nothing, claims(&["c.*"]), "d", false),
        (&nothing, anybody(), "c.d", false),
        (&channel, anybody(), "news.*", true),
        (&channel, claims(&["news.*"]), "news.*", true),
        (&channel, claims(&["news.a"]), "news.*", false),
        // What it had before it was narrowed.
        (&channel, claims(&["#"]), "olds.*", false),
    ] {
        let wanted = patterns(&[wanted]);
        let forbidden = rights.forbidden(door, &wanted);
        assert_eq!(forbidden.is_none(), may, "{wanted:?} at {door:?} with {rights:?}");
    }
}

#[test]
fn one_token_is_asked_for_and_no_more() {
    let file = std::env::temp_dir().join(format!("slotway-rights-{}", std::process::id()));
    std::fs::write(&file, "0123456789abcdef\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode).unwrap();
    let token = crate::admin::Token::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let auth = Auth::Token(std::sync::Arc::new(token));
    let judge = |values: &[&'static str], query: Option<&str>| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("authorization", HeaderValue::from_static(value));
        }
        auth.judge(&headers, query.map(str::as_bytes)).map(|rights| rights.topics.is_none())
    };
    assert_eq!(judge(&["Bearer 0123456789abcdef"], None), Ok(true));
    assert_eq!(judge(&["bearer  0123456789abcdef "], None), Ok(true));
    assert_eq!(judge(&[], Some("0123456789abcdef")), Ok(true));
    assert_eq!(judge(&[], None), Err(Denied::NoToken));
    assert_eq!(judge(&["Basic 0123456789abcdef"], None), Err(Denied::NoToken));
    let bearer = "Bearer 0123456789abcdef";
    assert_eq!(judge(&[bearer], Some("0123456789abcdef")), Err(Denied::TwoTokens));
    assert_eq!(judge(&[bearer, bearer], None), Err(Denied::TwoTokens));
    for wrong in ["Bearer 0123456789abcdeF", "Bearer 0123456789abcde", "Bearer "] {
        assert!(matches!(judge(&[wrong], None), Err(Denied::Invalid(_))), "{wrong}");
    }
}
