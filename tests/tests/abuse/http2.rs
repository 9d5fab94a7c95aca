//! HTTP/2, frame by frame, the way nobody should speak it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use slotway_tests::{Flavor, Worker};

use super::{MIB, Siege, heavy};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// How a connection ended, or that it did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With GOAWAY and this code.
    GoAway(u32),
    /// Without a word.
    Closed,
    /// It answers a ping.
    Alive,
}

/// What came back while somebody attacked.
#[derive(Debug)]
struct Back {
    end: End,
    /// Streams that were reset, with their codes.
    resets: Vec<u32>,
    /// First bytes of header blocks: `0x88` is 200.
    heads: Vec<u8>,
}

struct Attacker {
    stream: TcpStream,
    back: mpsc::Receiver<Back>,
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a frame").to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend_from_slice(&[kind, flags]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// A header, literal and without Huffman's code, which nobody has to remember.
fn literal(name: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name.as_bytes(), value] {
        string(&mut bytes, text);
    }
    bytes
}

fn string(bytes: &mut Vec<u8>, text: &[u8]) {
    match text.len() {
        short @ 0..127 => bytes.push(short as u8),
        long => {
            bytes.push(127);
            let mut rest = long - 127;
            while rest >= 128 {
                bytes.push((rest % 128) as u8 | 128);
                rest /= 128;
            }
            bytes.push(rest as u8);
        }
    }
    bytes.extend_from_slice(text);
}

/// A GET.
fn get(path: &str) -> Vec<u8> {
    let mut block = vec![0x82, 0x86];
    block.extend(literal(":path", path.as_bytes()));
    block.extend(literal(":authority", b"a"));
    block
}

impl Attacker {
    /// Prior knowledge, and settings. Reads all along, unless `deaf`.
    fn new(siege: &Siege, settings: &[u8], deaf: bool) -> Attacker {
        let stream = TcpStream::connect(siege.hub.address).expect("a hub that listens");
        stream.set_write_timeout(Some(Duration::from_secs(20))).expect("a socket");
        let (sender, back) = mpsc::channel();
        let mut reader = stream.try_clone().expect("a socket");
        thread::spawn(move || {
            if !deaf {
                let _ = sender.send(read(&mut reader));
            }
        });
        let mut attacker = Attacker { stream, back };
        attacker.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        attacker.send(&frame(SETTINGS, 0, 0, settings));
        attacker
    }

    /// `false`: the hub listens no more.
    fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Asks whether the hub is there, and gives what came back.
    fn ask(mut self) -> Back {
        self.send(&frame(PING, 0, 0, b"are you?"));
        self.back.recv_timeout(Duration::from_secs(40)).expect("an end, or an answer")
    }
}

impl Attacker {
    /// The connection ends with this code. An endpoint may be less exact about it and say
    /// PROTOCOL_ERROR (RFC 9113, section 7), as the library does here and there.
    #[track_caller]
    fn expect_end(self, what: &str, code: u32) {
        let end = self.ask().end;
        let told = matches!(end, End::GoAway(given) if given == code || given == PROTOCOL_ERROR);
        assert!(told, "{what}: {end:?}");
    }
}

fn read(from: &mut TcpStream) -> Back {
    let mut back = Back { end: End::Closed, resets: Vec::new(), heads: Vec::new() };
    let mut head = [0; 9];
    while from.read_exact(&mut head).is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        if from.read_exact(&mut payload).is_err() {
            break;
        }
        let code = |at: usize| u32::from_be_bytes(payload[at..at + 4].try_into().expect("four"));
        match (head[3], head[4]) {
            (GOAWAY, _) => {
                back.end = End::GoAway(code(4));
                break;
            }
            (PING, ACK) if payload == b"are you?" => {
                back.end = End::Alive;
                break;
            }
            (RST_STREAM, _) => back.resets.push(code(0)),
            (HEADERS, _) => back.heads.push(payload[0]),
            _ => {}
        }
    }
    back
}

const PROTOCOL_ERROR: u32 = 1;
const FRAME_SIZE_ERROR: u32 = 6;
const COMPRESSION_ERROR: u32 = 9;

/// Goal: streams that are opened and reset at once (CVE-2023-44487).
#[test]
fn h2_rapid_reset() {
    heavy("h2_rapid_reset", 120, || {
        let siege = Siege::new(&[]);
        let mut attacker = Attacker::new(&siege, &[], false);
        let block = get("/reset");
        for number in 0..20_000_u32 {
            let stream = number * 2 + 1;
            let mut both = frame(HEADERS, END_HEADERS | END_STREAM, stream, &block);
            both.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
            if !attacker.send(&both) {
                break;
            }
            if number % 2000 == 0 {
                siege.serves_others();
            }
        }
        println!("rapid reset: {:?}", attacker.ask().end);
        siege.finish("rapid reset", 16 * MIB);
    });
}

