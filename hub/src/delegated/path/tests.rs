use super::{key, key_of};
use crate::routing::Pattern;

#[test]
fn paths_that_mean_the_same_are_one() {
    for (one, other) in [
        ("/rooms/caf%C3%A9", "/rooms/café"),
        ("/a%20b", "/a b"),
        ("/a%2fb", "/a%2Fb"),
        ("/%41", "/A"),
        ("/100%", "/100%25"),
        ("/x%zz", "/x%25zz"),
    ] {
        assert_eq!(key(one), key(other), "{one} {other}");
    }
}

#[test]
fn paths_that_the_router_tells_apart_stay_apart() {
    for (one, other) in
        [("/a%2Fb", "/a/b"), ("/a%252Fb", "/a%2Fb"), ("/a", "/a/"), ("/a", "/A"), ("/a+b", "/a b")]
    {
        assert_ne!(key(one), key(other), "{one} {other}");
    }
}

#[test]
fn a_pattern_with_all_its_values_is_a_path() {
    let values = |name: &str| -> Option<&'static [u8]> {
        match name {
            "room" => Some("a/b%é".as_bytes()),
            "seat" => Some(b"7"),
            _ => None,
        }
    };
    let of = |pattern: &str| key_of(&Pattern::parse(pattern).expect("a pattern"), values);
    assert_eq!(of("/rooms/{room}/{seat}"), Some(key("/rooms/a%2Fb%25%C3%A9/7")));
    assert_eq!(of("/plain/{{x}}/caf%C3%A9"), Some(key("/plain/{x}/café")));
    assert_eq!(of("/rooms/{room}/{other}"), None, "a value is missing");
    assert_eq!(of("/files/{*room}"), None, "its slashes could be the path's");
}
