//! Section 9.3.2: requests that do not wait for the answers before them.

use super::*;

#[test]
fn h21_rfc9112_9_3_2_answers_keep_their_order() {
    all(
        "h21_rfc9112_9_3_2_answers_keep_their_order",
        &[
            Case {
                rule: "9.3.2",
                sent: b"GET /1 HTTP/1.1\r\nhost: a\r\n\r\n\
                    POST /2 HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc\
                    HEAD /3 HTTP/1.1\r\nhost: a\r\n\r\n\
                    POST /4 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\
                    3\r\nabc\r\n0\r\n\r\n\
                    \r\nGET /5 HTTP/1.1\r\nhost: a\r\n\r\n",
                back: &[Status(200), Status(200), Head(200), Status(200), Status(200)],
                then: Kept,
                seen: &["GET /1", "POST /2 abc", "HEAD /3", "POST /4 abc", "GET /5"],
            },
            Case {
                rule: "9.3.2: what comes before a request that is refused is answered",
                sent: b"GET /1 HTTP/1.1\r\nhost: a\r\n\r\n\
                    GET /2 HTTP/1.1\r\nhost: a\r\n\r\n\
                    GET /3 HTTP/1.1\r\nhost : a\r\n\r\n\
                    GET /4 HTTP/1.1\r\nhost: a\r\n\r\n",
                back: &[Status(200), Status(200), Problem(400, "bad_request")],
                then: Closed,
                seen: &["GET /1", "GET /2"],
            },
            Case {
                rule: "9.6: what comes after a request that closes is not read",
                sent: b"GET /1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n\
                    GET /2 HTTP/1.1\r\nhost: a\r\n\r\n",
                back: OK,
                then: Closed,
                seen: &["GET /1"],
            },
            Case {
                rule: "6.3: a body that looks like a request is a body",
                sent: b"POST /1 HTTP/1.1\r\nhost: a\r\ncontent-length: 34\r\n\r\n\
                    GET /2 HTTP/1.1\r\nhost: a\r\nx: y\r\n\r\n",
                back: OK,
                then: Kept,
                seen: &["POST /1 GET /2 HTTP/1.1\\r\\nhost: a\\r\\nx: y\\r\\n\\r\\n"],
            },
        ],
    );
}
