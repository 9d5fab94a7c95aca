//! What people do today: axum in front, the service behind it on a Unix socket, HTTP twice.
//!
//! `axum-proxy PATH` passes every request on to the server at PATH, over connections that
//! are kept and with bodies that stream both ways, and prints the address that it took.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::{Authority, PathAndQuery, Scheme};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::serve::ListenerExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::Connect;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, UnixStream};
use tower::service_fn;

/// Passes one request on, and its answer back.
async fn pass<C>(State(client): State<Client<C, Body>>, mut request: Request) -> Response
where
    C: Connect + Clone + Send + Sync + 'static,
{
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    // The connector knows only one way, but requests without a host cannot be pooled.
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(Authority::from_static("service"));
    parts.path_and_query.get_or_insert_with(|| PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from_parts(parts).expect("scheme, host and path");
    match client.request(request).await {
        Ok(answer) => answer.into_response(),
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let path = std::env::args_os().nth(1).map(PathBuf::from);
    let path: Arc<PathBuf> = Arc::new(path.ok_or_else(|| io::Error::other("axum-proxy PATH"))?);
    let connector = service_fn(move |_: Uri| {
        let path = path.clone();
        Box::pin(async move { UnixStream::connect(&*path).await.map(TokioIo::new) })
    });
    let client = Client::builder(TokioExecutor::new()).build::<_, Body>(connector);
    let app = Router::new().fallback(pass).with_state(client);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("axum-proxy: listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|socket| {
        // As the hub does, so that both pay the same.
        let _ = socket.set_nodelay(true);
    });
    axum::serve(listener, app).await
}
