//! What must stay bounded, and what must come back.

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::{Client, Rig, Worker, wait_until};
use slotway_core::control::RegionRequest;

/// Goal: a client that reads nothing holds its worker back after a bounded number of bytes,
/// and the idle limit ends it.
#[test]
fn h20_a_client_that_stops_reading_is_ended() {
    let rig = Rig::with(|config| config.times.idle = Duration::from_millis(300));
    let written = Arc::new(AtomicU64::new(0));
    let count = written.clone();
    let _worker = Worker::start(rig.control(), "x", &[("GET", "/x")], move |request| {
        request.head(200, None, &[]);
        while request.write(&[7; 16 << 10]) {
            count.fetch_add(16 << 10, Ordering::Relaxed);
        }
        request.abort();
    });
    let mut client = TcpStream::connect(rig.hub().address()).unwrap();
    client.write_all(b"GET /x HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    wait_until("the worker is held back", || {
        let before = written.load(Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(50));
        before > 0 && before == written.load(Ordering::Relaxed)
    });
    // The system's buffers of a loopback connection take a few MiB, the hub less than one.
    assert!(written.load(Ordering::Relaxed) < 16 << 20);
    rig.wait_all_free();
    drop(client);
}

/// Goal: a client that reads slowly gets everything, and the worker waits for it.
#[test]
fn h20_a_slow_client_gets_everything() {
    let rig = Rig::new();
    let _worker = Worker::start(rig.control(), "x", &[("GET", "/x")], |request| {
        request.head(200, Some(4 << 20), &[]);
        for number in 0..1024_u32 {
            assert!(request.write(&number.to_le_bytes().repeat(1024)));
        }
        request.finish();
    });
    let mut client = TcpStream::connect(rig.hub().address()).unwrap();
    client.set_read_timeout(Some(common::WATCHDOG)).unwrap();
    client.write_all(b"GET /x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let (mut bytes, mut piece) = (Vec::new(), vec![0; 100_000]);
    loop {
        std::thread::sleep(Duration::from_millis(1));
        match client.read(&mut piece).unwrap() {
            0 => break,
            count => bytes.extend(&piece[..count]),
        }
    }
    let start = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let words: Vec<u32> =
        bytes[start..].chunks_exact(4).map(|w| u32::from_le_bytes(w.try_into().unwrap())).collect();
    assert_eq!(words.len(), 1 << 20);
    assert!(words.iter().enumerate().all(|(at, &word)| word == at as u32 / 1024));
    rig.wait_all_free();
}

/// Goal: a complete response in a ring that is larger than the spool arrives whole.
#[test]
fn a_large_ring_does_not_matter_to_the_client() {
    let rig = Rig::new();
    let region = RegionRequest { response_bytes: Some(1 << 20), ..RegionRequest::default() };
    let mut worker = Worker::connect_with(rig.control(), Some(region));
    worker.register("x", &[("GET", "/x")]);
    worker.serve(1, |request| request.answer(200, &[], &vec![b'y'; 1 << 20]));
    let reply = rig.get("/x");
    assert_eq!(reply.header("content-length"), Some("1048576"));
    assert!(reply.complete && reply.body == vec![b'y'; 1 << 20]);
    rig.wait_all_free();
}

/// Goal: clients that leave at any moment cost no slot.
#[test]
fn h05_clients_that_leave_at_any_moment_leave_every_slot_free() {
    let rig = Rig::new();
    let _worker = Worker::start(rig.control(), "x", &[("POST", "/x")], |request| {
        // The client may be gone in the middle of the body.
        while request.read_some().1 == slotway_core::End::Open {}
        request.head(200, None, &[]);
        if request.write(&[1; 100_000]) {
            request.finish();
        } else {
            request.abort();
        }
    });
    let address = rig.hub().address();
    let threads: Vec<_> = (0..8_u64)
        .map(|thread| {
            std::thread::spawn(move || {
                let mut chance = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(thread + 1);
                for _ in 0..100 {
                    chance = chance.wrapping_mul(6364136223846793005).wrapping_add(1442695);
                    let mut stream = TcpStream::connect(address).unwrap();
                    let request = b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n";
                    let mut bytes = request.to_vec();
                    bytes.extend([b'z'; 100]);
                    let cut = (chance >> 33) as usize % (bytes.len() * 2);
                    let _ = stream.write_all(&bytes[..cut.min(bytes.len())]);
                    if chance >> 60 & 1 == 0 {
                        let mut some = vec![0; (chance >> 40) as usize % 50_000 + 1];
                        if cut >= bytes.len() {
                            let _ = stream.read(&mut some);
                        }
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    rig.wait_all_free();
    assert_eq!(Client::connect(address).get("/nothing").status, 404);
}

/// Goal: nothing of a dead worker stays: its region is unmapped although requests were in
/// its hands, waited for it or had been given up.
///
/// The other tests of this file have regions of the usual size; this one's is its own.
#[test]
fn a_dead_workers_region_is_unmapped() {
    const LENGTH_SLOTS: u32 = 3;
    let rig = Rig::new();
    let region = RegionRequest {
        slots: Some(LENGTH_SLOTS),
        response_bytes: Some(1 << 19),
        ..RegionRequest::default()
    };
    let mut worker = Worker::connect_with(rig.control(), Some(region));
    let length = worker.region.side.get_ref().length();
    worker.register("x", &[("GET", "/x")]);
    let send = || {
        let mut client = rig.client();
        client.send("GET", "/x", "", b"");
        client
    };
    let given_up = send();
    let first = worker.next();
    drop(given_up);
    first.wait_cancelled();
    let mut claimed = send();
    let second = worker.next();
    let mut queued = send();
    wait_until("one is queued", || rig.slots()["ready"] == 1);
    let mut waiting = send();
    wait_until("one waits", || rig.admin("/internal/slots")["waiting"]["x"] == 1);
    assert_eq!(mappings_of(length), 2, "the hub's and the worker's");
    drop((first, second));
    drop(worker);
    assert_eq!(claimed.reply("GET").status, 502);
    assert_eq!(queued.reply("GET").status, 503);
    assert_eq!(waiting.reply("GET").status, 503);
    wait_until("the region is unmapped", || mappings_of(length) == 0);
}

/// How often this process maps a region of that length.
fn mappings_of(length: u64) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let is_it = |line: &&str| {
        let (range, _) = line.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let number = |text| u64::from_str_radix(text, 16).unwrap();
        line.contains("slotway-region") && number(end) - number(start) == length
    };
    maps.lines().filter(is_it).count()
}
