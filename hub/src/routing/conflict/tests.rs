use super::*;

type Routes = Vec<(Option<HostPattern>, RouteMethod, Pattern)>;

/// Routes as method, and host and pattern in one.
fn routes(list: &[(&str, &str)]) -> Routes {
    list.iter()
        .map(|(method, place)| {
            let (host, pattern) = place.split_at(place.find('/').unwrap());
            let host = (!host.is_empty()).then(|| HostPattern::parse(host).unwrap());
            (host, RouteMethod::parse(method).unwrap(), Pattern::parse(pattern).unwrap())
        })
        .collect()
}

fn candidates(routes: &Routes) -> impl Iterator<Item = Candidate<'_>> + Clone {
    let candidate = |(host, method, pattern)| Candidate { host, method, pattern };
    routes.iter().map(move |(host, method, pattern)| candidate((host.as_ref(), method, pattern)))
}

fn joins(live: &[(&str, &Routes)], name: &str, new: &Routes) -> Result<(), Conflict> {
    let mut conflicts = Conflicts::default();
    for (name, routes) in live {
        for route in candidates(routes) {
            conflicts.live(name, route);
        }
    }
    conflicts.join(name, candidates(new))
}

#[test]
fn a_route_of_another_name_is_refused_and_both_are_named() {
    let a = routes(&[("GET", "/x/{id}")]);
    let error = joins(&[("first", &a)], "second", &a).unwrap_err();
    assert!(!error.twice);
    let text = error.to_string();
    assert!(text.contains("\"first\"") && text.contains("\"second\""), "{text}");
    assert!(text.contains("GET /x/{id}"), "{text}");
    assert_eq!(joins(&[("first", &a)], "first", &a), Ok(()));
}

#[test]
fn one_shape_has_one_set_of_parameter_names_also_across_methods() {
    let a = routes(&[("GET", "/x/{id}")]);
    let b = routes(&[("POST", "/x/{name}")]);
    let text = joins(&[("first", &a)], "second", &b).unwrap_err().to_string();
    for part in ["/x/{id}", "/x/{name}", "\"first\"", "\"second\""] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let both = routes(&[("GET", "/x/{id}"), ("POST", "/x/{name}")]);
    let text = joins(&[], "one", &both).unwrap_err().to_string();
    assert!(text.contains("/x/{id}") && text.contains("/x/{name}"), "{text}");
    // A new version of a name may rename while the old one runs.
    assert_eq!(joins(&[("first", &a)], "first", &routes(&[("GET", "/x/{name}")])), Ok(()));
}

#[test]
fn a_route_twice_in_one_registration_is_refused() {
    let twice = routes(&[("GET", "/x"), ("POST", "/x"), ("GET", "/x")]);
    let error = joins(&[], "one", &twice).unwrap_err();
    assert!(error.twice);
    assert!(error.to_string().contains("GET /x"));
}

#[test]
fn different_methods_and_any_may_belong_to_different_names() {
    let a = routes(&[("GET", "/x")]);
    assert_eq!(joins(&[("first", &a)], "second", &routes(&[("POST", "/x"), ("*", "/x")])), Ok(()));
}

#[test]
fn names_conflict_within_one_host_only() {
    let a = routes(&[("GET", "a.example/x/{id}")]);
    for other in ["/x/{id}", "b.example/x/{name}", "*.example/x/{id}"] {
        assert_eq!(joins(&[("first", &a)], "second", &routes(&[("GET", other)])), Ok(()));
    }
    let same = routes(&[("GET", "A.Example/x/{id}")]);
    let text = joins(&[("first", &a)], "second", &same).unwrap_err().to_string();
    for part in ["\"first\"", "\"second\"", "GET a.example/x/{id}"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let both = routes(&[("GET", "a.example/x"), ("GET", "b.example/x"), ("GET", "/x")]);
    assert_eq!(joins(&[], "one", &both), Ok(()));
}
