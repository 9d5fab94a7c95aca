//! Publishes tokens of 64 bytes for some seconds while another connection receives them, and
//! says how many of either went through in a second:
//! `cargo run --release -p slotway --example events -- [SECONDS] [EVENTS A CALL]`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use slotway::{Connection, Delivery, Event, Options, Topics};

fn main() -> slotway::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut number = |default| args.next().and_then(|arg| arg.parse().ok()).unwrap_or(default);
    let (seconds, batch): (u64, u64) = (number(3), number(1));
    let open = || Connection::open(Options::new(), Vec::new());
    let (writer, reader) = (open()?, open()?);
    let topics = Topics::new(["tokens.*"]).capacity(65_536).queue(65_536);
    let subscription = reader.subscribe(&topics)?;
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let publishing = scope.spawn(|| {
            let publisher = writer.publisher();
            let event = Event::new("tokens.chat").kind("token").payload(&[b'x'; 64]);
            let events = vec![event; batch.max(1) as usize];
            let (begun, mut published) = (Instant::now(), 0);
            while !stop.load(Ordering::Relaxed) && publisher.publish_many(&events).is_ok() {
                published += events.len();
            }
            published as f64 / begun.elapsed().as_secs_f64()
        });
        let (begun, mut received, mut missed) = (Instant::now(), 0, 0);
        while begun.elapsed() < Duration::from_secs(seconds) {
            match subscription.recv(Some(Duration::from_secs(1))) {
                Ok(Some(Delivery::Event(_))) => received += 1,
                Ok(Some(Delivery::Gap(gap))) => missed += gap.missed,
                Ok(None) | Err(_) => break,
            }
        }
        let elapsed = begun.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        let published = publishing.join().unwrap_or_default();
        println!(
            "published {published:.0}/s, received {:.0}/s, lost {:.0}/s, {batch} a call",
            received as f64 / elapsed,
            missed as f64 / elapsed
        );
    });
    Ok(())
}
