use super::*;

fn table(routes: &[(&str, &str, u32)]) -> Table<u32> {
    let mut builder = Builder::new();
    for (method, pattern, place) in routes {
        let pattern = Pattern::parse(pattern).unwrap();
        builder.add(&pattern, &RouteMethod::parse(method).unwrap(), RouteId::NONE, Some(*place));
    }
    let (table, left_out) = builder.build();
    assert_eq!(left_out, Vec::<String>::new());
    table
}

fn places(table: &Table<u32>, method: &str, path: &str) -> Option<(Vec<u32>, Vec<String>)> {
    match table.find(&Method::from_bytes(method.as_bytes()).unwrap(), path) {
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
    let Found::Options(allow) = table.find(&Method::OPTIONS, "/a") else { panic!() };
    assert_eq!(allow, "GET, HEAD, OPTIONS, POST");
    let Found::NotAllowed(allow) = table.find(&Method::DELETE, "/a") else { panic!() };
    assert_eq!(allow, "GET, HEAD, OPTIONS, POST");
    let Found::NotAllowed(allow) = table.find(&Method::HEAD, "/b") else { panic!() };
    assert_eq!(allow, "OPTIONS");
    assert!(matches!(table.find(&Method::GET, "/c"), Found::Nothing));
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
    builder.add(&pattern, &get, RouteId::NONE, Some(1));
    builder.add(&renamed, &get, RouteId::NONE, Some(2));
    builder.add(&Pattern::parse("/gone").unwrap(), &get, RouteId::NONE, None);
    let (table, _) = builder.build();
    assert_eq!(places(&table, "GET", "/a/1").unwrap().0, [1, 2]);
    assert_eq!(places(&table, "GET", "/gone").unwrap().0, Vec::<u32>::new());
}

#[test]
fn literal_braces_match_themselves() {
    let table = table(&[("GET", "/{{id}}", 1), ("GET", "/{id}", 2)]);
    assert_eq!(served(&table, "GET", "/{id}"), Some(1));
    assert_eq!(served(&table, "GET", "/7"), Some(2));
}
