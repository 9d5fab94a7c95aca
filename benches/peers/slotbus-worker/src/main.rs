//! `slotbus-worker URL` serves what the other contestants serve, behind the slotbus-hub at
//! URL: hello and echo.

use std::sync::Arc;

use slotbus_hub::{HandlerResponse, HubWorker};

#[tokio::main]
async fn main() -> Result<(), String> {
    let hub = std::env::args().nth(1).ok_or("slotbus-worker URL")?;
    HubWorker::new(&hub, &format!("bench-{}", std::process::id()), ())
        .route("GET", "/hello/{name}", |_: Arc<()>, params, _, _| async move {
            let name = params.get("name").map_or("stranger", String::as_str);
            HandlerResponse::bytes(200, format!("Hello, {name}!\n").into_bytes(), "text/plain")
        })
        .route("POST", "/echo", |_: Arc<()>, _, _, body| async move {
            HandlerResponse::bytes(200, body, "application/octet-stream")
        })
        .run()
        .await
}
