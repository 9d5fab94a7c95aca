//! A body on its way through an encoder.

use std::fmt;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use compression_codecs::brotli::params::EncoderParams;
use compression_codecs::core::Level;
use compression_codecs::core::util::{PartialBuffer, WriteBuffer};
use compression_codecs::zstd::params::CParameter;
use compression_codecs::{BrotliEncoder, EncodeV2, GzipEncoder, ZstdEncoder};
use http_body::Frame;

use super::accept::Coding;
use crate::front::body::{BodyError, Kind};
use crate::gate::Pass;

/// Bytes that are compressed, or come out, at a time.
const PIECE_BYTES: usize = 16 << 10;
/// How far back an encoder looks, as a power of two. Together with its tables that is the
/// memory of one response, less than 1 MiB.
const WINDOW_LOG: u32 = 17;

/// A body that is compressed as it is read.
pub(crate) struct Compressed {
    body: Kind,
    encoder: Box<dyn EncodeV2 + Send>,
    /// What came of the body and is not in the encoder.
    input: Bytes,
    /// Where the encoder writes.
    output: Box<[u8]>,
    state: State,
    /// One of those that are compressed at a time.
    _pass: Pass,
}

/// What the encoder has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing that could be sent.
    Clean,
    /// Something that was not sent.
    Dirty,
    /// Something that is on its way out because the body pauses.
    Flushing,
    /// The body's end.
    Finishing,
    /// Nothing more, ever.
    Finished,
}

impl Compressed {
    pub(super) fn new(body: Kind, coding: Coding, pass: Pass) -> Compressed {
        let encoder: Box<dyn EncodeV2 + Send> = match coding {
            Coding::Gzip => Box::new(GzipEncoder::new(Level::Precise(5).into())),
            Coding::Brotli => {
                let params = EncoderParams::default().quality(Level::Precise(4));
                Box::new(BrotliEncoder::new(params.window_size(WINDOW_LOG as i32)))
            }
            Coding::Zstd => {
                let (hash, chain) = (WINDOW_LOG - 2, WINDOW_LOG - 2);
                let params = [
                    CParameter::window_log(WINDOW_LOG),
                    CParameter::hash_log(hash),
                    CParameter::chain_log(chain),
                ];
                Box::new(ZstdEncoder::new_with_params(3, &params))
            }
        };
        Compressed {
            body,
            encoder,
            input: Bytes::new(),
            output: vec![0; PIECE_BYTES].into(),
            state: State::Clean,
            _pass: pass,
        }
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.state == State::Finished
    }

    pub(crate) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        loop {
            if self.state == State::Clean || self.state == State::Dirty {
                if !self.input.is_empty() {
                    // A worker that sends without a pause is sent on by the encoder itself.
                    match self.work() {
                        Ok(bytes) if bytes.is_empty() => continue,
                        bytes => return Poll::Ready(Some(bytes.map(Frame::data))),
                    }
                }
                match self.body.poll_frame(cx) {
                    Poll::Ready(Some(Ok(frame))) => {
                        // Trailers have no place in an exchange.
                        self.input = frame.into_data().unwrap_or_default();
                        continue;
                    }
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                    Poll::Ready(None) => self.state = State::Finishing,
                    Poll::Pending if self.state == State::Clean => return Poll::Pending,
                    Poll::Pending => self.state = State::Flushing,
                }
            }
            if self.state == State::Finished {
                return Poll::Ready(None);
            }
            match self.work() {
                Ok(bytes) if bytes.is_empty() => {}
                bytes => return Poll::Ready(Some(bytes.map(Frame::data))),
            }
        }
    }

    /// One step of the encoder; gives what came out of it.
    fn work(&mut self) -> Result<Bytes, BodyError> {
        let mut buffer = WriteBuffer::new_initialized(&mut self.output);
        match self.state {
            State::Clean | State::Dirty => {
                let piece = &self.input[..self.input.len().min(PIECE_BYTES)];
                let mut input = PartialBuffer::new(piece);
                self.encoder.encode(&mut input, &mut buffer).map_err(BodyError::Encoder)?;
                let taken = input.written_len();
                self.input.advance(taken);
                self.state = State::Dirty;
            }
            State::Flushing => {
                if self.encoder.flush(&mut buffer).map_err(BodyError::Encoder)? {
                    self.state = State::Clean;
                }
            }
            State::Finishing => {
                if self.encoder.finish(&mut buffer).map_err(BodyError::Encoder)? {
                    self.state = State::Finished;
                }
            }
            State::Finished => {}
        }
        let length = buffer.written_len();
        Ok(Bytes::copy_from_slice(&self.output[..length]))
    }
}

impl fmt::Debug for Compressed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressed").field("state", &self.state).finish_non_exhaustive()
    }
}