/// Goal: a head that goes on for ever in CONTINUATION frames (CVE-2024-27316).
#[test]
fn h2_continuation_flood() {
    heavy("h2_continuation_flood", 120, || {
        let siege = Siege::new(&[]);
        let mut attacker = Attacker::new(&siege, &[], false);
        attacker.send(&frame(HEADERS, END_STREAM, 1, &get("/endless")));
        let more = frame(CONTINUATION, 0, 1, &literal("x", &[b'x'; 16_000]));
        let frames = (0..8000).take_while(|_| attacker.send(&more)).count();
        println!("continuation: the hub took {frames} frames");
        let end = attacker.ask().end;
        assert_ne!(end, End::Alive, "nothing else may come before the head's end");
        siege.serves_others();
        assert!(siege.recorder.take().iter().all(|seen| seen.target != "/endless"));
        // Empty ones, which need no memory but time.
        let mut attacker = Attacker::new(&siege, &[], false);
        attacker.send(&frame(HEADERS, END_STREAM, 1, &get("/endless")));
        let more = frame(CONTINUATION, 0, 1, b"").repeat(1000);
        let thousands = (0..1000).take_while(|_| attacker.send(&more)).count();
        println!("continuation: the hub took {thousands} thousand empty frames");
        assert_ne!(attacker.ask().end, End::Alive);
        siege.finish("continuation flood", 16 * MIB);
    });
}

/// Goal: frames that want an answer, from who takes none.
#[test]
fn h2_floods_that_want_answers() {
    heavy("h2_floods_that_want_answers", 120, || {
        let siege = Siege::new(&["--idle-timeout", "2s", "--header-read-timeout", "2s"]);
        let floods = [
            frame(PING, 0, 0, b"12345678"),
            frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0xff, 0xff]),
            frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes()),
            frame(2, 0, 1, &[0, 0, 0, 0, 1]),
            frame(0xee, 0, 0, b"a frame that nobody knows"),
        ];
        for flood in &floods {
            for deaf in [false, true] {
                let mut attacker = Attacker::new(&siege, &[], deaf);
                let many = flood.repeat(1000);
                let thousands = (0..500).take_while(|_| attacker.send(&many)).count();
                println!("kind {:#x}, deaf {deaf}: {thousands} thousand", flood[3]);
                siege.serves_others();
            }
        }
        siege.finish("floods that want answers", 16 * MIB);
    });
}

/// Goal: a small block that unpacks into a large head (an HPACK bomb), and blocks that are
/// none.
#[test]
fn h2_header_bombs() {
    heavy("h2_header_bombs", 120, || {
        let siege = Siege::new(&[]);
        let mut attacker = Attacker::new(&siege, &[], false);
        // Literal with indexing: 62 is this header from now on.
        let mut block = get("/bomb");
        block.push(0x40);
        string(&mut block, b"x");
        string(&mut block, &[b'x'; 3900]);
        block.extend([0x80 | 62; 12_000]);
        for number in 0..20 {
            if !attacker.send(&frame(HEADERS, END_HEADERS | END_STREAM, number * 2 + 1, &block)) {
                break;
            }
        }
        let back = attacker.ask();
        println!("header bomb: {back:?}");
        assert!(!back.heads.contains(&0x88), "{back:?}");
        siege.serves_others();
        for (bad, code) in [
            (&[0x80][..], COMPRESSION_ERROR),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff], COMPRESSION_ERROR),
            (&[0x00, 0x7f, 0xff, 0xff, 0xff, 0x7f], COMPRESSION_ERROR),
        ] {
            let mut attacker = Attacker::new(&siege, &[], false);
            attacker.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, bad));
            attacker.expect_end(&format!("{bad:x?}"), code);
        }
        assert!(siege.recorder.take().iter().all(|seen| seen.target == "/others"));
        siege.finish("header bombs", 16 * MIB);
    });
}

