//! A raw client of the control socket: frames as bytes, and what the hub answers.

use std::io::{ErrorKind, Write};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use slotway_core::map;

/// A connection to the control socket.
#[derive(Debug)]
pub struct Control {
    stream: UnixStream,
    ahead: Vec<u8>,
    /// Descriptors that came and were not taken yet.
    pub fds: Vec<OwnedFd>,
}

/// A frame around these bytes.
pub fn frame(body: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(body.len()).expect("a short frame").to_le_bytes().to_vec();
    bytes.extend_from_slice(body);
    bytes
}

/// A proper hello.
pub fn hello() -> Value {
    json!({
        "kind": "hello", "protocol": { "min": 1, "max": 1 },
        "sdk": "test/0", "pid": std::process::id(),
    })
}

/// A registration of GET routes.
pub fn register(id: u32, name: &str, patterns: &[&str]) -> Value {
    let route = |pattern: &&str| json!({ "method": "GET", "pattern": pattern });
    let routes: Vec<Value> = patterns.iter().map(route).collect();
    json!({ "kind": "register", "id": id, "name": name, "routes": routes })
}

impl Control {
    /// Connects, and says nothing.
    pub fn open(path: &Path) -> Control {
        let stream = UnixStream::connect(path).expect("a hub that listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
        Control { stream, ahead: Vec::new(), fds: Vec::new() }
    }

    /// Connects and says hello; gives the welcome too.
    #[track_caller]
    pub fn greeted(path: &Path) -> (Control, Value) {
        let mut control = Control::open(path);
        let welcome = control.ask(&hello());
        assert_eq!(welcome["kind"], "welcome", "{welcome}");
        assert_eq!(control.fds.len(), 3, "region, hub's doorbell, worker's doorbell");
        (control, welcome)
    }

    /// Sends bytes, framed or not.
    #[track_caller]
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("a hub that reads");
    }

    /// Sends bytes to a hub that may have hung up already; gives whether they went.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Sends bytes together with descriptors, which no worker should do.
    pub fn send_with(&mut self, bytes: &[u8], fds: &[BorrowedFd<'_>]) -> bool {
        map::send(&self.stream, bytes, fds).is_ok()
    }

    /// How long a read, and a write, may wait.
    pub fn set_patience(&self, limit: Duration) {
        self.stream.set_read_timeout(Some(limit)).expect("a socket");
        self.stream.set_write_timeout(Some(limit)).expect("a socket");
    }

    /// Whether the hub has ended the connection by now. What else it said is dropped.
    pub fn is_ended(&mut self) -> bool {
        let mut bytes = [0; 4096];
        loop {
            match rustix::net::recv(&self.stream, &mut bytes, rustix::net::RecvFlags::DONTWAIT) {
                Ok((0, _)) | Err(rustix::io::Errno::CONNRESET) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    /// Sends a message and reads the next one.
    #[track_caller]
    pub fn ask(&mut self, message: &Value) -> Value {
        self.send(&frame(message.to_string().as_bytes()));
        self.read().expect("an answer")
    }

    /// Sends a message that must be refused with `code`; gives the refusal's reason.
    #[track_caller]
    pub fn refused(&mut self, message: &Value, code: &str) -> String {
        let answer = self.ask(message);
        refusal(&answer, code)
    }

    /// Reads the next message; `None` when the hub ended the connection.
    ///
    /// # Panics
    ///
    /// When nothing comes within twenty seconds.
    #[track_caller]
    pub fn read(&mut self) -> Option<Value> {
        loop {
            if let Some((prefix, rest)) = self.ahead.split_first_chunk::<4>() {
                let length = u32::from_le_bytes(*prefix) as usize;
                if let Some(body) = rest.get(..length) {
                    let message = serde_json::from_slice(body).expect("the hub speaks JSON");
                    self.ahead.drain(..4 + length);
                    return Some(message);
                }
            }
            let mut bytes = [0; 4096];
            match map::receive(&self.stream, &mut bytes, &mut self.fds) {
                Ok(0) => {
                    assert!(self.ahead.is_empty(), "a message was cut off: {:?}", self.ahead);
                    return None;
                }
                Ok(count) => self.ahead.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("the hub says nothing: {error}"),
            }
        }
    }

    /// Reads until the hub ends the connection; gives what it said before.
    #[track_caller]
    pub fn read_to_end(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.read()).collect()
    }
}

/// Checks that a message is a refusal with `code`, with a sentence; gives the sentence.
#[track_caller]
pub fn refusal(message: &Value, code: &str) -> String {
    assert_eq!(message["kind"], "refused", "{message}");
    assert_eq!(message["code"], code, "{message}");
    let reason = message["reason"].as_str().expect("a reason").to_owned();
    assert!(reason.len() > 10 && reason.contains(' '), "a sentence: {reason:?}");
    reason
}
