use super::*;

#[test]
fn a_connections_number_is_digits() {
    for text in ["0", "1764331200000000", "18446744073709551615"] {
        let id: ConnectionId = text.parse().expect("digits");
        assert_eq!((id.as_str(), id.to_string().as_str()), (text, text));
    }
    for text in ["", "-1", "1 ", "x", "123456789012345678901", "1\0"] {
        let error = text.parse::<ConnectionId>().expect_err(text).to_string();
        assert!(error.contains("no connection"), "{error}");
    }
    let [one, other]: [ConnectionId; 2] = ["12", "120"].map(|text| text.parse().expect("digits"));
    assert_ne!(one, other);
}

#[test]
fn what_refuses_never_has_a_status_that_accepts() {
    let status = |admission: Admission| admission.into_response().status;
    assert_eq!(status(().into_admission()), 200);
    assert_eq!(status(Ok::<_, Response>(()).into_admission()), 200);
    assert_eq!(status(Err::<(), _>(Response::new(404)).into_admission()), 404);
    assert_eq!(status(Err::<(), _>("no").into_admission()), 403);
    assert_eq!(status(Admission::refuse(204, ())), 403);
    assert_eq!(status(Admission::refuse(307, ()).header("location", "/")), 307);
}
