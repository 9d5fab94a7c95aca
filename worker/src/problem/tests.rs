use super::Problem;

#[test]
fn problems_are_json() {
    let body = Problem::BadAnswer.body("a \"quoted\" \\ line\nand \u{1}");
    let text = String::from_utf8(body).expect("text");
    assert_eq!(
        text,
        "{\"type\":\"urn:slotway:problem:bad_answer\",\
         \"title\":\"The worker's answer is not valid\",\"status\":502,\
         \"detail\":\"a \\\"quoted\\\" \\\\ line\\u000aand \\u0001\",\
         \"code\":\"bad_answer\"}"
    );
}
