use super::*;

fn parts(target: &str, hosts: &[&'static str]) -> Parts {
    let (mut parts, ()) = http::Request::new(()).into_parts();
    parts.version = Version::HTTP_2;
    parts.uri = target.parse().unwrap();
    for host in hosts {
        parts.headers.append(HOST, HeaderValue::from_static(host));
    }
    parts
}

fn host(mut parts: Parts) -> Result<Vec<String>, String> {
    adopt(&mut parts).map_err(|problem| problem.detail().to_owned())?;
    let hosts = parts.headers.get_all(HOST).iter();
    Ok(hosts.map(|host| host.to_str().unwrap().to_owned()).collect())
}

#[test]
fn the_authority_becomes_the_host() {
    let given = host(parts("http://a.example:80/x", &[]));
    assert_eq!(given, Ok(vec!["a.example:80".to_owned()]));
    assert_eq!(host(parts("http://a/x", &["A"])), Ok(vec!["A".to_owned()]));
    assert_eq!(host(parts("/x", &["a"])), Ok(vec!["a".to_owned()]));
    assert!(host(parts("http://a/x", &["b"])).unwrap_err().contains("another"));
}

#[test]
fn of_an_absolute_target_and_a_header_the_target_counts() {
    let one = |target, hosts| {
        let mut parts = parts(target, hosts);
        parts.version = Version::HTTP_11;
        host(parts)
    };
    assert_eq!(one("http://a:1/x", &["b"]), Ok(vec!["a:1".to_owned()]));
    assert_eq!(one("/x", &["b"]), Ok(vec!["b".to_owned()]));
    assert_eq!(one("http://a/x", &[]), Ok(vec![]), "to be refused");
    assert_eq!(one("http://a/x", &["a", "b"]), Ok(vec!["a".to_owned(), "b".to_owned()]));
}

#[test]
fn cookies_in_pieces_are_one_header_again() {
    let mut pieces = parts("http://a/", &[]);
    for cookie in ["a=1", "b=2", "c=3"] {
        pieces.headers.append(COOKIE, HeaderValue::from_static(cookie));
    }
    adopt(&mut pieces).unwrap();
    let cookies: Vec<_> = pieces.headers.get_all(COOKIE).iter().collect();
    assert_eq!(cookies, ["a=1; b=2; c=3"]);
}
