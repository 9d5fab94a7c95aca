//! The Rust worker of the benches: hello and echo, with the SDK's defaults.

use slotway::{Request, Result, Worker};

fn main() -> Result<()> {
    Worker::new("bench")
        .get("/hello/{name}", |request: &mut Request| {
            format!("Hello, {}!\n", request.param("name").unwrap_or("stranger"))
        })
        .post("/echo", |request: &mut Request| Ok::<_, slotway::Error>(request.body()?.to_vec()))
        .run()
}
