//! Clients that leave at any moment.

use std::io::Read;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use slotway_tests::http::{Connection, Request};
use slotway_tests::{Flavor, Hub, Pattern, Rng, Worker, eventually, flavors, proc};

const REQUESTS: u32 = 10_000;
const CLIENTS: u32 = 24;

/// One request, left at a moment that the numbers choose. Gives whether it was answered.
fn leave(hub: &Hub, pattern: &Pattern, rng: &mut Rng) -> bool {
    let mut client = Connection::open(hub.address).expect("a hub that listens");
    if rng.below(2) == 0 {
        client.wire().reset_on_close().expect("a socket");
    }
    let bytes = match rng.below(6) {
        0 => Request::get("/hello/leaver").bytes(),
        1 => Request::get(&format!("/sleep/{}", rng.below(20))).bytes(),
        2 => Request::get(&format!("/download/{}", rng.below(400_000))).bytes(),
        3 => Request::get(&format!("/wait-cancelled/{}", rng.below(1_000))).bytes(),
        4 => Request::post("/echo", pattern.take(rng.below(200_000))).bytes(),
        _ => {
            let request = Request::new("POST", "/slow-read/1").header("content-length", "500000");
            [request.head_bytes(), pattern.take(rng.below(100_000))].concat()
        }
    };
    // A third leave while they send.
    let sent = match rng.below(3) {
        0 => rng.below(bytes.len() as u64 + 1) as usize,
        _ => bytes.len(),
    };
    // A worker may answer early and the hub hang up: as good an end as any.
    if client.send(&bytes[..sent]).is_err() {
        return false;
    }
    match rng.below(4) {
        // At once.
        0 => false,
        // A little later.
        1 => {
            thread::sleep(Duration::from_micros(rng.below(3_000)));
            false
        }
        // After some of the answer, if there is one in time.
        _ => {
            client.wire().set_read_timeout(Duration::from_millis(1 + rng.below(10))).expect("set");
            let mut some = vec![0; rng.below(100_000) as usize + 1];
            client.read(&mut some).is_ok_and(|count| count > 0)
        }
    }
}

/// 10,000 requests whose clients leave; afterwards nothing is in use.
pub(crate) fn leave_at_random(flavor: Flavor) {
    let hub = Hub::with(&["--slots", "64"]);
    let workers = [(); 2].map(|()| Worker::builder(flavor, &hub).threads(16).start(&hub));
    let pattern = Pattern::new(0);
    let pid = hub.process.pid();
    let descriptors = proc::descriptors(pid).len();
    let answered = AtomicU32::new(0);
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (hub, pattern, answered) = (&hub, &pattern, &answered);
            scope.spawn(move || {
                let mut rng = Rng::new(u64::from(number) + 1);
                for _ in (number..REQUESTS).step_by(CLIENTS as usize) {
                    let yes = leave(hub, pattern, &mut rng);
                    answered.fetch_add(u32::from(yes), Ordering::Relaxed);
                }
            });
        }
    });
    println!("{REQUESTS} clients left, {} with part of an answer", answered.into_inner());
    hub.wait_all_free();
    eventually("no descriptor is left over", Duration::from_secs(20), || {
        (proc::descriptors(pid).len() <= descriptors + 1).then_some(())
    });
    // Both workers serve on, each whole.
    let mut seen: Vec<String> = (0..100).map(|_| hub.get("/pid").expect(200).text()).collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), workers.len());
    let body = pattern.take(200_000);
    assert!(hub.send(Request::post("/echo", body.clone())).expect(200).body == body);
    hub.wait_all_free();
}

flavors! {
    Heavy, 170, fn clients_that_leave_at_random_leave_every_slot_free(flavor) {
        leave_at_random(flavor);
    }
}
