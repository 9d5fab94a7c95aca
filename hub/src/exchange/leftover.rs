//! What is left of a body that nobody wants, when its answer is there already.
//!
//! Over HTTP/2 a stream whose request is dropped before its end is reset. That is allowed
//! after a whole response (RFC 9113, section 8.1), but clients are known to throw the
//! response away with the stream; most of all one whose small body is still under way
//! would never learn why it was refused. So it is read and thrown away first, for a while.
//! (HTTP/1 has no such reset; there hyper reads on, or the connection lingers.)

use std::pin::Pin;
use std::time::Duration;

use http::Version;
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::timeout;

/// How long, and how many bytes at most: as HTTP/1 lingers.
const TIME: Duration = Duration::from_secs(5);
const BYTES: usize = 64 << 20;

/// Reads what may still come, and drops it.
pub(crate) fn drain(mut body: Incoming, version: Version) {
    if version != Version::HTTP_2 || body.is_end_stream() {
        return;
    }
    tokio::spawn(timeout(TIME, async move {
        let mut left = BYTES;
        while let Some(Ok(frame)) = Pin::new(&mut body).frame().await {
            let length = frame.data_ref().map_or(0, |data| data.len());
            let Some(rest) = left.checked_sub(length) else { return };
            left = rest;
        }
    }));
}
