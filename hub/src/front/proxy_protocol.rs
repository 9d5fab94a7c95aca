//! The PROXY protocol, versions 1 and 2: a proxy's first bytes, which say whose connection
//! it passes on. As in the HAProxy project's `proxy-protocol.txt`, and read strictly: who
//! sends anything else is not the proxy that was expected.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::BytesMut;
use tokio::io::AsyncReadExt;

use super::socket::Raw;

/// Whose connection it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The proxy's own, or one that it knows nothing about: the socket's address counts.
    Proxy,
    /// A client's with this address.
    Client(SocketAddr),
    /// A client's that has no address: it came by a Unix socket.
    Unix,
}

/// Why it is no header.
#[derive(Debug)]
pub(super) enum HeaderError {
    /// What came is none, with a word about where it goes wrong.
    Malformed(&'static str),
    /// It is longer than any proxy has a reason for.
    TooLong,
    /// The connection ended, or broke.
    Io(io::Error),
}

/// What the bytes so far come to.
#[derive(Debug, PartialEq, Eq)]
enum Parsed {
    /// More are needed.
    Partial,
    /// A header of so many bytes.
    Whole(Source, usize),
}

/// The longest line of version 1, its end included.
const LINE_BYTES_MAX: usize = 107;
/// What every header of version 2 begins with.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// What is before the addresses of version 2.
const FIXED_BYTES: usize = 16;
/// Bytes of addresses and additions of version 2 at most. The addresses have 216 and a
/// certificate's name is the longest addition that is in use.
const REST_BYTES_MAX: usize = 4096;

/// Reads the header. What was read beyond it is given back to the stream.
pub(super) async fn read(stream: &mut Raw) -> Result<Source, HeaderError> {
    let mut bytes = BytesMut::with_capacity(256);
    loop {
        if let Parsed::Whole(source, length) = parse(&bytes)? {
            let rest = bytes.split_off(length);
            stream.unread(rest.freeze());
            return Ok(source);
        }
        // Never past the longest header that is taken.
        if stream.read_buf(&mut bytes).await.map_err(HeaderError::Io)? == 0 {
            return Err(HeaderError::Io(io::ErrorKind::UnexpectedEof.into()));
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Parsed, HeaderError> {
    let seen = bytes.len().min(SIGNATURE.len());
    if bytes[..seen] == SIGNATURE[..seen] {
        return parse_binary(bytes);
    }
    let begin = b"PROXY ";
    let seen = bytes.len().min(begin.len());
    if bytes[..seen] != begin[..seen] {
        return Err(HeaderError::Malformed("it begins as neither version does"));
    }
    parse_line(bytes)
}

fn parse_line(bytes: &[u8]) -> Result<Parsed, HeaderError> {
    let whole = &bytes[..bytes.len().min(LINE_BYTES_MAX)];
    let Some(end) = whole.windows(2).position(|two| two == b"\r\n") else {
        return if bytes.len() < LINE_BYTES_MAX {
            Ok(Parsed::Partial)
        } else {
            Err(HeaderError::TooLong)
        };
    };
    let line = std::str::from_utf8(&bytes[..end])
        .map_err(|_| HeaderError::Malformed("its line is no text"))?;
    let mut words = line.split(' ').skip(1);
    let source = match words.next() {
        // Whatever follows is to be ignored.
        Some("UNKNOWN") => Source::Proxy,
        Some(family @ ("TCP4" | "TCP6")) => {
            let mut address = || {
                let ip: IpAddr = words.next()?.parse().ok()?;
                (ip.is_ipv4() == (family == "TCP4")).then_some(ip)
            };
            let ends = (address(), address());
            let ports = (words.next().and_then(port), words.next().and_then(port));
            match (ends, ports, words.next()) {
                ((Some(client), Some(_)), (Some(port), Some(_)), None) => {
                    Source::Client(SocketAddr::new(client, port))
                }
                _ => return Err(HeaderError::Malformed("its addresses are none")),
            }
        }
        _ => return Err(HeaderError::Malformed("its family is none of TCP4, TCP6, UNKNOWN")),
    };
    Ok(Parsed::Whole(source, end + 2))
}

/// Digits only, and no zero before others.
fn port(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

fn parse_binary(bytes: &[u8]) -> Result<Parsed, HeaderError> {
    let Some((fixed, rest)) = bytes.split_first_chunk::<FIXED_BYTES>() else {
        return Ok(Parsed::Partial);
    };
    let [.., command, family, high, low] = *fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > REST_BYTES_MAX {
        return Err(HeaderError::TooLong);
    }
    if command >> 4 != 2 {
        return Err(HeaderError::Malformed("its version is not 2"));
    }
    let Some(rest) = rest.get(..length) else { return Ok(Parsed::Partial) };
    let source = match command & 0xf {
        // A health check of the proxy itself.
        0 => Source::Proxy,
        1 => source(family, rest)?,
        _ => return Err(HeaderError::Malformed("its command is neither LOCAL nor PROXY")),
    };
    Ok(Parsed::Whole(source, FIXED_BYTES + length))
}

/// The address of the client. What follows the addresses (TLVs) is not looked at.
fn source(family: u8, rest: &[u8]) -> Result<Source, HeaderError> {
    let short = HeaderError::Malformed("its addresses are cut short");
    match family {
        0x00 => Ok(Source::Proxy),
        0x11 => {
            // Two addresses, two ports, the client's first.
            let Some(&[a, b, c, d, _, _, _, _, high, low, _, _]) = rest.first_chunk::<12>() else {
                return Err(short);
            };
            let port = u16::from_be_bytes([high, low]);
            Ok(Source::Client(SocketAddr::from((Ipv4Addr::new(a, b, c, d), port))))
        }
        0x21 => {
            let (Some(ip), Some(&[high, low, _, _])) =
                (rest.first_chunk::<16>(), rest.get(32..).and_then(|r| r.first_chunk::<4>()))
            else {
                return Err(short);
            };
            let port = u16::from_be_bytes([high, low]);
            Ok(Source::Client(SocketAddr::from((Ipv6Addr::from(*ip), port))))
        }
        0x31 if rest.len() >= 216 => Ok(Source::Unix),
        0x31 => Err(short),
        _ => Err(HeaderError::Malformed("its family is no stream's")),
    }
}

/// Reads any bytes as a header, and each of their beginnings.
#[cfg(feature = "fuzzing")]
pub(crate) fn fuzz(bytes: &[u8]) {
    let Ok(Parsed::Whole(source, length)) = parse(bytes) else { return };
    assert!(length <= bytes.len() && length <= FIXED_BYTES + REST_BYTES_MAX);
    for end in 0..length {
        assert_eq!(parse(&bytes[..end]).ok(), Some(Parsed::Partial), "its first {end} bytes");
    }
    assert_eq!(parse(&bytes[..length]).ok(), Some(Parsed::Whole(source, length)));
}

impl From<HeaderError> for io::Error {
    fn from(error: HeaderError) -> io::Error {
        match error {
            HeaderError::Io(error) => error,
            other => io::Error::new(io::ErrorKind::InvalidData, other.to_string()),
        }
    }
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeaderError::Malformed(why) => write!(f, "no header of the PROXY protocol: {why}"),
            HeaderError::TooLong => f.write_str("a header of the PROXY protocol that is too long"),
            HeaderError::Io(error) => error.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
