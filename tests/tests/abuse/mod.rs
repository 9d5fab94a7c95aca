//! Clients that mean no good. After each of them the hub serves others, holds no slot for
//! it, and has not grown by more than a few MiB.

mod connections;
mod early_close;
mod heads;
mod http2;
mod pipelining;

use std::time::Duration;

use slotway_tests::http::Request;
use slotway_tests::{Hub, Recorder, Weight, case, proc};

const MIB: u64 = 1 << 20;

/// A hub under siege, and somebody it has to go on serving.
struct Siege {
    hub: Hub,
    recorder: Recorder,
    before: u64,
}

impl Siege {
    fn new(args: &[&str]) -> Siege {
        let hub = Hub::with(args);
        let recorder = Recorder::start(&hub);
        // Once before, so that every part has been used.
        hub.send(Request::post("/before", vec![b'x'; 100_000])).expect(200);
        recorder.take();
        let pid = hub.process.pid();
        proc::reset_peak(pid);
        let before = proc::resident_bytes(pid);
        Siege { hub, recorder, before }
    }

    /// Others are served, in the middle of it all.
    #[track_caller]
    fn serves_others(&self) {
        let response = self.hub.get("/others").expect(200);
        assert_eq!(response.text(), "/others");
    }

    /// Bytes that the hub has grown by at most.
    fn growth(&self) -> u64 {
        proc::resident_peak_bytes(self.hub.process.pid()).saturating_sub(self.before)
    }

    /// It is over: nothing is left of it.
    #[track_caller]
    fn finish(self, what: &str, growth_max: u64) {
        self.serves_others();
        self.hub.wait_all_free();
        let growth = self.growth();
        println!("{what}: the hub grew by {} KiB", growth >> 10);
        assert!(growth < growth_max, "{what}: the hub grew by {} KiB", growth >> 10);
    }
}

fn heavy(name: &str, seconds: u64, body: impl FnOnce()) {
    case(name, Weight::Heavy, Duration::from_secs(seconds), body);
}
