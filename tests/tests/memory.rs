//! Bodies that are larger than everybody's memory should be, at the pace of the slowest.
//!
//! `SLOTWAY_TEST_LONG=1` moves 1 GiB each way; otherwise it is 256 MiB.

use std::io::Read;
use std::thread;
use std::time::Duration;

use slotway_tests::http::{Connection, Request};
use slotway_tests::{Hub, Pattern, Worker, flavors, proc};

const MIB: u64 = 1 << 20;
/// What hub and worker may grow by, however large the body.
const GROWTH_MAX: u64 = 16 * MIB;

fn body_bytes() -> u64 {
    match std::env::var_os("SLOTWAY_TEST_LONG") {
        Some(_) => 1024 * MIB,
        None => 256 * MIB,
    }
}

/// Watches the peaks of resident memory from now on.
struct Peaks {
    pids: [u32; 2],
    before: [u64; 2],
}

impl Peaks {
    fn watch(hub: &Hub, worker: &Worker) -> Peaks {
        let pids = [hub.process.pid(), worker.pid()];
        pids.into_iter().for_each(proc::reset_peak);
        Peaks { pids, before: pids.map(proc::resident_bytes) }
    }

    /// Hub and worker have stayed small.
    #[track_caller]
    fn check(&self, what: &str) {
        let growth = [0, 1]
            .map(|at| proc::resident_peak_bytes(self.pids[at]).saturating_sub(self.before[at]));
        let kib = growth.map(|bytes| bytes / 1024);
        println!(
            "{what} of {} MiB: hub +{} KiB, worker +{} KiB",
            body_bytes() / MIB,
            kib[0],
            kib[1]
        );
        assert!(growth.iter().all(|&bytes| bytes < GROWTH_MAX), "{what}: grew by {kib:?} KiB");
    }
}

/// Sends the pattern as the body of a request whose head is sent.
fn upload(client: &mut Connection, pattern: &Pattern, length: u64) {
    let mut sent = 0;
    while sent < length {
        let piece = pattern.slice(sent, length - sent);
        client.send(piece).expect("a hub that reads on");
        sent += piece.len() as u64;
    }
}

flavors! {
    Heavy, 180, fn an_upload_to_a_slow_worker_needs_no_memory(flavor) {
        let hub = Hub::start();
        let worker = Worker::start(flavor, &hub);
        let pattern = Pattern::new(0);
        let length = body_bytes();
        // Once before, so that every part has been used.
        hub.send(Request::post("/slow-read/0", pattern.take(MIB))).expect(200);
        let peaks = Peaks::watch(&hub, &worker);
        let mut client = hub.connect();
        let request = Request::new("POST", "/slow-read/1").header("content-length", length.to_string());
        client.send(&request.head_bytes()).expect("sent");
        upload(&mut client, &pattern, length);
        let response = client.read_response().expect("an answer").expect(200);
        assert_eq!(response.text(), length.to_string());
        peaks.check("upload to a slow worker");
        hub.wait_all_free();
    }

    Heavy, 180, fn a_download_to_a_slow_client_needs_no_memory(flavor) {
        let hub = Hub::start();
        let worker = Worker::start(flavor, &hub);
        let pattern = Pattern::new(0);
        let length = body_bytes();
        hub.get(&format!("/download/{MIB}")).expect(200);
        let peaks = Peaks::watch(&hub, &worker);
        let mut client = hub.connect();
        client.wire().set_small_buffers().expect("a socket");
        client.send(&Request::get(&format!("/download/{length}")).bytes()).expect("sent");
        let head = client.read_head().expect("a head");
        let mut body = client.body(&head);
        let (mut piece, mut read) = (vec![0; 64 << 10], 0_u64);
        loop {
            let count = body.read(&mut piece).expect("a hub that sends on");
            if count == 0 {
                break;
            }
            pattern.check(read, &piece[..count]);
            // A pause for every MiB: slower than anybody else in the line.
            if read / MIB != (read + count as u64) / MIB {
                thread::sleep(Duration::from_millis(10));
            }
            read += count as u64;
        }
        assert_eq!(read, length);
        peaks.check("download to a slow client");
        hub.wait_all_free();
    }

    Heavy, 60, fn h20_many_clients_that_stop_reading_cost_a_bounded_sum(flavor) {
        let hub = Hub::with(&["--spool-total", "8M"]);
        let worker = Worker::builder(flavor, &hub).threads(48).start(&hub);
        hub.get(&format!("/download/{MIB}")).expect(200);
        let peaks = Peaks::watch(&hub, &worker);
        let clients: Vec<Connection> = (0..40)
            .map(|_| {
                let mut client = hub.connect();
                client.wire().set_small_buffers().expect("a socket");
                client.send(&Request::get("/download/100000000").bytes()).expect("sent");
                assert_eq!(client.read_head().expect("a head").status, 200);
                client
            })
            .collect();
        // Others are served meanwhile; by then the readers' pipes have long been full.
        let mut client = hub.connect();
        for number in 0..500 {
            let response = client.exchange(&Request::get(&format!("/hello/{number}")));
            response.expect("an answer").expect(200);
        }
        // 40 rings of 64 KiB are mapped in both; the spools together hold 8 MiB at most.
        let growth = proc::resident_peak_bytes(hub.process.pid()).saturating_sub(peaks.before[0]);
        println!("40 clients that stopped reading: hub +{} KiB", growth / 1024);
        assert!(growth < 8 * MIB + GROWTH_MAX, "{} KiB", growth / 1024);
        drop(clients);
        hub.wait_all_free();
    }
}
