use super::*;

#[test]
fn methods_are_tokens_and_unknown_ones_keep_their_name() {
    assert_eq!(RouteMethod::parse("GET"), Ok(RouteMethod::Only(Method::GET)));
    assert_eq!(RouteMethod::parse("*"), Ok(RouteMethod::Any));
    assert_eq!(RouteMethod::parse("PURGE").unwrap().to_string(), "PURGE");
    assert!(RouteMethod::parse("").is_err());
    assert!(RouteMethod::parse("GE T").is_err());
    assert!(RouteMethod::parse("get").unwrap_err().contains("GET"));
}
