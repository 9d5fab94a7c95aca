//! What workers print, in the log: a record for each line, with the instance's name.

use tokio::io::{AsyncRead, AsyncReadExt};
use tracing::info;

/// Bytes of a line in one record; what is longer goes on in the next.
const LINE_BYTES_MAX: usize = 8 << 10;

/// Logs what comes until the end. The records' target is `worker`, so that a filter can tell
/// them from the hub's own: `info,worker=off`.
pub(super) async fn follow(
    mut from: impl AsyncRead + Unpin,
    instance: String,
    pid: u32,
    stream: &'static str,
) {
    let mut lines = Lines::default();
    let mut bytes = [0; LINE_BYTES_MAX];
    let tell = |line: &str| info!(target: "worker", instance, pid, stream, "{line}");
    // An error is the end as well: nobody can write there any more.
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        lines.feed(&bytes[..count], tell);
    }
    lines.end(tell);
}

/// Cuts bytes into lines.
#[derive(Debug, Default)]
struct Lines {
    /// The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
}

impl Lines {
    fn feed(&mut self, bytes: &[u8], mut tell: impl FnMut(&str)) {
        let mut parts = bytes.split(|&byte| byte == b'\n');
        // The last part has no end yet; there always is one.
        let last = parts.next_back().unwrap_or_default();
        for part in parts {
            self.add(part, &mut tell);
            let line = std::mem::take(&mut self.rest);
            tell(&text(&line));
        }
        self.add(last, &mut tell);
    }

    fn add(&mut self, mut part: &[u8], mut tell: impl FnMut(&str)) {
        while self.rest.len() + part.len() > LINE_BYTES_MAX {
            let (now, later) = part.split_at(LINE_BYTES_MAX - self.rest.len());
            self.rest.extend_from_slice(now);
            let whole = whole(&self.rest);
            tell(&text(&self.rest[..whole]));
            self.rest.drain(..whole);
            part = later;
        }
        self.rest.extend_from_slice(part);
    }

    fn end(&mut self, mut tell: impl FnMut(&str)) {
        let line = std::mem::take(&mut self.rest);
        if !line.is_empty() {
            tell(&text(&line));
        }
    }
}

fn text(line: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line))
}

/// How many of the bytes end with a whole character, if they are text at all.
fn whole(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        // It only lacks its end.
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => error.valid_up_to(),
        _ => bytes.len(),
    }
}

#[cfg(test)]
mod tests;
