use super::*;
use crate::config::{Config, RouteRule};

/// Routes as method, host and pattern in one, and what serves them.
fn builder(routes: &[(&str, &str, u32)]) -> Builder<u32> {
    let mut builder = Builder::new();
    for (method, place, number) in routes {
        let (host, pattern) = place.split_at(place.find('/').unwrap());
        let host = (!host.is_empty()).then(|| HostPattern::parse(host).unwrap());
        let pattern = Pattern::parse(pattern).unwrap();
        let method = RouteMethod::parse(method).unwrap();
        builder.add(host.as_ref(), &pattern, &method, RouteId::NONE, Some(*number));
    }
    builder
}

fn table(routes: &[(&str, &str, u32)]) -> Table<u32> {
    ruled(routes, &Rules::default())
}

fn ruled(routes: &[(&str, &str, u32)], rules: &Rules) -> Table<u32> {
    let (table, left_out) = builder(routes).build(rules);
    assert_eq!(left_out, Vec::<String>::new());
    table
}

fn places(table: &Table<u32>, method: &str, path: &str) -> Option<(Vec<u32>, Vec<String>)> {
    places_of(table, "any.example", method, path)
}

fn places_of(
    table: &Table<u32>,
    host: &str,
    method: &str,
    path: &str,
) -> Option<(Vec<u32>, Vec<String>)> {
    match table.find(host, &Method::from_bytes(method.as_bytes()).unwrap(), path) {
        Found::Route { target, params } => {
            let values = params.iter().map(|(_, value)| value.to_owned()).collect();
            Some((target.places.clone(), values))
        }
        _ => None,
    }
}

fn served(table: &Table<u32>, method: &str, path: &str) -> Option<u32> {
    places(table, method, path).map(|(places, _)| places[0])
}

#[test]
fn h13_exact_wins_over_a_parameter_whatever_the_order() {
    let routes = [
        ("GET", "/a/b", 1),
        ("GET", "/a/{x}", 2),
        ("GET", "/a/{*rest}", 3),
        ("GET", "/{*all}", 4),
        ("GET", "/a/{x}/c", 5),
    ];
    let mut orders: Vec<Vec<_>> = (0..routes.len())
        .map(|turn| {
            let mut order = routes.to_vec();
            order.rotate_left(turn);
            order
        })
        .collect();
    orders.push(routes.iter().rev().copied().collect());
    for order in orders {
        let table = table(&order);
        assert_eq!(served(&table, "GET", "/a/b"), Some(1), "{order:?}");
        assert_eq!(served(&table, "GET", "/a/other"), Some(2));
        assert_eq!(served(&table, "GET", "/a/b/c"), Some(5));
        assert_eq!(served(&table, "GET", "/a/b/d"), Some(3));
        assert_eq!(served(&table, "GET", "/z/y"), Some(4));
    }
}

#[test]
fn h13_a_parameter_is_never_empty() {
    let table = table(&[("GET", "/a/{x}", 1), ("GET", "/b/{*rest}", 2), ("GET", "/c/{x}/d", 3)]);
    assert_eq!(served(&table, "GET", "/a/"), None);
    assert_eq!(served(&table, "GET", "/a"), None);
    assert_eq!(served(&table, "GET", "/b/"), None);
    assert_eq!(served(&table, "GET", "/c//d"), None);
    assert_eq!(places(&table, "GET", "/a/1"), Some((vec![1], vec!["1".to_owned()])));
    assert_eq!(places(&table, "GET", "/b/1/2"), Some((vec![2], vec!["1/2".to_owned()])));
}

#[test]
fn h13_head_falls_to_get_and_options_tells_the_methods() {
    let table = table(&[("GET", "/a", 1), ("POST", "/a", 2), ("OPTIONS", "/b", 3)]);
    assert_eq!(served(&table, "HEAD", "/a"), Some(1));
    assert_eq!(served(&table, "OPTIONS", "/b"), Some(3));
    let Found::Options(allow) = table.find("", &Method::OPTIONS, "/a") else { panic!() };
    assert_eq!(allow, "GET, HEAD, OPTIONS, POST");
    let Found::NotAllowed(allow) = table.find("", &Method::DELETE, "/a") else { panic!() };
    assert_eq!(allow, "GET, HEAD, OPTIONS, POST");
    let Found::NotAllowed(allow) = table.find("", &Method::HEAD, "/b") else { panic!() };
    assert_eq!(allow, "OPTIONS");
    assert!(matches!(table.find("", &Method::GET, "/c"), Found::Nothing));
}

