use super::*;

fn judged(method: &str, target: &'static str, has_body: bool) -> Result<Parts, u16> {
    let request = http::Request::builder().method(method).uri(target).header(HOST, "named");
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    adopt(&mut parts, has_body).map(|()| parts).map_err(|problem| problem.kind().status().as_u16())
}

#[test]
fn a_target_in_absolute_form_names_the_host() {
    let host = |target| judged("GET", target, false).unwrap().headers[HOST].clone();
    assert_eq!(host("/x"), "named");
    assert_eq!(host("http://other:81/x?y"), "other:81");
    assert_eq!(host("https://[::1]/"), "[::1]");
}

#[test]
fn a_trace_has_no_body() {
    assert!(judged("TRACE", "/", false).is_ok());
    assert_eq!(judged("TRACE", "/", true).unwrap_err(), 400);
    assert!(judged("POST", "/", true).is_ok());
}
