//! H24: what `/health` and `/ready` say, and when.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use slotway_tests::http::{Connection, Request, Response};
use slotway_tests::{Flavor, Hub, Weight, Worker, case, eventually, flavors};

const SOON: Duration = Duration::from_secs(20);

#[track_caller]
fn at_admin(hub: &Hub, target: &str) -> Response {
    let asked = Connection::open_unix(&hub.admin_path())
        .and_then(|mut admin| admin.exchange(&Request::local(target).close()));
    asked.expect("an admin socket that answers")
}

/// The status and the words of a page, which are the same on both surfaces.
#[track_caller]
fn page(hub: &Hub, target: &str) -> (u16, Value) {
    let response = hub.get(target);
    assert_eq!(response.head.one("cache-control"), Some("no-store"));
    (response.status(), response.json())
}

#[track_caller]
fn until(hub: &Hub, target: &str, status: u16) {
    eventually(&format!("{target} says {status}"), SOON, || {
        (page(hub, target).0 == status).then_some(())
    });
}

flavors! {
    Light, 60, fn h24_health_follows_the_workers_and_ready_what_is_required(flavor) {
        let hub = Hub::with(&[
            "--require", "conformance", "--probe-interval", "300ms", "--probe-timeout", "400ms",
            "--probe-misses", "8",
        ]);
        let other = Worker::builder(flavor, &hub).name("other").prefix("/other").start(&hub);
        let missing = json!({ "status": "not ready", "missing": ["conformance"] });
        assert_eq!(page(&hub, "/ready"), (503, missing.clone()));
        assert_eq!(at_admin(&hub, "/ready").json(), missing);
        let (status, health) = page(&hub, "/health");
        assert_eq!((status, &health["status"]), (503, &"unavailable".into()));
        assert_eq!(health["missing"], json!(["conformance"]));
        assert_eq!(health["services"], json!({ "other": 1 }));

        let mut worker = Worker::start(flavor, &hub);
        assert_eq!(page(&hub, "/ready"), (200, json!({ "status": "ready" })));
        let both = json!({ "status": "ok", "services": { "conformance": 1, "other": 1 } });
        assert_eq!(page(&hub, "/health"), (200, both.clone()));
        assert_eq!(at_admin(&hub, "/health").json(), both);

        // It has missed a probe and may hang: no alarm for the load balancer yet.
        worker.process.stop();
        until(&hub, "/health", 503);
        assert_eq!(page(&hub, "/ready").0, 200);
        worker.process.go_on();
        until(&hub, "/health", 200);
        assert_eq!(page(&hub, "/ready").0, 200);
        assert!(hub.departed().is_empty(), "it has come back in time");
        // It has hung for too long, and then it is dead.
        worker.process.stop();
        until(&hub, "/ready", 503);
        worker.process.go_on();
        until(&hub, "/ready", 200);
        worker.process.kill();
        until(&hub, "/ready", 503);
        assert_eq!(page(&hub, "/health").0, 503);
        drop(other);
    }
}

#[test]
fn h24_where_nothing_is_required_health_wants_anything_and_ready_nothing() {
    let name = "h24_where_nothing_is_required_health_wants_anything_and_ready_nothing";
    case(name, Weight::Light, SOON * 2, || {
        let hub = Hub::start();
        assert_eq!(page(&hub, "/ready"), (200, json!({ "status": "ready" })));
        assert_eq!(
            page(&hub, "/health"),
            (503, json!({ "status": "unavailable", "services": {} }))
        );
        let _worker = Worker::start(Flavor::Rust, &hub);
        assert_eq!(page(&hub, "/health").0, 200);
        for target in ["/health", "/ready"] {
            let head = hub.send(Request::new("HEAD", target));
            assert_eq!((head.status(), head.body.len()), (200, 0));
            let options = hub.send(Request::new("OPTIONS", target));
            assert_eq!(
                (options.status(), options.head.one("allow")),
                (204, Some("GET, HEAD, OPTIONS"))
            );
            let post = hub.send(Request::post(target, b"x".to_vec()));
            assert_eq!((post.status(), post.head.one("allow")), (405, Some("GET, HEAD, OPTIONS")));
        }
    });
}

#[test]
fn h24_a_hub_that_shuts_down_is_not_ready() {
    case("h24_a_hub_that_shuts_down_is_not_ready", Weight::Light, SOON * 2, || {
        let mut hub = Hub::start();
        let _worker = Worker::start(Flavor::Rust, &hub);
        let mut busy = hub.connect();
        busy.send(&Request::get("/sleep/2000").bytes()).expect("sent");
        eventually("it is at work", SOON, || (hub.slots().claimed == 1).then_some(()));
        assert_eq!(at_admin(&hub, "/ready").status(), 200);
        hub.process.signal(Signal::TERM);
        for (target, status) in [("/ready", "not ready"), ("/health", "unavailable")] {
            eventually("it says so", SOON, || {
                let response = at_admin(&hub, target);
                let told = (response.status(), response.json());
                let is_it =
                    told.0 == 503 && told.1["draining"] == true && told.1["status"] == status;
                is_it.then_some(())
            });
        }
        assert_eq!(busy.read_response().expect("an answer").expect(200).text(), "slept");
        assert_eq!(hub.process.wait_end(SOON).code(), Some(0));
    });
}
