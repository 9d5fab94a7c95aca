use std::collections::HashMap;
use std::convert::Infallible;

use super::*;

fn config(trust: &[&str], believe: Believe) -> Forwarded {
    let trust = trust.iter().map(|net| net.parse().unwrap()).collect();
    Forwarded { trust, believe, ..Forwarded::default() }
}

fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in list {
        headers.append(*name, HeaderValue::from_static(value));
    }
    headers
}

fn via(ip: &str) -> Via {
    Via::new(Some(ip.parse().unwrap()), false)
}

fn written(via: &Via, heard: Option<&Heard>, host: &str) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let written: Result<(), Infallible> =
        via.write(Tells::of(&Forwarded::default()), heard, host, |name, value| {
            let value = String::from_utf8(value.to_vec()).unwrap();
            assert_eq!(found.insert(name.to_owned(), value), None, "each once");
            Ok(())
        });
    written.unwrap();
    found
}

#[test]
fn what_the_hub_sees_itself() {
    let found = written(&via("192.0.2.1"), None, "api.example");
    assert_eq!(found["x-forwarded-for"], "192.0.2.1");
    assert_eq!(found["x-forwarded-proto"], "http");
    assert_eq!(found["x-forwarded-host"], "api.example");
    assert_eq!(found["forwarded"], "for=192.0.2.1;host=api.example;proto=http");

    let six = Via::new(Some("2001:db8::1".parse().unwrap()), true);
    let found = written(&six, None, "api.example:8443");
    assert_eq!(found["x-forwarded-for"], "2001:db8::1");
    let forwarded = "for=\"[2001:db8::1]\";host=\"api.example:8443\";proto=https";
    assert_eq!(found["forwarded"], forwarded);

    let mapped = written(&via("::ffff:192.0.2.1"), None, "");
    assert_eq!(mapped["forwarded"], "for=192.0.2.1;proto=http");
    assert!(!mapped.contains_key("x-forwarded-host"));

    let unix = written(&Via::new(None, false), None, "a");
    assert_eq!(unix["forwarded"], "for=unknown;host=a;proto=http");
    assert!(!unix.contains_key("x-forwarded-for"));
    let longest = "x".repeat(HOST_BYTES_MAX);
    assert!(written(&six, None, &longest)["forwarded"].ends_with("proto=https"));
}

#[test]
fn only_those_on_the_list_are_trusted() {
    let config = config(&["10.0.0.0/8", "2001:db8::/32"], Believe::Either);
    for (ip, trusted) in
        [("10.1.2.3", true), ("11.0.0.1", false), ("2001:db8::5", true), ("::ffff:10.0.0.1", true)]
    {
        assert_eq!(via(ip).is_trusted(&config), trusted, "{ip}");
    }
    let unix = Via::new(None, false);
    assert!(!unix.is_trusted(&config));
    assert!(unix.is_trusted(&Forwarded { trust_unix: true, ..config }));
}

#[test]
fn what_a_trusted_proxy_said_goes_on_with_the_proxy_at_its_end() {
    let config = config(&["10.0.0.0/8"], Believe::Either);
    let proxy = via("10.0.0.1");
    let heard = proxy.hear(
        &config,
        &headers(&[
            ("x-forwarded-for", "203.0.113.7, 198.51.100.2"),
            ("x-forwarded-for", "10.0.0.2"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "www.example"),
        ]),
        "inner",
    );
    assert_eq!(proxy.client(Some(&heard)), Some("198.51.100.2".parse().unwrap()));
    let found = written(&proxy, Some(&heard), "inner");
    assert_eq!(found["x-forwarded-for"], "203.0.113.7, 198.51.100.2, 10.0.0.2, 10.0.0.1");
    assert_eq!(found["x-forwarded-proto"], "https");
    assert_eq!(found["x-forwarded-host"], "www.example");
    assert_eq!(
        found["forwarded"],
        "for=203.0.113.7, for=198.51.100.2, for=10.0.0.2, for=10.0.0.1;host=inner;proto=http"
    );
}

#[test]
fn the_standard_header_is_understood_too() {
    let config = config(&["10.0.0.0/8"], Believe::Either);
    let proxy = via("10.0.0.1");
    let value = "for=\"[2001:db8::7]:99\";note=\"a, b; for=1.2.3.4\", For = 10.0.0.9;proto=https";
    let heard = proxy.hear(&config, &headers(&[("forwarded", value)]), "inner");
    assert_eq!(proxy.client(Some(&heard)), Some("2001:db8::7".parse().unwrap()));
    let found = written(&proxy, Some(&heard), "inner");
    assert_eq!(found["x-forwarded-for"], "2001:db8::7, 10.0.0.9, 10.0.0.1");
    assert_eq!(found["forwarded"], format!("{value}, for=10.0.0.1;host=inner;proto=http"));
}

