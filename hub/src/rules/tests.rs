use super::*;
use crate::config::Config;

fn rules(list: &[(&str, &str, &str)]) -> Rules {
    let rule = |(at, (host, method, pattern)): (usize, &(&str, &str, &str))| RouteRule {
        host: (!host.is_empty()).then(|| (*host).to_owned()),
        method: (!method.is_empty()).then(|| (*method).to_owned()),
        pattern: (*pattern).to_owned(),
        body_bytes: Some(at as u64),
        ..RouteRule::default()
    };
    let routes = list.iter().enumerate().map(rule).collect();
    let config = Config { routes, ..Config::default() };
    assert_eq!(config.check(), Ok(()));
    Rules::compile(&config, &Rules::default())
}

fn found(rules: &Rules, host: &str, method: &str, pattern: &str) -> Option<u64> {
    let host = (!host.is_empty()).then(|| HostPattern::parse(host).unwrap());
    let method = (!method.is_empty()).then(|| Method::from_bytes(method.as_bytes()).unwrap());
    let pattern = Pattern::parse(pattern).unwrap();
    rules.find(host.as_ref(), method.as_ref(), &pattern).and_then(|rule| rule.body_bytes)
}

#[test]
fn the_first_rule_that_matches_counts() {
    let rules = rules(&[
        ("", "POST", "/items/{id}"),
        ("", "", "/items/{anything}"),
        ("", "", "/items/{*rest}"),
        ("", "GET", "/{*all}"),
    ]);
    assert_eq!(found(&rules, "", "POST", "/items/{name}"), Some(0));
    assert_eq!(found(&rules, "", "GET", "/items/{id}"), Some(1));
    assert_eq!(found(&rules, "", "", "/items/{id}"), Some(1));
    assert_eq!(found(&rules, "a.example", "GET", "/items/{id}"), Some(1));
    assert_eq!(found(&rules, "", "GET", "/items/special"), Some(2));
    assert_eq!(found(&rules, "", "GET", "/items/{a}/{b}"), Some(2));
    assert_eq!(found(&rules, "", "GET", "/items/{*path}"), Some(2));
    assert_eq!(found(&rules, "", "GET", "/items"), Some(3));
    assert_eq!(found(&rules, "", "POST", "/items"), None);
    assert_eq!(found(&rules, "", "GET", "/"), None, "nothing is below it");
}

#[test]
fn a_parameter_of_a_rule_stands_for_any_segment_above_the_rest() {
    let rules = rules(&[("", "", "/{tenant}/files/{*rest}")]);
    assert_eq!(found(&rules, "", "GET", "/acme/files/{name}"), Some(0));
    assert_eq!(found(&rules, "", "GET", "/{t}/files/a/b"), Some(0));
    assert_eq!(found(&rules, "", "GET", "/{t}/file/a"), None);
    assert_eq!(found(&rules, "", "GET", "/{*all}"), None);
    assert_eq!(found(&rules, "", "GET", "/a/files"), None);
}

#[test]
fn a_rule_of_a_host_is_about_the_routes_of_that_host() {
    let rules = rules(&[("api.example", "", "/x"), ("*.example", "", "/x")]);
    assert_eq!(found(&rules, "api.example", "GET", "/x"), Some(0));
    assert_eq!(found(&rules, "www.example", "GET", "/x"), Some(1));
    assert_eq!(found(&rules, "*.example", "GET", "/x"), Some(1));
    assert_eq!(found(&rules, "*.b.example", "GET", "/x"), Some(1));
    assert_eq!(found(&rules, "example", "GET", "/x"), None);
    assert_eq!(found(&rules, "", "GET", "/x"), None);
}

#[test]
fn what_a_rule_counts_survives_a_reload() {
    let config = |limit| Config {
        routes: vec![RouteRule {
            pattern: "/x".to_owned(),
            concurrency: Some(limit),
            ..RouteRule::default()
        }],
        ..Config::default()
    };
    let gate = |rules: &Rules| rules.list[0].1.gate.clone().unwrap();
    let first = Rules::compile(&config(1), &Rules::default());
    let pass = gate(&first).try_enter().unwrap();
    let second = Rules::compile(&config(2), &first);
    assert!(Arc::ptr_eq(&gate(&first), &gate(&second)));
    let _other = gate(&second).try_enter().unwrap();
    assert!(gate(&second).try_enter().is_none());
    drop(pass);
    assert!(gate(&second).try_enter().is_some());
}
