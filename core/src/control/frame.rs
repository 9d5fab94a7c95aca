//! Frames: a little-endian `u32` length, then that many bytes of JSON.

use core::fmt;
use std::string::{String, ToString};
use std::vec::Vec;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A frame's body at most, in bytes: room for a registration of ten thousand routes.
pub const FRAME_BYTES_MAX: usize = 4 << 20;

const LENGTH_BYTES: usize = 4;

/// A frame that is not a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameError {
    /// The length is zero or above [`FRAME_BYTES_MAX`]; holds it.
    Length(usize),
    /// The `kind` is not one that this side knows; holds it.
    UnknownKind(String),
    /// Not JSON, or a field is missing or of a wrong type; holds what the parser said.
    Json(String),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::Length(length) => {
                write!(f, "a frame of {length} bytes; a frame has 1 to {FRAME_BYTES_MAX} bytes")
            }
            FrameError::UnknownKind(kind) => write!(f, "no message of kind {kind:?} is known"),
            FrameError::Json(what) => write!(f, "the frame is not a message: {what}"),
        }
    }
}

impl core::error::Error for FrameError {}

/// Encodes a message as one frame.
///
/// # Errors
///
/// [`FrameError::Length`] when the message is longer than a frame may be.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut frame = Vec::from([0; LENGTH_BYTES]);
    serde_json::to_writer(&mut frame, message).map_err(|e| FrameError::Json(e.to_string()))?;
    let length = frame.len() - LENGTH_BYTES;
    if length > FRAME_BYTES_MAX {
        return Err(FrameError::Length(length));
    }
    // The bound above fits a u32 many times over.
    frame[..LENGTH_BYTES].copy_from_slice(&(length as u32).to_le_bytes());
    Ok(frame)
}

/// Takes bytes as they arrive and gives whole messages.
///
/// It never holds more than one frame's worth of bytes beyond what it was just fed.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    taken: usize,
}

impl Decoder {
    /// An empty decoder.
    pub fn new() -> Decoder {
        Decoder::default()
    }

    /// Adds bytes that arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.taken > 0 {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole message, `None` when more bytes are needed.
    ///
    /// # Errors
    ///
    /// A frame that is not a message. [`FrameError::Length`] is final, because the
    /// bytes after it have no boundaries; after the others the next frame can be read.
    pub fn message<T: DeserializeOwned>(&mut self) -> Result<Option<T>, FrameError> {
        let pending = &self.buffer[self.taken..];
        let Some((prefix, rest)) = pending.split_first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*prefix) as usize;
        if length == 0 || length > FRAME_BYTES_MAX {
            return Err(FrameError::Length(length));
        }
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let message = parse(body);
        self.taken += LENGTH_BYTES + length;
        if self.taken == self.buffer.len() {
            // A registration of many routes is long, and the last long one for a while.
            self.buffer = Vec::new();
            self.taken = 0;
        }
        message.map(Some)
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, FrameError> {
    serde_json::from_slice(body).map_err(|error| {
        // serde names an unknown tag only inside a sentence; the kind itself is wanted
        // for the refusal, so look at it when the whole did not parse.
        let what = error.to_string();
        match what.starts_with("unknown variant").then(|| kind_of(body)).flatten() {
            Some(kind) => FrameError::UnknownKind(kind),
            None => FrameError::Json(what),
        }
    })
}

fn kind_of(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Tag {
        kind: String,
    }
    let mut kind = serde_json::from_slice::<Tag>(body).ok()?.kind;
    // A hostile peer's kind ends up in a log line and a reply: keep it short.
    if let Some((at, _)) = kind.char_indices().nth(64) {
        kind.truncate(at);
    }
    Some(kind)
}
