//! Greets. With a hub running: `cargo run --example hello`, then
//! `curl localhost:8080/hello/you`.

use slotway::{Request, Worker};

fn main() -> slotway::Result<()> {
    Worker::new("greeter")
        .get("/hello/{name}", |request: &mut Request| {
            format!("hello, {}\n", request.param("name").unwrap_or("stranger"))
        })
        .run()
}
