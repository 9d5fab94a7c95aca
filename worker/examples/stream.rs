//! Streams: tokens as they come, and server-sent events until the client leaves.

use std::io::Write;
use std::time::Duration;

use slotway::{Request, Response, Worker};

fn main() -> slotway::Result<()> {
    Worker::new("stream").threads(8).get("/tokens", tokens).get("/clock", clock).run()
}

fn tokens(_: &mut Request) -> Response {
    Response::stream(|out| {
        for word in "every word leaves as soon as it is written".split(' ') {
            write!(out, "{word} ")?;
            // Stands for the work that the next word takes; ends early with the client.
            if out.wait_cancelled(Some(Duration::from_millis(100))) {
                break;
            }
        }
        Ok(())
    })
}

fn clock(_: &mut Request) -> Response {
    let events = Response::stream(|out| {
        let mut second = 0;
        while !out.wait_cancelled(Some(Duration::from_secs(1))) {
            second += 1;
            write!(out, "event: tick\ndata: {second}\n\n")?;
        }
        Ok(())
    });
    events.header("content-type", "text/event-stream").header("cache-control", "no-store")
}
