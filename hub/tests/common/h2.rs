//! A client of HTTP/2 with prior knowledge.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Version, request};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::WATCHDOG;

/// Runs a client on a runtime of its own, under the watchdog.
pub fn block_on<T>(client: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let client = async { timeout(WATCHDOG, client).await.expect("the client came to its end") };
    let value = runtime.block_on(client);
    runtime.shutdown_background();
    value
}

/// One connection.
#[derive(Clone)]
pub struct Session {
    authority: String,
    sender: SendRequest<Full<Bytes>>,
    connection: Arc<Mutex<Option<JoinHandle<hyper::Result<()>>>>>,
}

/// A whole response.
pub struct Reply {
    pub version: Version,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Session {
    pub async fn connect(address: SocketAddr) -> Session {
        Session::over(TcpStream::connect(address).await.unwrap(), &address.to_string()).await
    }

    pub async fn over<T>(stream: T, authority: &str) -> Session
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let io = TokioIo::new(stream);
        let (sender, connection) =
            http2::Builder::new(TokioExecutor::new()).handshake(io).await.unwrap();
        let connection = Arc::new(Mutex::new(Some(tokio::spawn(connection))));
        Session { authority: authority.to_owned(), sender, connection }
    }

    pub fn request(&self, method: Method, path: &str) -> request::Builder {
        Request::builder().method(method).uri(format!("http://{}{path}", self.authority))
    }

    pub async fn send(&self, request: request::Builder, body: impl Into<Bytes>) -> Reply {
        let response = self.response(request.body(full(body)).unwrap()).await;
        let (head, mut body) = response.into_parts();
        let body = read_all(&mut body).await.unwrap();
        Reply { version: head.version, status: head.status.as_u16(), headers: head.headers, body }
    }

    /// Up to the response's head.
    pub async fn response(&self, request: Request<Full<Bytes>>) -> Response<Incoming> {
        let mut sender = self.sender.clone();
        sender.ready().await.unwrap();
        sender.send_request(request).await.unwrap()
    }

    /// Waits until the hub has ended the connection, and gives how.
    pub async fn ended(&self) -> hyper::Result<()> {
        let connection = self.connection.lock().unwrap().take().expect("asked once");
        connection.await.unwrap()
    }
}

impl Reply {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The code of a problem.
    pub fn code(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text());
        let problem: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        problem["code"].as_str().unwrap().to_owned()
    }
}

pub fn full(body: impl Into<Bytes>) -> Full<Bytes> {
    Full::new(body.into())
}

pub async fn read_all(body: &mut Incoming) -> hyper::Result<Bytes> {
    Ok(body.collect().await?.to_bytes())
}
