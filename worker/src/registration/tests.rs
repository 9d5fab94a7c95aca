use super::{Pattern, Registration};
use crate::book::Book;
use crate::error::Result;

fn check_all(registrations: &[Registration]) -> Result<()> {
    let mut book = Book::new(crate::Backoff::default());
    registrations.iter().try_for_each(|one| book.add(one.clone()).map(drop))
}

#[test]
fn patterns_that_parse() {
    for text in ["/", "/a/b", "/a/{b}", "/{a}/{b}/x", "/f/{*rest}", "/{{a}}", "/%20", "/a/"] {
        assert_eq!(Pattern::parse(text).map(drop), Ok(()), "{text}");
    }
}

#[test]
fn patterns_that_do_not_parse_say_why() {
    let long = format!("/{}", "x".repeat(1024));
    let many: String = (0..17).map(|n| format!("/{{p{n}}}")).collect();
    let cases = [
        ("", "begin with '/'"),
        ("a", "begin with '/'"),
        ("/a?b", "'?'"),
        ("/a b", "' '"),
        ("/ü", "'ü'"),
        ("/a{b}", "stray brace"),
        ("/{a", "stray brace"),
        ("/{}", "named \"\""),
        ("/{1a}", "named \"1a\""),
        ("/{a}/{a}", "two parameters \"a\""),
        ("/{*a}/b", "goes on after"),
        (&long, "1025 bytes"),
        (&many, "more than 16"),
    ];
    for (text, why) in cases {
        let error = Pattern::parse(text).expect_err(text).to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}

#[test]
fn registrations_are_checked_each_and_together() {
    let good = || Registration::new("a").route("GET", "/").route("POST", "/");
    assert!(check_all(&[good(), Registration::new("b").route("*", "/b")]).is_ok());
    assert!(check_all(&[good().host("a.example").route("GET", "/")]).is_ok(), "another host");
    let cases = [
        (vec![good(), good()], "registered twice"),
        (vec![Registration::new("a")], "no route"),
        (vec![Registration::new("a/b").route("GET", "/")], "'/'"),
        (vec![good().route("get", "/x")], "upper case"),
        (vec![good().route("G T", "/x")], "not a method"),
        (vec![good().route("GET", "x")], "begin with '/'"),
        (vec![good().route("GET", "/")], "twice"),
        (vec![good().host("a b").route("GET", "/x")], "not a host"),
        (vec![good().max_concurrent(0)], "at least 1"),
    ];
    for (registrations, why) in cases {
        let error = check_all(&registrations).expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn clients_stay_on_get_only() {
    let chat = Registration::new("chat").sse_route("/rooms/{room}");
    assert!(chat.routes()[0].sse && chat.routes()[0].method == "GET");
    check_all(std::slice::from_ref(&chat)).expect("it can be");
    let mut other = chat;
    other.routes[0].method = "POST".to_owned();
    let error = check_all(&[other]).expect_err("it cannot be").to_string();
    assert!(error.contains("has to be GET"), "{error}");
}
