use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::Pattern;

fn names(text: &str) -> Vec<String> {
    Pattern::parse(text).unwrap().names().iter().map(|name| name.to_string()).collect()
}

#[test]
fn parameters_are_named_in_the_order_of_the_path() {
    assert_eq!(names("/"), Vec::<String>::new());
    assert_eq!(names("/users/{id}/files/{*path}"), ["id", "path"]);
    assert!(Pattern::parse("/{*rest}").unwrap().has_rest());
    assert!(!Pattern::parse("/{rest}").unwrap().has_rest());
}

#[test]
fn the_shape_forgets_names_and_nothing_else() {
    let shape = |text| Pattern::parse(text).unwrap().shape().to_string();
    assert_eq!(shape("/a/{x}/b"), shape("/a/{y}/b"));
    assert_ne!(shape("/a/{x}/b"), shape("/a/{x}/b/"));
    assert_ne!(shape("/a/{x}"), shape("/a/{*x}"));
    assert_ne!(shape("/a/{x}"), shape("/a/x"));
}

#[test]
fn what_does_not_parse_says_what_to_do() {
    let error = |text: &str| Pattern::parse(text).unwrap_err().to_string();
    assert!(error("users").contains("does not begin with '/'"));
    assert!(error("").contains("does not begin with '/'"));
    assert!(error("/a b").contains("' '"));
    assert!(error("/a?b").contains("'?'"));
    assert!(error("/caf\u{e9}").contains("percent-encode"));
    assert!(error("/{}").contains("\"\""));
    assert!(error("/{1a}").contains("\"1a\""));
    assert!(error("/{a}/{a}").contains("two parameters \"a\""));
    assert!(error("/{*a}/b").contains("{*name}"));
    assert!(error("/img-{id}.png").contains("whole segment"));
    assert!(error("/{id").contains("stray brace"));
    assert!(error("/id}").contains("stray brace"));
    assert!(error(&"/x".repeat(600)).contains("1200 bytes"));
    assert!(error(&(0..17).map(|i| format!("/{{p{i}}}")).collect::<String>()).contains("16"));
}

#[test]
fn doubled_braces_are_literal() {
    assert!(names("/{{id}}").is_empty());
    assert!(names("/a{{b}}c").is_empty());
}
