//! Sections 6.3, 8 and 9: responses without a body, requests that break off, connections
//! that go on and connections that end.

use super::*;

#[test]
fn h21_rfc9112_9_persistence() {
    all(
        "h21_rfc9112_9_persistence",
        &[
            served("9.3: HTTP/1.1 goes on", b"GET /a HTTP/1.1\r\nhost: a\r\n\r\n", &["GET /a"]),
            Case {
                rule: "9.3, 9.6: unless it says close",
                sent: b"GET /a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
                back: OK,
                then: Closed,
                seen: &["GET /a"],
            },
            Case {
                rule: "9.3: in whatever case and company",
                sent: b"GET /a HTTP/1.1\r\nhost: a\r\nconnection: x, CLOSE\r\n\r\n",
                back: OK,
                then: Closed,
                seen: &["GET /a"],
            },
            Case {
                rule: "9.6: close wins",
                sent: b"GET /a HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
                    connection: keep-alive\r\n\r\n",
                back: OK,
                then: Closed,
                seen: &["GET /a"],
            },
            Case {
                rule: "9.3: HTTP/1.0 ends",
                sent: b"GET /a HTTP/1.0\r\nhost: a\r\n\r\n",
                back: OK,
                then: Closed,
                seen: &["GET /a"],
            },
            Case {
                rule: "9.3: unless it asks to go on",
                sent: b"GET /a HTTP/1.0\r\nhost: a\r\nconnection: keep-alive\r\n\r\n",
                back: OK,
                then: Kept,
                seen: &["GET /a"],
            },
            served(
                "RFC 9110 7.8: an upgrade may be ignored, and is",
                b"GET /a HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
                &["GET /a"],
            ),
            Case {
                rule: "6.3 (1): the response to HEAD has no body",
                sent: b"HEAD /a HTTP/1.1\r\nhost: a\r\n\r\n",
                back: &[Head(200)],
                then: Kept,
                seen: &["HEAD /a"],
            },
            Case {
                rule: "6.3 (1): nor has one of 204",
                sent: b"GET /status/204 HTTP/1.1\r\nhost: a\r\n\r\n",
                back: &[Status(204)],
                then: Kept,
                seen: &["GET /status/204"],
            },
            Case {
                rule: "6.3 (1): nor has one of 304",
                sent: b"GET /status/304 HTTP/1.1\r\nhost: a\r\n\r\n",
                back: &[Status(304)],
                then: Kept,
                seen: &["GET /status/304"],
            },
            Case {
                rule: "6.3 (1): a refused HEAD has none either",
                sent: b"HEAD /a HTTP/1.1\r\nhost : a\r\n\r\n",
                back: &[Head(400)],
                then: Closed,
                seen: &[],
            },
        ],
    );
}

/// Goal: RFC 9110, section 10.1.1.
#[test]
fn h21_rfc9110_10_1_1_expect_continue() {
    all(
        "h21_rfc9110_10_1_1_expect_continue",
        &[
            Case {
                rule: "RFC 9110 10.1.1: 100 for who waits for it",
                sent: b"POST /a HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\
                    content-length: 3\r\n\r\nabc",
                back: &[Status(100), Status(200)],
                then: Kept,
                seen: &["POST /a abc"],
            },
            Case {
                rule: "RFC 9110 10.1.1: none without a body",
                sent: b"GET /a HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\r\n",
                back: OK,
                then: Kept,
                seen: &["GET /a"],
            },
            Case {
                rule: "RFC 9110 10.1.1: what else is expected MAY be refused; here it is not",
                sent: b"GET /a HTTP/1.1\r\nhost: a\r\nexpect: miracles\r\n\r\n",
                back: OK,
                then: Kept,
                seen: &["GET /a"],
            },
        ],
    );
    // A final status in place of 100, and the body is not waited for.
    case("expect_a_final_status", Weight::Light, Duration::from_secs(30), || {
        let hub = Hub::start();
        let mut client = hub.connect();
        let head = b"POST /nowhere HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n\
            content-length: 1000000\r\n\r\n";
        client.send(head).expect("sent");
        assert_eq!(client.read_response().expect("an answer").expect(404).problem(), "no_route");
        assert!(client.is_at_end().expect("an end"), "or the body would have to be read");
    });
}

/// Goal: section 8, a request that breaks off at any byte is not taken for a whole one, and
/// who can still hear is told.
#[test]
fn h21_rfc9112_8_incomplete_requests() {
    const REQUESTS: [&[u8]; 3] = [
        b"GET /a HTTP/1.1\r\nhost: a\r\n\r\n",
        b"POST /a HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n12345",
        b"POST /a HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2;x\r\nab\r\n0\r\nt: u\r\n\r\n",
    ];
    case("h21_rfc9112_8_incomplete_requests", Weight::Light, Duration::from_secs(90), || {
        let hub = Hub::start();
        let recorder = Recorder::start(&hub);
        for request in REQUESTS {
            for end in 0..request.len() {
                let mut client = hub.connect();
                client.send(&request[..end]).expect("sent");
                client.wire().end_of_sending().expect("a socket");
                if end > 0 {
                    let what = shown(&request[..end]);
                    let response = client.read_response();
                    let response = response.unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert_eq!(response.status(), 400, "{what}");
                    let body = request[..end].windows(4).any(|bytes| bytes == b"\r\n\r\n");
                    let code = if body { "body_broken" } else { "bad_request" };
                    assert_eq!(response.problem(), code, "{what}");
                }
                assert!(client.is_at_end().expect("an end"));
            }
        }
        hub.wait_all_free();
        assert_eq!(recorder.lines(), [""; 0]);
    });
}
