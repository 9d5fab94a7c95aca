use super::*;

/// The lines of these pieces.
fn lines(pieces: &[&[u8]]) -> Vec<String> {
    let (mut lines, mut told) = (Lines::default(), Vec::new());
    for piece in pieces {
        lines.feed(piece, |line| told.push(line.to_owned()));
    }
    lines.end(|line| told.push(line.to_owned()));
    told
}

#[test]
fn lines_come_in_any_pieces() {
    let text: &[u8] = b"one\ntwo\r\n\nthree";
    let expected = ["one", "two", "", "three"];
    assert_eq!(lines(&[text]), expected);
    for at in 0..text.len() {
        let (front, back) = text.split_at(at);
        assert_eq!(lines(&[front, back]), expected, "cut at {at}");
    }
    let bytes: Vec<&[u8]> = text.chunks(1).collect();
    assert_eq!(lines(&bytes), expected);
}

#[test]
fn a_long_line_is_cut_between_characters_and_none_is_lost() {
    let line = "é".repeat(LINE_BYTES_MAX);
    // An odd beginning, so that the cut would fall into a character.
    let line = format!("x{line}");
    let told = lines(&[line.as_bytes(), b"\nnext\n"]);
    assert!(told.len() > 2);
    assert!(told.iter().all(|part| part.len() <= LINE_BYTES_MAX), "bounded");
    assert_eq!(told[..told.len() - 1].concat(), line);
    assert_eq!(told[told.len() - 1], "next");
}

#[test]
fn what_is_no_text_is_shown_all_the_same() {
    assert_eq!(lines(&[b"a\xffb\n"]), ["a\u{fffd}b"]);
    let told = lines(&[&[0xff; 3 * LINE_BYTES_MAX]]);
    let shown: usize = told.iter().map(|line| line.chars().count()).sum();
    assert_eq!(shown, 3 * LINE_BYTES_MAX);
}

#[test]
fn an_exact_fit_is_one_line() {
    let line = "x".repeat(LINE_BYTES_MAX);
    assert_eq!(lines(&[format!("{line}\n").as_bytes()]), [line]);
}
