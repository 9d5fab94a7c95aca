use super::*;

#[test]
fn h17_only_hosts_that_nobody_else_owns_are_answered() {
    for host in [
        "localhost",
        "LOCALHOST:9000",
        "127.0.0.1",
        "127.0.0.1:9000",
        "10.1.2.3:80",
        "[::1]",
        "[::1]:9000",
    ] {
        assert!(is_ours(host), "{host}");
    }
    for host in [
        "",
        ":80",
        "evil.example",
        "evil.example:9000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1.nip.io:9000",
        "notlocalhost",
        "[evil]",
        "[::1.evil.example",
        "0x7f000001.evil.example",
    ] {
        assert!(!is_ours(host), "{host}");
    }
}

fn judged(method: &str, path: &str, fields: &[(&str, &str)]) -> bool {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
    }
    let method = method.parse().unwrap();
    judge_origin(&headers, Some("127.0.0.1:9000"), &method, path).is_ok()
}

#[test]
fn h17_what_another_origin_sends_is_refused() {
    let workers = "/internal/workers";
    assert!(judged("GET", workers, &[]), "a program");
    assert!(judged("GET", workers, &[("sec-fetch-site", "same-origin")]), "the page");
    assert!(judged("GET", workers, &[("sec-fetch-site", "none")]), "the address bar");
    assert!(judged("POST", workers, &[("origin", "http://127.0.0.1:9000")]), "the page");
    for site in ["cross-site", "same-site", "anything"] {
        assert!(!judged("GET", workers, &[("sec-fetch-site", site)]), "{site}");
    }
    for origin in
        ["http://evil.example", "null", "http://127.0.0.1:8080", "http://127.0.0.1", "file://"]
    {
        assert!(!judged("GET", workers, &[("origin", origin)]), "{origin}");
    }
    let twice = [("origin", "http://127.0.0.1:9000"), ("origin", "http://evil.example")];
    assert!(!judged("GET", workers, &twice));
}

#[test]
fn h17_a_link_leads_to_the_page_and_nowhere_else() {
    let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    assert!(judged("GET", "/", &link));
    assert!(!judged("POST", "/", &link));
    assert!(!judged("GET", "/internal/workers", &link));
    assert!(!judged("GET", "/", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")]));
}
