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
fn http1_is_left_alone() {
    let mut one = parts("http://a/x", &["b"]);
    one.version = Version::HTTP_11;
    assert_eq!(host(one), Ok(vec!["b".to_owned()]));
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
