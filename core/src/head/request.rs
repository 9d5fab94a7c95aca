//! Request heads.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::str;

use super::fields::Cursor;
use super::{Fields, HeadError, HeadTooLong};
use crate::area::Area;

const FIXED: usize = 104;
const UNKNOWN_LENGTH: u64 = u64::MAX;
const NO_QUERY: u32 = u32::MAX;
const PEER_NONE: u8 = 0;
const PEER_V4: u8 = 4;
const PEER_V6: u8 = 6;
const TRACED: u8 = 1;

/// Where the request stands in a distributed trace (W3C Trace Context, `traceparent`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace's id.
    pub trace_id: [u8; 16],
    /// The id of the caller's span.
    pub parent_id: [u8; 8],
    /// The flags, of which bit 0 is "sampled".
    pub flags: u8,
}

/// What a request is besides its parameters, headers and body.
#[derive(Debug, Clone, Copy)]
pub struct RequestLine<'a> {
    /// The method as it was sent.
    pub method: &'a [u8],
    /// The path as it was sent, percent-encoding and all.
    pub path: &'a [u8],
    /// What follows the question mark, if there is one.
    pub query: Option<&'a [u8]>,
    /// The pattern that matched.
    pub route: &'a [u8],
    /// The number under which the worker registered that route's set.
    pub registration: u32,
    /// The route's index in that set.
    pub route_index: u32,
    /// When the answer is due, in nanoseconds of CLOCK_MONOTONIC; 0 for never.
    pub deadline_ns: u64,
    /// The body's length if it is known.
    pub content_length: Option<u64>,
    /// The version of HTTP: 10, 11 or 20.
    pub http_version: u8,
    /// Who sent it, unless it came over a Unix socket.
    pub peer: Option<SocketAddr>,
    /// The trace it belongs to.
    pub trace: Option<TraceContext>,
}

impl Default for RequestLine<'_> {
    fn default() -> Self {
        RequestLine {
            method: b"GET",
            path: b"/",
            query: None,
            route: b"/",
            registration: 0,
            route_index: 0,
            deadline_ns: 0,
            content_length: Some(0),
            http_version: 11,
            peer: None,
            trace: None,
        }
    }
}

/// Writes a request's head into an area: first every parameter, then every header.
#[derive(Debug)]
pub struct RequestEncoder<'a> {
    cursor: Cursor<'a>,
    fixed: [u8; FIXED],
    params: u16,
    headers: u16,
    params_length: u32,
}

impl<'a> RequestEncoder<'a> {
    /// Writes the line; parameters and headers follow.
    ///
    /// # Errors
    ///
    /// It does not fit.
    pub fn new(area: Area<'a>, line: &RequestLine<'_>) -> Result<RequestEncoder<'a>, HeadTooLong> {
        let too_long = HeadTooLong { area: area.len() };
        let mut cursor = Cursor::new(area, FIXED)?;
        let query = line.query.unwrap_or_default();
        for part in [line.method, line.path, query, line.route] {
            cursor.bytes(part)?;
        }
        let method_length = u16::try_from(line.method.len()).map_err(|_| too_long)?;
        // Everything else fits the area, so it fits a u32.
        let query_length = line.query.map_or(NO_QUERY, |query| query.len() as u32);
        let mut fixed = [0; FIXED];
        fixed[4..8].copy_from_slice(&line.registration.to_le_bytes());
        fixed[8..12].copy_from_slice(&line.route_index.to_le_bytes());
        fixed[16..24].copy_from_slice(&line.deadline_ns.to_le_bytes());
        fixed[24..32].copy_from_slice(&line.content_length.unwrap_or(UNKNOWN_LENGTH).to_le_bytes());
        fixed[32..36].copy_from_slice(&(line.path.len() as u32).to_le_bytes());
        fixed[36..40].copy_from_slice(&query_length.to_le_bytes());
        fixed[40..44].copy_from_slice(&(line.route.len() as u32).to_le_bytes());
        fixed[48..50].copy_from_slice(&method_length.to_le_bytes());
        fixed[50] = line.http_version;
        if let Some(peer) = line.peer {
            fixed[52..54].copy_from_slice(&peer.port().to_le_bytes());
            match peer.ip() {
                IpAddr::V4(ip) => {
                    fixed[51] = PEER_V4;
                    fixed[54..58].copy_from_slice(&ip.octets());
                }
                IpAddr::V6(ip) => {
                    fixed[51] = PEER_V6;
                    fixed[54..70].copy_from_slice(&ip.octets());
                }
            }
        }
        if let Some(trace) = line.trace {
            fixed[70] = TRACED;
            fixed[71] = trace.flags;
            fixed[72..88].copy_from_slice(&trace.trace_id);
            fixed[88..96].copy_from_slice(&trace.parent_id);
        }
        Ok(RequestEncoder { cursor, fixed, params: 0, headers: 0, params_length: 0 })
    }

    /// Appends a path parameter, decoded. Before the first header.
    ///
    /// # Errors
    ///
    /// It does not fit; the encoder stays as it was.
    pub fn param(&mut self, name: &str, value: &[u8]) -> Result<(), HeadTooLong> {
        assert_eq!(self.headers, 0, "parameters come before headers");
        let before = self.cursor.length();
        let params = self.params.checked_add(1).ok_or(HeadTooLong { area: FIXED })?;
        self.cursor.field(name.as_bytes(), value)?;
        self.params = params;
        self.params_length += self.cursor.length() - before;
        Ok(())
    }

    /// Appends a header.
    ///
    /// # Errors
    ///
    /// It does not fit; the encoder stays as it was.
    #[inline]
    pub fn header(&mut self, name: &[u8], value: &[u8]) -> Result<(), HeadTooLong> {
        let headers = self.headers.checked_add(1).ok_or(HeadTooLong { area: FIXED })?;
        self.cursor.field(name, value)?;
        self.headers = headers;
        Ok(())
    }

    /// Completes the head; gives its length.
    pub fn finish(mut self) -> u32 {
        let length = self.cursor.length();
        self.fixed[0..4].copy_from_slice(&length.to_le_bytes());
        self.fixed[12..14].copy_from_slice(&self.params.to_le_bytes());
        self.fixed[14..16].copy_from_slice(&self.headers.to_le_bytes());
        self.fixed[44..48].copy_from_slice(&self.params_length.to_le_bytes());
        self.cursor.patch(&self.fixed);
        length
    }
}

