//! The ceiling: axum answering by itself, on an address that it prints. `plain-axum PATH`
//! does so on a Unix socket at PATH, as the service behind a proxy.

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::routing::{get, post};
use tokio::net::{TcpListener, UnixListener};

async fn hello(Path(name): Path<String>) -> String {
    format!("Hello, {name}!\n")
}

async fn echo(body: Bytes) -> Bytes {
    body
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = Router::new().route("/hello/{name}", get(hello)).route("/echo", post(echo));
    if let Some(path) = std::env::args_os().nth(1) {
        let listener = UnixListener::bind(&path)?;
        println!("plain-axum: listening on {}", path.display());
        return axum::serve(listener, app).await;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("plain-axum: listening on http://{}", listener.local_addr()?);
    let listener = axum::serve::ListenerExt::tap_io(listener, |socket| {
        // As the hub does, so that both pay the same.
        let _ = socket.set_nodelay(true);
    });
    axum::serve(listener, app).await
}
