//! Answers GET /hello/{name}. Try: curl http://127.0.0.1:8080/hello/world

use slotway::{Request, Worker};

fn main() -> slotway::Result<()> {
    Worker::new("greeter")
        .get("/hello/{name}", |request: &mut Request| {
            format!("Hello, {}!\n", request.param("name").unwrap_or("stranger"))
        })
        .run()
}
