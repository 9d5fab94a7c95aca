//! How a command reaches the admin surface of a hub that runs.

use std::fmt;
use std::future::Future;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::{TcpStream, UnixStream};

use crate::admin::Token;
use crate::control::ControlPath;

/// Bytes of an answer that is no stream.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// Where the admin surface is.
#[derive(Debug, Clone, Args)]
pub(super) struct Surface {
    /// Admin surface of the hub: the path of its Unix socket, or http://ADDRESS. Without it,
    /// admin.sock beside the control socket that SLOTWAY_HUB or the default names.
    #[arg(long, env = "SLOTWAY_ADMIN", value_name = "WHERE")]
    admin: Option<String>,

    /// File with the token that an admin surface on a TCP address asks for.
    #[arg(long, env = "SLOTWAY_ADMIN_TOKEN_FILE", value_name = "FILE")]
    admin_token_file: Option<PathBuf>,
}

/// Why a command could not do its work, in words for whoever gave it.
#[derive(Debug)]
pub(super) enum Failure {
    /// There is no hub, or it cannot be spoken to.
    Unreachable(String),
    /// The hub said no.
    Refused(String),
    /// The connection ended before the answer did.
    Broken(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Unreachable(words) | Failure::Refused(words) | Failure::Broken(words) => {
                f.write_str(words)
            }
        }
    }
}

/// One place to connect to.
enum Place {
    Socket(PathBuf),
    Tcp { authority: String, address: String },
}

impl Surface {
    fn place(&self) -> Result<Place, Failure> {
        let Some(text) = &self.admin else {
            let control = match std::env::var_os("SLOTWAY_HUB").filter(|path| !path.is_empty()) {
                Some(path) => ControlPath::given(path.into()),
                None => ControlPath::default_path(),
            };
            return Ok(Place::Socket(control.beside("admin.sock").path().to_owned()));
        };
        if !text.contains("://") {
            return Ok(Place::Socket(text.strip_prefix("unix:").unwrap_or(text).into()));
        }
        let uri = text.parse::<Uri>().ok().filter(|uri| uri.scheme_str() == Some("http"));
        let authority = uri.as_ref().and_then(Uri::authority).filter(|a| a.port().is_some());
        let Some(authority) = authority else {
            return Err(Failure::Unreachable(format!(
                "--admin {text:?} is no place of an admin surface; write the path of its socket, \
 or http://127.0.0.1:PORT"
            )));
        };
        let authority = authority.as_str().to_owned();
        Ok(Place::Tcp { address: authority.clone(), authority })
    }

    /// Sends one request and gives what answers it. An answer that is no success is a
    /// failure with the words of its problem.
    pub(super) async fn send<B>(
        &self,
        method: Method,
        target: &str,
        content_type: Option<&'static str>,
        body: B,
    ) -> Result<Response<Incoming>, Failure>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let answer = self.ask(method, target, content_type, body).await?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let body = read(answer).await.unwrap_or_default();
        Err(Failure::Refused(words_of(status, &body)))
    }

    /// What is at a path, whole; `None` when this hub has no such path.
    pub(super) async fn get(&self, target: &str) -> Result<Option<Bytes>, Failure> {
        let answer = self.ask(Method::GET, target, None, Empty::<Bytes>::new()).await?;
        let status = answer.status();
        let body = read(answer).await?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => Ok(Some(body)),
            status => Err(Failure::Refused(words_of(status, &body))),
        }
    }

    /// Sends one request and gives what answers it, whatever that is.
    async fn ask<B>(
        &self,
        method: Method,
        target: &str,
        content_type: Option<&'static str>,
        body: B,
    ) -> Result<Response<Incoming>, Failure>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut request = Request::builder().method(method).uri(target);
        if let Some(kind) = content_type {
            request = request.header(CONTENT_TYPE, kind);
        }
        self.send_request(request, body).await
    }

    /// Sends one request and gives what answers it, whatever its status.
    pub(super) async fn send_request<B>(
        &self,
        request: http::request::Builder,
        body: B,
    ) -> Result<Response<Incoming>, Failure>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let place = self.place()?;
        let mut request = request.header(ACCEPT, "*/*");
        if let Some(path) = &self.admin_token_file {
            let token = Token::read(path).map_err(Failure::Unreachable)?;
            request = request.header(AUTHORIZATION, token.bearer());
        }
        match place {
            Place::Socket(path) => {
                let stream = UnixStream::connect(&path).await.map_err(|error| {
                    Failure::Unreachable(format!(
                        "no hub answers on {}: {error}; start one with `slotway hub`, or name its \
 admin socket with --admin",
                        path.display()
                    ))
                })?;
                exchange(TokioIo::new(stream), request.header(HOST, "localhost"), body).await
            }
            Place::Tcp { authority, address } => {
                let stream = TcpStream::connect(&address).await.map_err(|error| {
                    Failure::Unreachable(format!("no hub answers on {address}: {error}"))
                })?;
                exchange(TokioIo::new(stream), request.header(HOST, authority), body).await
            }
        }
    }
}

async fn exchange<S, B>(
    stream: TokioIo<S>,
    request: http::request::Builder,
    body: B,
) -> Result<Response<Incoming>, Failure>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let broken = |error: hyper::Error| Failure::Broken(format!("the hub broke off: {error}"));
    let request = request
        .body(body)
        .map_err(|error| Failure::Refused(format!("this is no request: {error}")))?;
    let (mut sender, connection) = http1::handshake(stream).await.map_err(broken)?;
    // Ends with the answer's last byte.
    tokio::spawn(connection);
    sender.send_request(request).await.map_err(broken)
}

/// Reads an answer that is no stream.
pub(super) async fn read(answer: Response<Incoming>) -> Result<Bytes, Failure> {
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    body.map(|body| body.to_bytes())
        .map_err(|error| Failure::Broken(format!("the hub's answer broke off: {error}")))
}

/// The words of a problem, or of whatever else answered.
pub(super) fn words_of(status: StatusCode, body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Told {
        detail: String,
    }
    match serde_json::from_slice::<Told>(body) {
        Ok(told) => told.detail,
        Err(_) => format!("the hub answered {status}"),
    }
}

/// Runs a command that talks to a hub. Exit code 0: done; 1: it could not be done, and
/// standard error says why.
pub(super) fn run(command: impl Future<Output = Result<(), Failure>>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let done = match runtime {
        Ok(runtime) => {
            let done = runtime.block_on(command);
            // A thread may still wait for a line of standard input that nobody needs now.
            runtime.shutdown_background();
            done
        }
        Err(error) => Err(Failure::Unreachable(format!("cannot start: {error}"))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "slotway: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// A pair of a query, percent-encoded.
pub(super) fn pair(query: &mut String, name: &str, value: &str) {
    let encoded = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
    query.push(if query.contains('?') { '&' } else { '?' });
    query.push_str(&format!("{name}={encoded}"));
}

impl Token {
    /// The header that carries it.
    fn bearer(&self) -> HeaderValue {
        let mut value = Vec::from(b"Bearer ");
        value.extend_from_slice(self.secret());
        // A token is visible ASCII.
        let mut value =
            HeaderValue::from_bytes(&value).unwrap_or_else(|_| HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }
}
