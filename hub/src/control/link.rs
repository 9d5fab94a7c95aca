//! One control connection as a sequence of messages.

use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use slotway_core::control::{
    Decoder, FrameError, HubMessage, RefusalCode, Refused, WorkerMessage, encode,
};
use slotway_core::map::send;
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::time::timeout;

/// Bytes that are read at a time. Together with the longest frame this bounds what a
/// connection can make the hub hold.
const READ_BYTES: usize = 8 << 10;

/// A connection to a worker.
#[derive(Debug)]
pub(super) struct Link {
    stream: UnixStream,
    decoder: Decoder,
    /// How long the worker may take to take a message.
    patience: Duration,
}

/// Why there is no next message.
#[derive(Debug)]
pub(super) enum LinkError {
    /// The worker closed the connection.
    Ended,
    /// What came is not a message.
    Frame(FrameError),
    /// What the system said.
    Io(io::Error),
    /// The worker does not read what the hub says.
    Deaf,
}

impl Link {
    pub(super) fn new(stream: UnixStream, patience: Duration) -> Link {
        Link { stream, decoder: Decoder::new(), patience }
    }

    /// The next message. May be dropped and called again without losing any.
    pub(super) async fn receive(&mut self) -> Result<WorkerMessage, LinkError> {
        loop {
            match self.decoder.message() {
                Ok(Some(message)) => return Ok(message),
                Ok(None) => {}
                Err(error) => return Err(LinkError::Frame(error)),
            }
            // Descriptors that a worker sends along are closed by the kernel: a plain read
            // does not take them.
            self.stream.readable().await.map_err(LinkError::Io)?;
            // On the stack and only now: most of a worker's life it says nothing.
            let mut buffer = [0; READ_BYTES];
            match self.stream.try_read(&mut buffer) {
                Ok(0) => return Err(LinkError::Ended),
                Ok(count) => self.decoder.feed(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    return Err(LinkError::Ended);
                }
                Err(error) => return Err(LinkError::Io(error)),
            }
        }
    }

    /// Says something.
    pub(super) async fn send(&mut self, message: &HubMessage) -> Result<(), LinkError> {
        self.send_with(message, &[]).await
    }

    /// Says something and hands descriptors over with its first byte.
    pub(super) async fn send_with(
        &mut self,
        message: &HubMessage,
        fds: &[BorrowedFd<'_>],
    ) -> Result<(), LinkError> {
        let frame = encode(message).map_err(LinkError::Frame)?;
        let stream = &mut self.stream;
        let write = async {
            let mut sent = 0;
            while !fds.is_empty() && sent == 0 {
                stream.writable().await?;
                match stream.try_io(Interest::WRITABLE, || send(&*stream, &frame, fds)) {
                    Ok(count) => sent = count,
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            stream.write_all(&frame[sent..]).await
        };
        match timeout(self.patience, write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(LinkError::Io(error)),
            Err(_) => Err(LinkError::Deaf),
        }
    }

    /// Refuses a registration, or without an `id` the connection.
    pub(super) async fn refuse(
        &mut self,
        id: Option<u32>,
        code: RefusalCode,
        reason: String,
    ) -> Result<(), LinkError> {
        self.send(&HubMessage::Refused(Refused { id, subscription: None, code, reason })).await
    }

    /// Refuses a subscription.
    pub(super) async fn refuse_subscription(
        &mut self,
        id: u32,
        code: RefusalCode,
        reason: String,
    ) -> Result<(), LinkError> {
        let subscription = Some(id);
        self.send(&HubMessage::Refused(Refused { id: None, subscription, code, reason })).await
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkError::Ended => f.write_str("the worker closed the connection"),
            LinkError::Frame(error) => error.fmt(f),
            LinkError::Io(error) => error.fmt(f),
            LinkError::Deaf => f.write_str("the worker does not read its control socket"),
        }
    }
}
