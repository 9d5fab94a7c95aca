use std::time::Duration;

use super::*;

#[test]
fn the_defaults_are_a_configuration_that_can_be() {
    assert_eq!(Config::default().check(), Ok(()));
}

#[test]
fn what_cannot_be_is_named_with_its_value() {
    let with = |change: fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        config.check().unwrap_err().to_string()
    };
    assert!(with(|c| c.limits.waiters = 0).contains("limits.waiters: 0 is too low"));
    assert!(with(|c| c.limits.head_bytes = 100).contains("limits.head-bytes: 100 is too low"));
    assert!(with(|c| c.times.idle = Duration::ZERO).contains("timeouts.idle: 0 is no time"));
    assert!(with(|c| c.health.require = vec!["a b".into()]).contains("\"a b\""));
    assert!(with(|c| c.workers.region.request_bytes = 1000).contains("1000"));
    let rule = |change: fn(&mut RouteRule)| {
        let mut rule = RouteRule { pattern: "/x".to_owned(), ..RouteRule::default() };
        change(&mut rule);
        let faults = Config { routes: vec![rule], ..Config::default() }.check().unwrap_err();
        faults.to_string()
    };
    assert!(rule(|r| r.pattern = "x".into()).starts_with("route[0].pattern: \"x\" does not begin"));
    assert!(rule(|r| r.method = Some("get".into())).starts_with("route[0].method: \"get\""));
    assert!(rule(|r| r.host = Some("a:1".into())).starts_with("route[0].host: the host \"a:1\""));
    assert!(rule(|r| r.concurrency = Some(0)).starts_with("route[0].concurrency: 0 is too low"));
    assert!(rule(|r| r.waiters = Some(3)).starts_with("route[0].waiters: nobody waits"));
    assert!(rule(|r| r.idle = Some(Duration::ZERO)).starts_with("route[0].idle: 0 is no time"));
}

#[test]
fn a_second_rule_for_the_same_routes_is_told() {
    let rule = |method: Option<&str>, pattern: &str| RouteRule {
        method: method.map(str::to_owned),
        pattern: pattern.to_owned(),
        ..RouteRule::default()
    };
    let config = |routes| Config { routes, ..Config::default() };
    let other = config(vec![rule(None, "/x/{id}"), rule(Some("GET"), "/x/{id}"), rule(None, "/y")]);
    assert_eq!(other.check(), Ok(()));
    let same = config(vec![rule(None, "/y"), rule(None, "/x/{a}"), rule(Some("*"), "/x/{b}")]);
    let faults = same.check().unwrap_err().to_string();
    assert!(faults.starts_with("route[2].pattern: route[1] is about the same routes"), "{faults}");
}
