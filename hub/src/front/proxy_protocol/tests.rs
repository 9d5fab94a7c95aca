use super::*;

fn whole(bytes: &[u8]) -> (Source, usize) {
    match parse(bytes) {
        Ok(Parsed::Whole(source, length)) => (source, length),
        other => panic!("{other:?}: {}", bytes.escape_ascii()),
    }
}

fn client(address: &str) -> Source {
    Source::Client(address.parse().unwrap())
}

/// A header of version 2.
fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [&SIGNATURE[..], &[command, family], &length, rest].concat()
}

const V4: [u8; 12] = [192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 0x04, 0x01, 0xbb];

#[test]
fn lines_of_version_1_are_read() {
    let line = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\nGET / HTTP/1.1\r\n";
    assert_eq!(whole(line), (client("192.0.2.7:56324"), 45));
    let line = b"PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n";
    assert_eq!(whole(line), (client("[2001:db8::7]:56324"), line.len()));
    assert_eq!(whole(b"PROXY UNKNOWN\r\n"), (Source::Proxy, 15));
    assert_eq!(whole(b"PROXY UNKNOWN ffff::1 what ever\r\nx").0, Source::Proxy);
}

#[test]
fn headers_of_version_2_are_read() {
    assert_eq!(whole(&binary(0x21, 0x11, &V4)), (client("192.0.2.7:56324"), 28));
    let with_additions = [&V4[..], &[0x03, 0, 4, 1, 2, 3, 4]].concat();
    assert_eq!(whole(&binary(0x21, 0x11, &with_additions)), (client("192.0.2.7:56324"), 35));
    let mut v6 = [0; 36];
    v6[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
    v6[15] = 7;
    v6[32..34].copy_from_slice(&[0xdc, 0x04]);
    assert_eq!(whole(&binary(0x21, 0x21, &v6)).0, client("[2001:db8::7]:56324"));
    assert_eq!(whole(&binary(0x21, 0x31, &[0; 216])).0, Source::Unix);
    // The proxy asks for itself; what it says of addresses does not count.
    assert_eq!(whole(&binary(0x20, 0x11, &V4)).0, Source::Proxy);
    assert_eq!(whole(&binary(0x20, 0x00, &[])), (Source::Proxy, 16));
    assert_eq!(whole(&binary(0x21, 0x00, &[9; 30])).0, Source::Proxy);
}

#[test]
fn every_beginning_of_a_header_waits_for_more() {
    let long = [&V4[..], &[0x04, 0, 200], &[0; 200]].concat();
    let headers = [
        b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n".to_vec(),
        b"PROXY UNKNOWN\r\n".to_vec(),
        binary(0x21, 0x11, &V4),
        binary(0x21, 0x11, &long),
    ];
    for header in headers {
        for length in 0..header.len() {
            assert_eq!(parse(&header[..length]).unwrap(), Parsed::Partial, "{length}");
        }
        assert_eq!(whole(&header).1, header.len());
    }
}

#[test]
fn anything_else_is_refused() {
    let refused = |bytes: &[u8]| {
        let shown = bytes.escape_ascii();
        assert!(parse(bytes).is_err(), "{shown}");
    };
    refused(b"G");
    refused(b"GET / HTTP/1.1\r\n\r\n");
    refused(b"PROXY\r\n");
    refused(b"PROXY  TCP4 192.0.2.7 198.51.100.1 56324 443\r\n");
    refused(b"PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n");
    refused(b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 443 \r\n");
    refused(b"PROXY TCP4 192.0.2.7 198.51.100.1 +56324 443\r\n");
    refused(b"PROXY TCP4 192.0.2.7 198.51.100.1 056324 443\r\n");
    refused(b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n");
    refused(b"PROXY TCP4 2001:db8::7 2001:db8::1 56324 443\r\n");
    refused(b"PROXY TCP6 192.0.2.7 198.51.100.1 56324 443\r\n");
    refused(b"PROXY TCP4 192.0.2.256 198.51.100.1 56324 443\r\n");
    refused(b"PROXY UDP4 192.0.2.7 198.51.100.1 56324 443\r\n");
    refused(&[b"PROXY UNKNOWN ".as_slice(), &[b'x'; 100]].concat());
    refused(&binary(0x11, 0x11, &V4));
    refused(&binary(0x22, 0x11, &V4));
    refused(&binary(0x21, 0x12, &V4));
    refused(&binary(0x21, 0x11, &V4[..11]));
    refused(&binary(0x21, 0x21, &V4));
    refused(&binary(0x21, 0x31, &V4));
    // Before the bytes that it announces have come.
    refused(&[&SIGNATURE[..], &[0x21, 0x11, 0xff, 0xff]].concat());
}