/// Goal: RFC 9113, section 8: requests whose pseudo headers or headers are none. The worker
/// sees none of them.
#[test]
fn h2_malformed_requests() {
    heavy("h2_malformed_requests", 120, || {
        let siege = Siege::new(&[]);
        let path = literal(":path", b"/bad");
        let host = literal(":authority", b"a");
        let with = |extra: &[u8]| [&[0x82, 0x86][..], &path, &host, extra].concat();
        let cases = [
            ("8.3.1: no :path", [&[0x82, 0x86][..], &host].concat()),
            ("8.3.1: an empty :path", [&[0x82, 0x86][..], &literal(":path", b""), &host].concat()),
            ("8.3.1: no :method", [&[0x86][..], &path, &host].concat()),
            ("8.3.1: no :scheme", [&[0x82][..], &path, &host].concat()),
            ("8.3: :method twice", [&[0x82, 0x82, 0x86][..], &path, &host].concat()),
            ("8.3: an unknown one", with(&literal(":who", b"me"))),
            ("8.3: a response's", with(&literal(":status", b"200"))),
            (
                "8.3: after a header",
                [&[0x82, 0x86][..], &literal("x", b"y"), &path, &host].concat(),
            ),
            ("8.2.1: upper case", with(&literal("X", b"y"))),
            ("8.2.1: a space in a name", with(&literal("x y", b"z"))),
            ("8.2.1: a line end in a value", with(&literal("x", b"y\r\nz: a"))),
            ("8.2.1: a NUL in a value", with(&literal("x", b"y\0z"))),
            ("8.2.2: connection", with(&literal("connection", b"close"))),
            ("8.2.2: transfer-encoding", with(&literal("transfer-encoding", b"chunked"))),
            ("8.2.2: te", with(&literal("te", b"gzip"))),
            ("8.1.1: a length beside no body", with(&literal("content-length", b"5"))),
            (
                "8.3.1: a path that is none",
                [&[0x82, 0x86][..], &literal(":path", b"bad"), &host].concat(),
            ),
        ];
        for (rule, block) in cases {
            let mut attacker = Attacker::new(&siege, &[], false);
            attacker.send(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &block));
            let back = attacker.ask();
            assert!(!back.heads.contains(&0x88), "{rule}: {back:?}");
            let seen = siege.recorder.lines();
            assert!(seen.is_empty(), "{rule}: the worker saw {seen:?}");
        }
        siege.finish("malformed requests", 8 * MIB);
    });
}

/// Goal: RFC 9113, sections 4 to 6: frames that break the protocol end the connection.
#[test]
fn h2_malformed_frames() {
    heavy("h2_malformed_frames", 120, || {
        let siege = Siege::new(&[]);
        let long = vec![0; 20_000];
        for (rule, bytes, code) in [
            ("4.2: too long", frame(DATA, 0, 1, &long), FRAME_SIZE_ERROR),
            ("5.1: DATA on an idle stream", frame(DATA, 0, 1, b"x"), PROTOCOL_ERROR),
            ("5.1.1: an even stream", frame(HEADERS, 5, 2, &get("/a")), PROTOCOL_ERROR),
            ("6.1: DATA on stream 0", frame(DATA, 0, 0, b"x"), PROTOCOL_ERROR),
            ("6.5: half a setting", frame(SETTINGS, 0, 0, &[0; 5]), FRAME_SIZE_ERROR),
            ("6.7: a short PING", frame(PING, 0, 0, b"1"), FRAME_SIZE_ERROR),
            ("6.9: a window of nothing", frame(WINDOW_UPDATE, 0, 0, &[0; 4]), PROTOCOL_ERROR),
            ("6.10: CONTINUATION alone", frame(CONTINUATION, 4, 1, b""), PROTOCOL_ERROR),
        ] {
            let mut attacker = Attacker::new(&siege, &[], false);
            attacker.send(&bytes);
            attacker.expect_end(rule, code);
        }
        assert!(siege.recorder.take().is_empty());
        siege.finish("malformed frames", 8 * MIB);
    });
}

/// Goal: H20, clients that open streams for large responses and no window to send them in.
/// The hub holds little for each, and none of them for ever.
#[test]
fn h20_h2_windows_that_never_open() {
    heavy("h20_h2_windows_that_never_open", 120, || {
        let siege = Siege::new(&["--idle-timeout", "3s", "--spool-total", "8M"]);
        let large = Worker::builder(Flavor::Rust, &siege.hub).prefix("/w").threads(40);
        let _large = large.start(&siege.hub);
        let closed = [0, 4, 0, 0, 0, 0];
        let attackers: Vec<Attacker> = (0..4)
            .map(|_| {
                let mut attacker = Attacker::new(&siege, &closed, true);
                for number in 0..20_u32 {
                    let block = get("/w/download/10000000");
                    let stream = number * 2 + 1;
                    attacker.send(&frame(HEADERS, END_HEADERS | END_STREAM, stream, &block));
                }
                attacker
            })
            .collect();
        for _ in 0..10 {
            siege.serves_others();
        }
        // The limit on standing still gives all slots back while they are all connected.
        siege.finish("windows that never open", 48 * MIB);
        drop(attackers);
    });
}

/// Goal: DATA frames that hold nothing, without end.
#[test]
fn h2_empty_data() {
    heavy("h2_empty_data", 120, || {
        let siege = Siege::new(&[]);
        let mut attacker = Attacker::new(&siege, &[], false);
        let mut block = vec![0x83, 0x86];
        block.extend(literal(":path", b"/empty"));
        block.extend(literal(":authority", b"a"));
        attacker.send(&frame(HEADERS, END_HEADERS, 1, &block));
        let many = frame(DATA, 0, 1, b"").repeat(1000);
        let thousands = (0..300).take_while(|_| attacker.send(&many)).count();
        println!("empty data: {thousands} thousand, {:?}", attacker.ask().end);
        siege.finish("empty data", 16 * MIB);
    });
}
