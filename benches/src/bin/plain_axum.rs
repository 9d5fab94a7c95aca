//! The ceiling: axum answering by itself, on an address that it prints.

use axum::Router;
use axum::routing::get;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = Router::new().route("/hello/{name}", get(async || "hello world"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("plain-axum: listening on http://{}", listener.local_addr()?);
    axum::serve(
        axum::serve::ListenerExt::tap_io(listener, |socket| {
            // As the hub does, so that both pay the same.
            let _ = socket.set_nodelay(true);
        }),
        app,
    )
    .await
}
