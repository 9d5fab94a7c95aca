//! Greets from tokio; streams ticks until the client leaves; echoes while it reads.

use std::time::Duration;

use slotway::{AsyncRequest, AsyncWorker, Response, Result};

#[tokio::main]
async fn main() -> Result<()> {
    AsyncWorker::new("async-greeter")
        .get("/hello/{name}", |request: AsyncRequest| async move {
            format!("hello, {}\n", request.param("name").unwrap_or("stranger"))
        })
        .get("/ticks", ticks)
        .post("/echo", |mut request: AsyncRequest| async move {
            request.take_body().map(Response::from_stream).unwrap_or(Response::new(500))
        })
        .run()
        .await
}

async fn ticks(_: AsyncRequest) -> Response {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    let events = Response::stream_async(|mut out| async move {
        loop {
            second.tick().await;
            // Gives an error, and so ends, when the client has left.
            out.write(b"data: tick\n\n").await?;
        }
    });
    events.header("content-type", "text/event-stream")
}
