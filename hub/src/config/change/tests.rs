use super::*;
use crate::config::{Address, LogFormat, RouteRule, Tls};

fn texts(changes: &[Change]) -> Vec<String> {
    changes.iter().map(Change::to_string).collect()
}

#[test]
fn nothing_changes_nothing() {
    assert_eq!(Config::default().lead_to(&mut Config::default()), Changes::default());
}

/// Goal: what the table calls fixed is what a running hub keeps, and nothing else.
#[test]
fn what_the_table_calls_fixed_is_kept_and_nothing_else() {
    for (table, key) in keys() {
        let (default, mut next) = (Config::default(), Config::default());
        let by_default = (key.show)(&default);
        let other = key
            .example
            .into_iter()
            .chain(["true", "false", "debug", "json", "x-forwarded", "7s", "12288"])
            .map(|text| text.trim_matches(['[', ']', '"']))
            .find(|text| (key.set)(&mut next, text).is_ok() && (key.show)(&next) != by_default);
        let name = path(table.name, key.name);
        assert!(other.is_some(), "{name}");
        let wanted = (key.show)(&next);
        let changes = default.lead_to(&mut next);
        let (kept, told) = match key.fixed {
            true => (&by_default, texts(&changes.waiting)),
            false => (&wanted, texts(&changes.applied)),
        };
        assert_eq!(&(key.show)(&next), kept, "{name}");
        assert!(told.iter().any(|words| words.starts_with(&format!("{name} from "))), "{told:?}");
    }
}

#[test]
fn what_changes_is_told_with_both_values() {
    let mut next = Config::default();
    next.times.wait = std::time::Duration::from_secs(1);
    next.log.format = LogFormat::Json;
    next.routes.push(RouteRule {
        pattern: "/a".into(),
        concurrency: Some(2),
        ..RouteRule::default()
    });
    let changes = Config::default().lead_to(&mut next);
    assert_eq!(
        texts(&changes.applied),
        [
            "timeouts.wait from \"10s\" to \"1s\"",
            "route[0].pattern from unset to \"/a\"",
            "route[0].concurrency from unset to 2",
        ]
    );
    assert_eq!(texts(&changes.waiting), ["log.format from \"text\" to \"json\""]);
}

#[test]
fn listeners_stay_and_certificates_change() {
    let listen = |certificate: Option<&str>| Listen {
        tls: certificate.map(|path| Tls { certificate: path.into(), key: "key.pem".into() }),
        ..Listen::default()
    };
    let config = |listen: Vec<Listen>| Config { listen, ..Config::default() };
    let before = config(vec![listen(Some("a.pem"))]);

    let mut next = config(vec![Listen { proxy_protocol: true, ..listen(Some("b.pem")) }]);
    let changes = before.lead_to(&mut next);
    assert_eq!(texts(&changes.applied), ["listen[0].certificate from \"a.pem\" to \"b.pem\""]);
    assert_eq!(texts(&changes.waiting), ["listen[0].proxy-protocol from false to true"]);
    assert_eq!(next.listen, [listen(Some("b.pem"))]);

    // From TLS to none, and to other addresses.
    let mut next = config(vec![listen(None)]);
    assert_eq!(before.lead_to(&mut next).waiting.len(), 2);
    assert_eq!(next.listen, before.listen);
    let mut next = config(vec![Listen::plain(Address::Unix("/x".into()))]);
    let changes = before.lead_to(&mut next);
    assert_eq!(texts(&changes.waiting), ["listen from [\"127.0.0.1:8080\"] to [\"unix:/x\"]"]);
    assert_eq!(next.listen, before.listen);
}
