//! What may go wrong on the control socket, sent byte by byte. Every refusal has a stable
//! code and a sentence, and harms nothing that was accepted before.

mod ends;
mod frames;
mod hello;
mod registration;

use std::time::Duration;

use serde_json::json;
use slotway_tests::control::{Control, refusal};
use slotway_tests::raw::RawWorker;
use slotway_tests::{Hub, Weight, case};

const LIMIT: Duration = Duration::from_secs(40);

fn light(name: &str, body: impl FnOnce()) {
    case(name, Weight::Light, LIMIT, body);
}

/// A hub, and a worker of an accepted registration that must go on serving.
struct Bench {
    hub: Hub,
    honest: RawWorker,
}

impl Bench {
    fn new() -> Bench {
        let hub = Hub::start();
        let honest = RawWorker::registered(&hub.control_path(), "honest", &["/honest"]);
        Bench { hub, honest }
    }

    fn control(&self) -> Control {
        Control::open(&self.hub.control_path())
    }

    fn greeted(&self) -> Control {
        Control::greeted(&self.hub.control_path()).0
    }

    /// What was accepted before still works: HTTP through the honest worker, and its
    /// control connection.
    #[track_caller]
    fn honest_still_serves(&mut self) {
        let mut client = self.hub.connect();
        let request = slotway_tests::http::Request::get("/honest").close();
        client.send(&request.bytes()).expect("a hub that reads");
        let claim = self.honest.claim();
        self.honest.answer(claim, 200, b"still here");
        let response = client.read_response().expect("an answer").expect(200);
        assert_eq!(response.body, b"still here");
        let pong = self.honest.control.ask(&json!({ "kind": "heartbeat", "seq": 7 }));
        assert_eq!(pong, json!({ "kind": "heartbeat", "seq": 7 }));
    }
}

/// The connection lives: a heartbeat is answered.
#[track_caller]
fn lives(control: &mut Control) {
    let pong = control.ask(&json!({ "kind": "heartbeat", "seq": 1 }));
    assert_eq!(pong["kind"], "heartbeat", "{pong}");
}

/// The hub refuses the connection with `code` and ends it.
#[track_caller]
fn ends_with(control: &mut Control, code: &str) -> String {
    let said = control.read_to_end();
    let [refused] = &said[..] else { panic!("one refusal, then the end: {said:?}") };
    assert!(refused.get("id").is_none(), "{refused}");
    refusal(refused, code)
}
