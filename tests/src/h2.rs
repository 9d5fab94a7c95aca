//! HTTP/2, one frame's worth at a time: a client of the `h2` crate behind calls that block,
//! so that cases read like those of HTTP/1.1 and still see resets, windows and GOAWAYs.
//!
//! ```no_run
//! # let hub = slotway_tests::Hub::start();
//! use slotway_tests::h2::Session;
//!
//! let session = Session::open(hub.address).expect("a hub that listens");
//! let response = session.exchange(session.request("GET", "/hello/you"), b"").expect("an answer");
//! assert_eq!(response.expect(200).text(), "hello, you");
//! ```

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
pub use h2::client::Builder;
use h2::client::{ResponseFuture, SendRequest};
pub use h2::{Error, Reason};
use h2::{RecvStream, SendStream};
use http::Request;
pub use http::request::Builder as Ask;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::http::{Head, Response};

/// A call waits at most this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Drives every session of the program.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().expect("a runtime")
});

/// Waits for a future of this module's runtime.
///
/// # Panics
///
/// When it takes longer than every wait of a client may.
#[track_caller]
pub fn wait<T>(what: &str, future: impl Future<Output = T>) -> T {
    let patient = async { tokio::time::timeout(PATIENCE, future).await };
    RUNTIME.block_on(patient).unwrap_or_else(|_| panic!("waited {PATIENCE:?} in vain for {what}"))
}

/// One connection with as many streams as one likes. Clones share it.
#[derive(Clone)]
pub struct Session {
    sender: SendRequest<Bytes>,
    origin: String,
    connection: Arc<Mutex<Option<Driver>>>,
}

/// What drives the connection, and how it ended.
type Driver = JoinHandle<Result<(), Error>>;

/// One request in the middle of being sent and answered. Dropping it resets the stream.
pub struct Stream {
    answer: Option<ResponseFuture>,
    sending: SendStream<Bytes>,
    body: Option<RecvStream>,
}

/// A window that a client means well with.
pub fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.initial_window_size(1 << 20).initial_connection_window_size(16 << 20);
    builder
}

impl Session {
    /// Connects over TCP, with prior knowledge.
    pub fn open(address: SocketAddr) -> io::Result<Session> {
        Session::with(address, &builder())
    }

    /// The same with other settings.
    pub fn with(address: SocketAddr, builder: &Builder) -> io::Result<Session> {
        let stream = wait("a connection", tokio::net::TcpStream::connect(address))?;
        stream.set_nodelay(true)?;
        Session::over(stream, &format!("http://{address}"), builder)
    }

    /// Connects to a Unix socket, with prior knowledge.
    pub fn open_unix(path: &Path) -> io::Result<Session> {
        let stream = wait("a connection", tokio::net::UnixStream::connect(path))?;
        Session::over(stream, "http://test", &builder())
    }

    /// Speaks over what is connected already. `origin` goes before every path.
    pub fn over<T>(stream: T, origin: &str, builder: &Builder) -> io::Result<Session>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let handshake = builder.handshake::<T, Bytes>(stream);
        let (sender, connection) = wait("a handshake", handshake).map_err(io::Error::other)?;
        let connection = RUNTIME.spawn(connection);
        Ok(Session {
            sender,
            origin: origin.to_owned(),
            connection: Arc::new(Mutex::new(Some(connection))),
        })
    }

    /// A request to this session's origin.
    pub fn request(&self, method: &str, path: &str) -> Ask {
        Request::builder().method(method).uri(format!("{}{path}", self.origin))
    }

    /// Sends a request's head. `end`: it has no body.
    #[track_caller]
    pub fn start(&self, request: Ask, end: bool) -> Result<Stream, Error> {
        let request = request.body(()).expect("a request that can be");
        let mut sender = wait("room for a stream", self.sender.clone().ready())?;
        let (answer, sending) = sender.send_request(request, end)?;
        Ok(Stream { answer: Some(answer), sending, body: None })
    }

    /// Sends a whole request and reads its whole response.
    #[track_caller]
    pub fn exchange(&self, request: Ask, body: &[u8]) -> Result<Response, Error> {
        let mut stream = self.start(request, body.is_empty())?;
        if !body.is_empty() {
            stream.send(body, true)?;
        }
        stream.response()
    }

    /// A GET.
    #[track_caller]
    pub fn get(&self, path: &str) -> Result<Response, Error> {
        self.exchange(self.request("GET", path), b"")
    }

    /// Waits until the connection is over; gives how. A GOAWAY without an error is `Ok`.
    #[track_caller]
    pub fn ended(&self) -> Result<(), Error> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        wait("the end of the connection", connection.expect("asked once")).expect("no panic")
    }

    /// Hangs up at once, whatever is in flight.
    pub fn hang_up(&self) {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(connection) = connection {
            connection.abort();
            let _ = wait("the end of the connection", connection);
        }
    }
}

impl Stream {
    /// Sends a piece of the body, as windows open. `end`: the last one.
    #[track_caller]
    pub fn send(&mut self, mut bytes: &[u8], end: bool) -> Result<(), Error> {
        if bytes.is_empty() {
            return self.sending.send_data(Bytes::new(), end);
        }
        while !bytes.is_empty() {
            self.sending.reserve_capacity(bytes.len());
            let room = wait("a window", poll_fn(|cx| self.sending.poll_capacity(cx)));
            let room = room.unwrap_or(Err(Reason::STREAM_CLOSED.into()))?.min(bytes.len());
            let (piece, rest) = bytes.split_at(room);
            self.sending.send_data(Bytes::copy_from_slice(piece), end && rest.is_empty())?;
            bytes = rest;
        }
        Ok(())
    }

    /// Reads the response's head.
    #[track_caller]
    pub fn head(&mut self) -> Result<Head, Error> {
        let answer = self.answer.take().expect("asked once");
        let (parts, body) = wait("a response's head", answer)?.into_parts();
        self.body = Some(body);
        let headers = parts.headers.iter();
        Ok(Head {
            version: format!("{:?}", parts.version),
            status: parts.status.as_u16(),
            headers: headers.map(|(n, v)| (n.to_string(), v.as_bytes().to_vec())).collect(),
        })
    }

    /// Reads what comes next of the body, and opens the window again by as much; `None` at
    /// its end. After the head only.
    #[track_caller]
    pub fn read(&mut self) -> Result<Option<Bytes>, Error> {
        let body = self.body.as_mut().expect("a head before a body");
        let Some(bytes) = wait("more of the body", body.data()) else { return Ok(None) };
        let bytes = bytes?;
        body.flow_control().release_capacity(bytes.len())?;
        Ok(Some(bytes))
    }

    /// Reads the whole response.
    #[track_caller]
    pub fn response(mut self) -> Result<Response, Error> {
        let head = self.head()?;
        let mut body = Vec::new();
        while let Some(bytes) = self.read()? {
            body.extend_from_slice(&bytes);
        }
        Ok(Response { head, body })
    }

    /// Sends RST_STREAM.
    pub fn reset(&mut self, reason: Reason) {
        self.sending.send_reset(reason);
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("id", &self.sending.stream_id()).finish_non_exhaustive()
    }
}
