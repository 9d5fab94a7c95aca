//! A worker that takes activities from a queue; the examples of the other languages do the
//! same.
//!
//! `cargo run --example queue`, and beside it `slotway call demo/work echo hello`.

use std::time::Duration;
use std::{env, process, thread};

use slotway::{Request, Response, Worker};

fn main() -> slotway::Result<()> {
    let capacity = env::var("CAPACITY").ok().and_then(|text| text.parse().ok()).unwrap_or(4);
    let running = Worker::new("queue-rust")
        .threads(capacity as usize)
        .activity("demo/work", "echo", |request: &mut Request| match request.body() {
            Ok(payload) => Response::new(200).body(payload),
            Err(_) => Response::new(400),
        })
        .activity("demo/work", "sleep", |request: &mut Request| {
            match request.text().ok().and_then(|text| text.trim().parse().ok()) {
                Some(ms) => {
                    thread::sleep(Duration::from_millis(ms));
                    Response::new(200).body("slept")
                }
                None => Response::new(400).body("send milliseconds"),
            }
        })
        .activity("demo/work", "fail", |_: &mut Request| Response::new(500).body("failed"))
        .activity("demo/work", "crash", |_: &mut Request| -> Response { process::exit(1) })
        .capacity("demo/work", capacity)
        .start()?;
    println!("ready");
    running.join()
}
