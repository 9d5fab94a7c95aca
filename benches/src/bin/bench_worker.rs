//! The Rust worker of the benches: hello, echo, and echo as an activity, with the SDK's defaults.

use slotway::{Request, Result, Worker};

fn main() -> Result<()> {
    Worker::new("bench")
        .get("/hello/{name}", |request: &mut Request| {
            format!("Hello, {}!\n", request.param("name").unwrap_or("stranger"))
        })
        .post("/echo", |request: &mut Request| Ok::<_, slotway::Error>(request.body()?.to_vec()))
        .activity("bench/echo", "echo", |request: &mut Request| {
            Ok::<_, slotway::Error>(request.body()?.to_vec())
        })
        .run()
}
