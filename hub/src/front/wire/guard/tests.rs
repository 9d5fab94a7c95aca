use super::through::through;
use super::*;

const MAX: usize = super::through::HEAD_BYTES_MAX;

const SOUND: &[u8] = b"GET /1 HTTP/1.1\r\nhost: a\r\n\r\n\
    POST /2 HTTP/1.1\r\nhost: a\r\ncontent-length: 30\r\n\r\nGET /3 HTTP/1.1\r\nhost : a\r\n\r\n\x20\
    POST /4 HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\na\r\n\r\n0\r\n\r\n\
    \r\nGET /5 HTTP/1.0\r\n\r\n";

#[test]
fn sound_requests_pass_unchanged_however_they_arrive() {
    for size in 1..=SOUND.len() {
        let (out, refused) = through(SOUND, size);
        assert!(refused.is_none(), "{refused:?} in pieces of {size}");
        assert!(out == SOUND, "in pieces of {size}: {}", out.escape_ascii());
    }
}

#[test]
fn of_a_head_that_is_refused_nothing_passes_and_of_what_comes_before_everything() {
    const BAD: &[u8] = b"HEAD /x HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\
        transfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n";
    let all = [SOUND, BAD].concat();
    let wanted = [SOUND, STAND_IN[1]].concat();
    for size in 1..=all.len() {
        let (out, refused) = through(&all, size);
        assert_eq!(refused.map(|problem| problem.kind()), Some(Kind::BadRequest));
        assert!(out == wanted, "in pieces of {size}: {}", out.escape_ascii());
    }
}

#[test]
fn a_body_that_is_none_passes_up_to_there() {
    const BAD: &[u8] =
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n";
    for size in 1..=BAD.len() {
        let (out, refused) = through(BAD, size);
        assert_eq!(refused.map(|problem| problem.kind()), Some(Kind::BodyBroken));
        assert!(out == BAD[..BAD.len() - 4], "in pieces of {size}: {}", out.escape_ascii());
    }
}

#[test]
fn where_a_client_may_end() {
    let after = |bytes: &[u8]| {
        let mut guard = Guard::new(MAX);
        let (good, refusal) = guard.pass(bytes);
        assert!(refusal.is_none() && good <= bytes.len());
        (guard.is_between(), guard.end().is_some())
    };
    assert_eq!(after(b""), (true, false));
    assert_eq!(after(SOUND), (true, false));
    assert_eq!(after(&[SOUND, b"\r\n"].concat()), (true, false));
    assert_eq!(after(&[SOUND, b"\r\nG"].concat()), (false, true));
    assert_eq!(after(b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n1"), (false, false));
}

#[test]
fn a_connection_that_rests_holds_no_memory() {
    let mut guard = Guard::new(MAX);
    assert_eq!(guard.pass(b"GET / HTT").0, 0);
    assert!(guard.add(b"P/1.1\r\n\r\n").is_none());
    let mut room = [0; 64];
    assert!(guard.give(&mut ReadBuf::new(&mut room)));
    assert_eq!(guard.held.capacity(), 0);
}

#[test]
fn a_guard_that_is_off_lets_everything_through() {
    let mut guard = Guard::off();
    assert_eq!(guard.pass(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0").0, 26);
    assert!(guard.end().is_none() && !guard.is_unread());
}
