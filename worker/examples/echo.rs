//! Sends a request's body back, of whatever size, while it still arrives; and a small one
//! in one piece, read where it lies.

use std::io;

use slotway::{Request, Response, Result, Worker};

fn main() -> Result<()> {
    Worker::new("echo").post("/echo", echo).post("/shout", shout).run()
}

/// Any size: the body goes piece by piece, and neither side holds it whole.
fn echo(request: &mut Request) -> Response {
    let content_type = request.header("content-type").unwrap_or("application/octet-stream");
    let response = Response::new(200).header("content-type", content_type);
    let Some(mut body) = request.take_body() else {
        return Response::new(500);
    };
    response.streamed(move |out| io::copy(&mut body, out).map(drop))
}

/// Any text up to 16 MiB: an error in the body is an answer by itself.
fn shout(request: &mut Request) -> Result<String> {
    Ok(request.text()?.to_uppercase())
}