#[test]
fn any_method_takes_what_no_other_route_names() {
    let table = table(&[("*", "/a", 1), ("GET", "/a", 2)]);
    assert_eq!(served(&table, "GET", "/a"), Some(2));
    assert_eq!(served(&table, "HEAD", "/a"), Some(2));
    assert_eq!(served(&table, "PURGE", "/a"), Some(1));
    assert_eq!(served(&table, "OPTIONS", "/a"), Some(1));
}

#[test]
fn places_of_one_route_come_together_and_a_route_may_have_none() {
    let mut builder = Builder::new();
    let pattern = Pattern::parse("/a/{x}").unwrap();
    let renamed = Pattern::parse("/a/{y}").unwrap();
    let get = RouteMethod::Only(Method::GET);
    builder.add(None, &pattern, &get, RouteId::NONE, Some(1));
    builder.add(None, &renamed, &get, RouteId::NONE, Some(2));
    builder.add(None, &Pattern::parse("/gone").unwrap(), &get, RouteId::NONE, None);
    let (table, _) = builder.build(&Rules::default());
    assert_eq!(places(&table, "GET", "/a/1").unwrap().0, [1, 2]);
    assert_eq!(places(&table, "GET", "/gone").unwrap().0, Vec::<u32>::new());
}

#[test]
fn literal_braces_match_themselves() {
    let table = table(&[("GET", "/{{id}}", 1), ("GET", "/{id}", 2)]);
    assert_eq!(served(&table, "GET", "/{id}"), Some(1));
    assert_eq!(served(&table, "GET", "/7"), Some(2));
}

#[test]
fn h13_the_most_exact_host_that_has_a_path_decides_about_it() {
    let routes = [
        ("GET", "api.example/a", 1),
        ("GET", "*.example/a", 2),
        ("GET", "/a", 3),
        ("POST", "/a", 4),
        ("GET", "/b", 5),
        ("GET", "api.example/{*rest}", 6),
    ];
    for turn in 0..routes.len() {
        let mut order = routes;
        order.rotate_left(turn);
        let table = table(&order);
        let served = |host: &str, method: &str, path: &str| {
            places_of(&table, host, method, path).map(|(places, _)| places[0])
        };
        assert_eq!(served("api.example", "GET", "/a"), Some(1), "{order:?}");
        assert_eq!(served("API.EXAMPLE:80", "GET", "/a"), Some(1));
        assert_eq!(served("www.example", "GET", "/a"), Some(2));
        assert_eq!(served("other", "GET", "/a"), Some(3));
        assert_eq!(served("other", "POST", "/a"), Some(4));
        assert_eq!(served("www.example", "POST", "/a"), None, "its host has the path");
        assert_eq!(served("www.example", "GET", "/b"), Some(5));
        assert_eq!(served("api.example", "GET", "/b"), Some(6));
    }
}

#[test]
fn trace_is_served_by_name_only() {
    let table = table(&[("*", "/a", 1), ("TRACE", "/b", 2)]);
    assert_eq!(served(&table, "TRACE", "/b"), Some(2));
    let Found::NotAllowed(allow) = table.find("", &Method::TRACE, "/a") else { panic!() };
    assert_eq!(allow, "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
}

#[test]
fn a_route_has_its_rule_and_a_rule_its_method() {
    let rule = |method: Option<&str>, pattern: &str, bytes| RouteRule {
        method: method.map(str::to_owned),
        pattern: pattern.to_owned(),
        body_bytes: Some(bytes),
        ..RouteRule::default()
    };
    let routes = vec![
        rule(Some("POST"), "/any", 1),
        rule(Some("HEAD"), "/get", 2),
        rule(None, "/any", 3),
        rule(None, "/in/{*rest}", 4),
    ];
    let rules = Rules::compile(&Config { routes, ..Config::default() }, &Rules::default());
    let routes = [("*", "/any", 1), ("GET", "/get", 2), ("GET", "/in/{id}", 3), ("GET", "/out", 4)];
    let table = ruled(&routes, &rules);
    let ruled = |method: Method, path: &str| match table.find("", &method, path) {
        Found::Route { target, .. } => {
            (target.places[0], target.rule.as_ref().and_then(|rule| rule.body_bytes))
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(ruled(Method::POST, "/any"), (1, Some(1)));
    assert_eq!(ruled(Method::PUT, "/any"), (1, Some(3)));
    assert_eq!(ruled(Method::GET, "/get"), (2, None));
    assert_eq!(ruled(Method::HEAD, "/get"), (2, Some(2)));
    assert_eq!(ruled(Method::GET, "/in/7"), (3, Some(4)));
    assert_eq!(ruled(Method::GET, "/out"), (4, None));
    let Found::NotAllowed(allow) = table.find("", &Method::DELETE, "/get") else { panic!() };
    assert_eq!(allow, "GET, HEAD, OPTIONS");
}
