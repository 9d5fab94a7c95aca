//! Many registrations in one process: three instances that share a name, one unit of another
//! kind, and one that comes later. Ends on SIGTERM with a report.
//!
//! ```sh
//! slotway hub &
//! cargo run --example runner
//! curl http://127.0.0.1:8080/resize
//! ```

use std::sync::atomic::{AtomicU64, Ordering};

use slotway::{Options, Request, Runner, Unit};

/// An instance that resizes, four requests at a time; what is more waits in the hub.
fn resizer(instance: &'static str) -> Unit {
    let count = AtomicU64::new(0);
    Unit::new("media.resize").instance(instance).max_concurrent(4).get(
        "/resize",
        move |_: &mut Request| {
            // Relaxed: a number for people.
            let number = count.fetch_add(1, Ordering::Relaxed) + 1;
            format!("{instance} resized its image number {number}")
        },
    )
}

fn main() -> slotway::Result<()> {
    let runner = Runner::new(Options::new())
        .threads(4)
        .hot_add(true)
        .units(["a1", "a2", "a3"].map(resizer))
        .unit(Unit::new("media.crop").instance("a1").get("/crop", |_: &mut Request| "cropped"));
    let handle = runner.handle();
    // Registrations come and go while the others answer: a request for one that is to come.
    let later = handle.clone();
    runner.add(Unit::new("media.admin").instance("a1").post("/more", move |_: &mut Request| {
        let rotate = Unit::new("media.rotate").instance("a1");
        match later.add(rotate.get("/rotate", |_: &mut Request| "rotated")) {
            Ok(()) => "added".to_owned(),
            Err(error) => error.to_string(),
        }
    }))?;
    let report = runner.run_until_signal()?;
    for ended in &report.registrations {
        let metrics = &ended.metrics;
        println!(
            "{}: {}; {} answered, {} failed",
            ended.identity, ended.reason, metrics.processed, metrics.failed
        );
    }
    Ok(())
}