/// A request's head, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    fixed: &'a [u8; FIXED],
    method: &'a str,
    path: &'a [u8],
    query: Option<&'a [u8]>,
    route: &'a str,
    params: Fields<'a>,
    headers: Fields<'a>,
}

impl<'a> RequestHead<'a> {
    /// Reads a head, checking its every field against its bounds.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(bytes: &'a [u8]) -> Result<RequestHead<'a>, HeadError> {
        let (fixed, mut rest) =
            bytes.split_first_chunk::<FIXED>().ok_or(HeadError::Truncated(bytes.len()))?;
        let stated = u32_at(fixed, 0);
        if stated as usize != bytes.len() {
            return Err(HeadError::Length { stated, found: bytes.len() });
        }
        let mut take = |length: usize| {
            let (part, tail) = rest.split_at_checked(length).ok_or(HeadError::Overrun)?;
            rest = tail;
            Ok(part)
        };
        let method = take(usize::from(u16_at(fixed, 48)))?;
        let path = take(u32_at(fixed, 32) as usize)?;
        let query = match u32_at(fixed, 36) {
            NO_QUERY => None,
            length => Some(take(length as usize)?),
        };
        let route = take(u32_at(fixed, 40) as usize)?;
        let params = take(u32_at(fixed, 44) as usize)?;
        Ok(RequestHead {
            fixed,
            method: str::from_utf8(method).map_err(|_| HeadError::Encoding)?,
            path,
            query,
            route: str::from_utf8(route).map_err(|_| HeadError::Encoding)?,
            params: Fields::checked(params, u16_at(fixed, 12))?,
            headers: Fields::checked(rest, u16_at(fixed, 14))?,
        })
    }

    /// The method as it was sent.
    pub fn method(&self) -> &'a str {
        self.method
    }

    /// The path as it was sent, percent-encoding and all. Not empty.
    pub fn path(&self) -> &'a [u8] {
        self.path
    }

    /// What follows the question mark; `None` without one, empty for a bare one.
    pub fn query(&self) -> Option<&'a [u8]> {
        self.query
    }

    /// The pattern that matched.
    pub fn route(&self) -> &'a str {
        self.route
    }

    /// The number under which this worker registered the route's set.
    pub fn registration(&self) -> u32 {
        u32_at(self.fixed, 4)
    }

    /// The route's index in that set.
    pub fn route_index(&self) -> u32 {
        u32_at(self.fixed, 8)
    }

    /// The path's parameters, percent-decoded, in the pattern's order. Names are UTF-8,
    /// values any bytes.
    pub fn params(&self) -> Fields<'a> {
        self.params
    }

    /// The value of a parameter, its name in exactly these letters.
    pub fn param(&self, name: &str) -> Option<&'a [u8]> {
        self.params.into_iter().find(|(found, _)| *found == name.as_bytes()).map(|(_, value)| value)
    }

    /// The headers in order. Names are in lower case.
    pub fn headers(&self) -> Fields<'a> {
        self.headers
    }

    /// The first value of a header, its name in any case of letters.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers.get(name.as_bytes())
    }

    /// When the answer is due, in nanoseconds of CLOCK_MONOTONIC; `None` for never.
    pub fn deadline_ns(&self) -> Option<u64> {
        Some(u64_at(self.fixed, 16)).filter(|&deadline| deadline != 0)
    }

    /// The body's length if the client stated it.
    pub fn content_length(&self) -> Option<u64> {
        Some(u64_at(self.fixed, 24)).filter(|&length| length != UNKNOWN_LENGTH)
    }

    /// The version of HTTP: 10, 11 or 20.
    pub fn http_version(&self) -> u8 {
        self.fixed[50]
    }

    /// Who sent it, unless it came over a Unix socket.
    pub fn peer(&self) -> Option<SocketAddr> {
        let port = u16_at(self.fixed, 52);
        let ip = match self.fixed[51] {
            PEER_V4 => IpAddr::V4(Ipv4Addr::from(array_at::<4>(self.fixed, 54))),
            PEER_V6 => IpAddr::V6(Ipv6Addr::from(array_at::<16>(self.fixed, 54))),
            PEER_NONE.. => return None,
        };
        Some(SocketAddr::new(ip, port))
    }

    /// The trace it belongs to.
    pub fn trace(&self) -> Option<TraceContext> {
        (self.fixed[70] & TRACED != 0).then(|| TraceContext {
            flags: self.fixed[71],
            trace_id: array_at(self.fixed, 72),
            parent_id: array_at(self.fixed, 88),
        })
    }
}

fn array_at<const N: usize>(fixed: &[u8; FIXED], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&fixed[at..at + N]);
    bytes
}

fn u16_at(fixed: &[u8; FIXED], at: usize) -> u16 {
    u16::from_le_bytes(array_at(fixed, at))
}

fn u32_at(fixed: &[u8; FIXED], at: usize) -> u32 {
    u32::from_le_bytes(array_at(fixed, at))
}

fn u64_at(fixed: &[u8; FIXED], at: usize) -> u64 {
    u64::from_le_bytes(array_at(fixed, at))
}
