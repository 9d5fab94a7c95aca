//! The Rust worker of `make demo`.

use std::io::{self, Read};

use slotway::{Request, Response, Result, Worker};

fn main() -> Result<()> {
    Worker::new("demo-rust")
        .threads(4)
        .get("/rust/hello/{name}", hello)
        .get("/rust/tags", tags)
        .post("/rust/echo", echo)
        .get("/rust/download/{bytes}", download)
        .get("/rust/pid", |_: &mut Request| std::process::id().to_string())
        // Answers when nobody waits any more.
        .get("/rust/hold", |request: &mut Request| _ = request.wait_cancelled(None))
        .run()
}

fn hello(request: &mut Request) -> String {
    format!("Hello, {}, from Rust!", request.param("name").unwrap_or("stranger"))
}

/// Sends every x-tag header back: repeated, in order, any bytes.
fn tags(request: &mut Request) -> Response {
    let tags = request.headers().filter(|(name, _)| *name == b"x-tag");
    tags.fold(Response::new(200), |response, (name, value)| response.header(name, value))
}

/// Any size: the body flows through piece by piece.
fn echo(request: &mut Request) -> Response {
    let body = request.take_body();
    Response::stream(move |out| match body {
        Some(mut body) => io::copy(&mut body, out).map(drop),
        None => Ok(()),
    })
}

fn download(request: &mut Request) -> Response {
    let Some(bytes) = request.param("bytes").and_then(|bytes| bytes.parse::<u64>().ok()) else {
        return Response::new(400).body("how many bytes?");
    };
    let response = Response::new(200).header("content-length", bytes.to_string());
    response.streamed(move |out| io::copy(&mut io::repeat(b'.').take(bytes), out).map(drop))
}
