use super::*;

fn hosts(patterns: &[&'static str]) -> Hosts<Vec<&'static str>> {
    let mut hosts = Hosts::<Vec<&'static str>>::default();
    hosts.every.push("every");
    for text in patterns {
        hosts.of(Some(&HostPattern::parse(text).unwrap())).push(text);
    }
    hosts
}

fn first(hosts: &Hosts<Vec<&'static str>>, host: &str) -> &'static str {
    hosts.find(host, |names| names.first().copied()).unwrap()
}

#[test]
fn the_most_exact_comes_first() {
    let hosts = hosts(&["*.example", "api.example", "*.b.example", "[::1]"]);
    for (host, expected) in [
        ("api.example", "api.example"),
        ("API.Example:8080", "api.example"),
        ("api.example.", "api.example"),
        ("www.example", "*.example"),
        ("a.b.example:1", "*.b.example"),
        ("b.example", "*.example"),
        ("a.b.c.example", "*.example"),
        ("example", "every"),
        ("xexample", "every"),
        ("", "every"),
        (".example", "*.example"),
        ("[::1]:80", "[::1]"),
        ("[::2]", "every"),
        (&"a.".repeat(200), "every"),
        ("é.example", "*.example"),
    ] {
        assert_eq!(first(&hosts, host), expected, "{host}");
    }
}

#[test]
fn who_has_nothing_for_it_passes_it_on() {
    let hosts = hosts(&["api.example", "*.example"]);
    let seen = hosts.find("api.example", |names| (names[0] == "every").then_some(names[0]));
    assert_eq!(seen, Some("every"));
}
