use super::*;

/// Goes over it in pieces of every size; the outcome may not depend on that.
fn whole(bytes: &[u8]) -> Result<usize, &'static str> {
    let pieces = |size: usize| -> Result<(usize, bool), &'static str> {
        let mut chunks = Chunks::new();
        let mut taken = 0;
        for piece in bytes.chunks(size) {
            taken += chunks.advance(piece).map_err(|(_, what)| what)?;
            if chunks.is_ended() {
                break;
            }
        }
        Ok((taken, chunks.is_ended()))
    };
    let at_once = pieces(bytes.len());
    for size in 1..bytes.len().min(64) {
        assert_eq!(pieces(size), at_once, "in pieces of {size}");
    }
    let (taken, ended) = at_once?;
    if ended { Ok(taken) } else { Err("not ended") }
}

#[test]
fn a_body_ends_where_its_last_chunk_says() {
    for (body, rest) in [
        ("0\r\n\r\n", "GET / HTTP/1.1\r\n"),
        ("3\r\nabc\r\n0\r\n\r\n", ""),
        ("3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", "0\r\n\r\n"),
        ("003\r\nabc\r\n000\r\n\r\n", "x"),
        ("3 \t\r\nabc\r\n0\r\n\r\n", "x"),
        ("3;a=b;c=\"d e\"\r\nabc\r\n0;last\r\n\r\n", "x"),
        ("3 ;a\r\n\r\n\r\r\n0\r\nexpires: never\r\nx:\r\n\r\n", "x"),
    ] {
        let both = [body, rest].concat();
        assert_eq!(whole(both.as_bytes()), Ok(body.len()), "{both:?}");
    }
}

#[test]
fn what_two_readers_could_take_differently_is_refused() {
    for body in [
        "\r\n0\r\n\r\n",
        " 3\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",
        "-1\r\nabc\r\n0\r\n\r\n",
        "3_0\r\nabc\r\n0\r\n\r\n",
        "3 3\r\nabc\r\n0\r\n\r\n",
        "3\nabc\r\n0\r\n\r\n",
        "3\rabc\r\n0\r\n\r\n",
        "3;a\nabc\r\n0\r\n\r\n",
        "3;a\rb\r\nabc\r\n0\r\n\r\n",
        "3;\0\r\nabc\r\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "3\r\nabc\n0\r\n\r\n",
        "3\r\nabc0\r\n\r\n",
        "10000000000000000\r\n",
        "ffffffffffffffff0\r\n",
        "0\r\n\n",
        "0\r\n x: y\r\n\r\n",
        "0\r\nx : y\r\n\r\n",
        "0\r\nx: y\n\r\n",
        "0\r\nx: y\r\r\n\r\n",
        "0\r\nGET / HTTP/1.1\r\n\r\n",
    ] {
        let refused = whole(body.as_bytes());
        assert!(refused.is_err() && refused != Err("not ended"), "{body:?}: {refused:?}");
    }
}

#[test]
fn lines_and_trailers_have_a_limit() {
    let long = |count| "x".repeat(count);
    assert!(whole(format!("0;{}\r\n\r\n", long(4000)).as_bytes()).is_ok());
    assert!(whole(format!("0;{}\r\n\r\n", long(5000)).as_bytes()).is_err());
    assert!(whole(format!("{}\r\n\r\n", "0".repeat(5000)).as_bytes()).is_err());
    assert!(whole(format!("0\r\na: {}\r\n\r\n", long(9000)).as_bytes()).is_ok());
    let two = format!("0\r\na: {}\r\nb: {}\r\n\r\n", long(9000), long(9000));
    assert!(whole(two.as_bytes()).is_err());
}
