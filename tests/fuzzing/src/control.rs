//! Bytes on the control socket.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use slotway_core::control::{Decoder, FrameError, HubMessage, Pattern, WorkerMessage, encode};

/// Frames from whoever connected, in pieces. A message that is read is one that can be said
/// again, and means the same then.
///
/// The first byte says how long the pieces are.
pub fn control(data: &[u8]) {
    let Some((&size, bytes)) = data.split_first() else { return };
    let size = usize::from(size) + 1;
    let of_worker = messages::<WorkerMessage>(bytes, size);
    for message in &of_worker {
        again(message);
        if let WorkerMessage::Register(register) = message {
            for route in &register.routes {
                patterns(&route.pattern);
            }
        }
    }
    messages::<HubMessage>(bytes, size).iter().for_each(again);
    // Pieces do not matter.
    assert_eq!(of_worker, messages::<WorkerMessage>(bytes, bytes.len().max(1)));
    if let Ok(text) = std::str::from_utf8(bytes) {
        patterns(text);
    }
}

fn messages<T: Message>(bytes: &[u8], size: usize) -> Vec<T> {
    let mut decoder = Decoder::new();
    let mut messages = Vec::new();
    for piece in bytes.chunks(size) {
        decoder.feed(piece);
        loop {
            match decoder.message() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                // What follows has no boundaries.
                Err(FrameError::Length(_)) => return messages,
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
    }
    messages
}

fn again<T: Message>(message: &T) {
    let frame = encode(message).expect("what was read is short enough");
    assert_eq!(&messages::<T>(&frame, frame.len()), std::slice::from_ref(message));
}

/// A pattern that parses keeps its text, and that text parses again.
fn patterns(text: &str) {
    match Pattern::parse(text) {
        Ok(pattern) => assert_eq!(Pattern::parse(text), Ok(pattern)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// What both kinds of messages can do.
trait Message: Serialize + DeserializeOwned + Debug + PartialEq {}

impl Message for WorkerMessage {}
impl Message for HubMessage {}