#[test]
fn one_family_is_believed_and_the_other_made_from_it() {
    let both = headers(&[("x-forwarded-for", "203.0.113.7"), ("forwarded", "for=192.0.2.99")]);
    let client = |believe| {
        let config = config(&["10.0.0.0/8"], believe);
        let proxy = via("10.0.0.1");
        let heard = proxy.hear(&config, &both, "h");
        let found = written(&proxy, Some(&heard), "h");
        let client = proxy.client(Some(&heard)).unwrap().to_string();
        let other = if client == "203.0.113.7" { "192.0.2.99" } else { "203.0.113.7" };
        for name in ["x-forwarded-for", "forwarded"] {
            assert!(found[name].contains(&client) && !found[name].contains(other), "{found:?}");
        }
        client
    };
    assert_eq!(client(Believe::Either), "203.0.113.7");
    assert_eq!(client(Believe::XForwarded), "203.0.113.7");
    assert_eq!(client(Believe::Forwarded), "192.0.2.99");
}

#[test]
fn nonsense_from_a_proxy_stops_the_search_for_the_client() {
    let config = config(&["10.0.0.0/8"], Believe::Either);
    let proxy = via("10.0.0.1");
    for (list, client) in [
        ("203.0.113.7, unknown, 10.0.0.3", "10.0.0.3"),
        ("unknown", "10.0.0.1"),
        (", ,", "10.0.0.1"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("10.0.0.4, 10.0.0.3", "10.0.0.4"),
    ] {
        let mut map = HeaderMap::new();
        map.insert("x-forwarded-for", HeaderValue::from_static(list));
        map.insert("x-forwarded-host", HeaderValue::from_static("a b"));
        map.insert("x-forwarded-proto", HeaderValue::from_static("a, b"));
        let heard = proxy.hear(&config, &map, "h");
        assert_eq!(proxy.client(Some(&heard)).unwrap().to_string(), client, "{list}");
        let found = written(&proxy, Some(&heard), "h");
        assert_eq!((&*found["x-forwarded-host"], &*found["x-forwarded-proto"]), ("h", "http"));
    }
}

#[test]
fn a_chain_without_end_is_cut() {
    let config = config(&["10.0.0.0/8"], Believe::Either);
    let mut map = HeaderMap::new();
    let long = vec!["1"; 20_000].join(",");
    map.insert("x-forwarded-for", HeaderValue::from_str(&long).unwrap());
    let heard = via("10.0.0.1").hear(&config, &map, "h");
    assert!(heard.forwarded.len() < HOPS_MAX * 64);
    assert!(Via::bytes_max(Some(&heard)) > heard.forwarded.len() + heard.x_forwarded_for.len());
}

fn tells(headers: &[Told]) -> Tells {
    Tells::of(&Forwarded { headers: headers.to_vec(), ..Forwarded::default() })
}

#[test]
fn headers_about_the_client_stay_here() {
    let all = Tells::of(&Forwarded::default());
    let about = |name: &'static str, trusted| all.replaces(&HeaderName::from_static(name), trusted);
    for name in ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"] {
        assert!(about(name, false) && about(name, true), "{name}");
    }
    for name in ["x-forwarded-port", "x-forwarded-prefix", "x-real-ip"] {
        assert!(about(name, false) && !about(name, true), "{name}");
    }
    assert!(!about("x-other", false) && !about("via", false));
}

#[test]
fn what_workers_are_not_told_passes_from_trusted_proxies_only() {
    let few = tells(&[Told::RequestId]);
    for name in ["forwarded", "x-forwarded-for"] {
        let name = HeaderName::from_static(name);
        assert!(few.replaces(&name, false) && !few.replaces(&name, true), "{name}");
    }
    let written: Result<(), Infallible> =
        via("192.0.2.1").write(few, None, "h", |name, _| panic!("{name}"));
    written.unwrap();
    let one = tells(&[Told::Forwarded]);
    let mut names = Vec::new();
    let written: Result<(), Infallible> = via("192.0.2.1").write(one, None, "h", |name, _| {
        names.push(name.to_owned());
        Ok(())
    });
    written.unwrap();
    assert_eq!(names, ["forwarded"]);
}
